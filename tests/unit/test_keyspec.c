#include <string.h>

#include "secret/keyspec.h"
#include "unit.h"

/* 32 bytes 00, 01, ... 1f. */
#define GOOD	 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define GOOD_URL "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define GOOD_HEX                                                               \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct err *check_bytes(struct keyspec spec, const void *text, size_t n)
{
	kr_cleanup(secret_freep) struct secret *key = NULL;
	struct err *err = secret_from_bytes(text, n, &key);

	return err ? err : keyspec_check(&spec, key, "the test");
}

static struct err *check(const char *text)
{
	return check_bytes(KEYSPEC_DEFAULT, text, strlen(text));
}

static const enum key_encoding all[] = { KEY_BASE64, KEY_BASE64URL, KEY_HEX,
					 KEY_RAW };

static void generated_keys_are_accepted(void)
{
	static const size_t lengths[4][2] = {
		{ 32, 44 }, { 32, 43 }, { 32, 64 }, { 32, 32 }
	};

	for (size_t i = 0; i < 4; i++) {
		struct keyspec spec = { lengths[i][0], all[i] };
		kr_cleanup(secret_freep) struct secret *key = NULL;
		kr_cleanup(secret_freep) struct secret *other = NULL;

		if (!UNIT_OK(keyspec_generate(&spec, &key)) ||
		    !UNIT_OK(keyspec_generate(&spec, &other)))
			return;
		CU_ASSERT_EQUAL(secret_len(key), lengths[i][1]);
		CU_ASSERT(!secret_equal(key, other));
		UNIT_OK(keyspec_check(&spec, key, "x"));
	}
}

static void other_lengths_work(void)
{
	for (size_t n = 2; n <= 70; n++) {
		for (size_t i = 0; i < 4; i++) {
			struct keyspec spec = { n, all[i] };
			kr_cleanup(secret_freep) struct secret *key = NULL;

			if (!UNIT_OK(keyspec_generate(&spec, &key)))
				return;
			/* Two random bytes are equal once in 256 times. */
			if (n >= 16)
				UNIT_OK(keyspec_check(&spec, key, "x"));
		}
	}
}

static void hex_digits_are_hex(void)
{
	struct keyspec spec = { 512, KEY_HEX };
	kr_cleanup(secret_freep) struct secret *key = NULL;

	if (!UNIT_OK(keyspec_generate(&spec, &key)))
		return;
	CU_ASSERT_EQUAL(
		strspn((const char *)secret_expose(key), "0123456789abcdef"),
		1024);
}

static void names_round_trip(void)
{
	enum key_encoding encoding = KEY_RAW;

	for (size_t i = 0; i < 4; i++) {
		UNIT_OK(keyspec_parse_encoding(keyspec_encoding_name(all[i]),
					       &encoding));
		CU_ASSERT_EQUAL(encoding, all[i]);
	}
	UNIT_FAILS(keyspec_parse_encoding("base32", &encoding), KR_ECONFIG,
		   "encoding");
}

static void accepts_good_keys(void)
{
	struct keyspec url = { 32, KEY_BASE64URL };
	struct keyspec hex = { 32, KEY_HEX };

	UNIT_OK(check(GOOD));
	UNIT_OK(check_bytes(url, GOOD_URL, strlen(GOOD_URL)));
	UNIT_OK(check_bytes(hex, GOOD_HEX, strlen(GOOD_HEX)));
}

static void names_what_is_wrong(void)
{
	static const char *const bad[][2] = {
		{ "", "empty" },
		{ GOOD "\n", "a newline at its end (at byte 45 of 45)" },
		{ GOOD "\r\n", "CRLF" },
		{ GOOD "\n\n", "a line break" },
		{ " " GOOD, "white space (at byte 1 of 45)" },
		{ GOOD "\t", "white space" },
		{ "\"" GOOD "\"", "quotation mark" },
		{ "\xef\xbb\xbf" GOOD, "byte order mark" },
		{ "AAECAwQFBgcICQoLDA0ODw==", "16 bytes (base64 decoded)" },
		{ GOOD_URL, "not base64 (at byte 44)" },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
		  "not base64 (at byte 43)" },
		{ "AAECAwQFBgcICQoL-A0ODxAREhMUFRYXGBkaGxwdHh8=",
		  "not base64 (at byte 17)" },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		  "one byte repeated" },
		{ GOOD_HEX, "48 bytes" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		UNIT_FAILS(check(bad[i][0]), KR_ECONFIG, bad[i][1]);
	UNIT_FAILS(check_bytes(KEYSPEC_DEFAULT, "AAEC\0wQF", 8), KR_ECONFIG,
		   "a NUL byte (at byte 5 of 8)");
	UNIT_FAILS(check("AAEC"), KR_ECONFIG, "the test: ");
}

static void checks_other_encodings(void)
{
	struct keyspec url = { 32, KEY_BASE64URL };
	struct keyspec hex = { 32, KEY_HEX };
	struct keyspec raw = { 32, KEY_RAW };

	UNIT_FAILS(check_bytes(url, GOOD, strlen(GOOD)), KR_ECONFIG,
		   "base64url (at byte 44)");
	UNIT_FAILS(check_bytes(hex, "0g", 2), KR_ECONFIG, "hex (at byte 2)");
	UNIT_FAILS(check_bytes(hex, "012", 3), KR_ECONFIG, "odd number");
	UNIT_FAILS(check_bytes(hex, "0123", 4), KR_ECONFIG, "2 bytes");
	UNIT_FAILS(check_bytes(raw, "short", 5), KR_ECONFIG, "5 bytes");
	UNIT_OK(check_bytes(raw, "any 32 bytes, with a newline \n..", 32));
}

static void errors_quote_nothing(void)
{
	static const char key[] = "Secret!SecretSecret";
	struct err *err = check(key);

	CU_ASSERT_PTR_NOT_NULL(err);
	if (err)
		CU_ASSERT_PTR_NULL(strstr(err_message(err), "Secret"));
	err_free(err);
}

static void strips_one_newline(void)
{
	static const struct {
		const char *in, *out;
		bool was_there;
	} cases[] = {
		{ "a\n", "a", true },	  { "a\r\n", "a", true },
		{ "a", "a", false },	  { "", "", false },
		{ "a\n\n", "a\n", true }, { "\n", "", true },
		{ "a\r", "a\r", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		kr_cleanup(secret_freep) struct secret *key = NULL;

		if (!UNIT_OK(secret_from_bytes(cases[i].in, strlen(cases[i].in),
					       &key)))
			return;
		CU_ASSERT_EQUAL(keyspec_strip_newline(key), cases[i].was_there);
		UNIT_STR((const char *)secret_expose(key), cases[i].out);
		CU_ASSERT_EQUAL(secret_len(key), strlen(cases[i].out));
	}
}

const struct unit_suite unit_keyspec = {
	.tests =
		{
			{"generated keys are accepted",
			 generated_keys_are_accepted},
			{"other lengths work", other_lengths_work},
			{"hex digits are hex", hex_digits_are_hex},
			{"names round trip", names_round_trip},
			{"accepts good keys", accepts_good_keys},
			{"names what is wrong", names_what_is_wrong},
			{"checks other encodings", checks_other_encodings},
			{"errors quote nothing", errors_quote_nothing},
			{"strips one newline", strips_one_newline},
			{NULL, NULL},
		},
};
