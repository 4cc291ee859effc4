#include <string.h>

#include "secret/base64.h"
#include "unit.h"

static bool decodes_to(const char *text, const char *expected)
{
	kr_cleanup(secret_freep) struct secret *raw = NULL;

	if (!UNIT_OK(base64_decode(text, strlen(text), &raw)))
		return false;
	return secret_len(raw) == strlen(expected) &&
	       memcmp(secret_expose(raw), expected, strlen(expected)) == 0;
}

static void rfc4648_vectors(void)
{
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		kr_cleanup(secret_freep) struct secret *raw = NULL;
		kr_cleanup(secret_freep) struct secret *text = NULL;

		if (!UNIT_OK(secret_from_bytes(vectors[i][0],
					       strlen(vectors[i][0]), &raw)) ||
		    !UNIT_OK(base64_encode(raw, &text)))
			return;
		UNIT_STR((const char *)secret_expose(text), vectors[i][1]);
		CU_ASSERT(decodes_to(vectors[i][1], vectors[i][0]));
	}
}

static void all_bytes_round_trip(void)
{
	unsigned char all[256];

	for (size_t i = 0; i < 256; i++)
		all[i] = (unsigned char)(i * 167);
	for (size_t n = 0; n <= 256; n++) {
		kr_cleanup(secret_freep) struct secret *raw = NULL;
		kr_cleanup(secret_freep) struct secret *text = NULL;
		kr_cleanup(secret_freep) struct secret *back = NULL;

		if (!UNIT_OK(secret_from_bytes(all, n, &raw)) ||
		    !UNIT_OK(base64_encode(raw, &text)) ||
		    !UNIT_OK(base64_decode((const char *)secret_expose(text),
					   secret_len(text), &back)))
			return;
		CU_ASSERT(secret_equal(raw, back));
		CU_ASSERT_EQUAL(secret_len(text), base64_encoded_len(n));
	}
}

static void refuses_what_is_not_base64(void)
{
	static const char *const bad[][2] = {
		{ "A", "byte 2" },
		{ "AB", "byte 3" },
		{ "ABC", "byte 4" },
		{ "ABCDE", "byte 6" },
		{ "=", "byte 2" },
		{ "====", "byte 1" },
		{ "A===", "byte 2" },
		{ "AB=C", "byte 3" },
		{ "AB==CDEF", "byte 3" },
		{ "ABC=DEFG", "byte 4" },
		{ "AB CD===", "byte 3" },
		{ "ABCD\n", "byte 6" },
		{ "AB-D", "byte 3" },
		{ "AB_D", "byte 3" },
		{ "AB\x80"
		  "D",
		  "byte 3" },
		{ "Zh==", "byte 2" },
		{ "Zm9=", "byte 3" },
		{ "[BCD", "byte 1" },
		{ "`BCD", "byte 1" },
		{ "{BCD", "byte 1" },
		{ "@BCD", "byte 1" },
		{ ":BCD", "byte 1" },
		{ "BC,D", "byte 3" },
		{ "BC.D", "byte 3" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct secret *raw = NULL;

		UNIT_FAILS(base64_decode(bad[i][0], strlen(bad[i][0]), &raw),
			   KR_EINVALID, bad[i][1]);
		CU_ASSERT_PTR_NULL(raw);
	}
}

static void says_nothing_of_the_text(void)
{
	static const char text[] = "SecretSecretSecret!SecretSecret=";
	struct secret *raw = NULL;
	struct err *err = base64_decode(text, strlen(text), &raw);

	CU_ASSERT_PTR_NOT_NULL(err);
	if (err)
		CU_ASSERT_PTR_NULL(strstr(err_message(err), "Secret"));
	err_free(err);
}

/* Each byte value by itself against the alphabet written out. */
static void alphabet_is_exact(void)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";

	for (int c = 0; c < 256; c++) {
		const char text[4] = { (char)c, 'A', 'A', 'A' };
		const char *at = c ? strchr(alphabet, c) : NULL;
		kr_cleanup(secret_freep) struct secret *raw = NULL;
		struct err *err = base64_decode(text, 4, &raw);

		CU_ASSERT_EQUAL(err == NULL, at != NULL);
		if (!err && at)
			CU_ASSERT_EQUAL(secret_expose(raw)[0] >> 2,
					at - alphabet);
		err_free(err);
	}
}

const struct unit_suite unit_base64 = {
	.tests =
		{
			{"RFC 4648 vectors", rfc4648_vectors},
			{"all bytes round trip", all_bytes_round_trip},
			{"refuses what is not base64",
			 refuses_what_is_not_base64},
			{"says nothing of the text", says_nothing_of_the_text},
			{"the alphabet is exact", alphabet_is_exact},
			{NULL, NULL},
		},
};
