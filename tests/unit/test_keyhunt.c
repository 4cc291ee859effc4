#include <stdio.h>
#include <string.h>

#include "secret/keyhunt.h"
#include "unit.h"

/* 32 bytes 00, 01, ... 1f, and the SHA-256 of that text. */
#define KEY   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define ENTRY "SECRET_ENCRYPTION_KEY"

struct seen {
	size_t known, shaped, line;
	char fingerprint[SECRET_FINGERPRINT_LEN];
};

static struct err *on_find(void *user, const struct keyhunt_find *find)
{
	struct seen *seen = user;

	if (find->rule == KEYHUNT_KNOWN)
		seen->known++;
	else
		seen->shaped++;
	seen->line = find->line;
	(void)snprintf(seen->fingerprint, sizeof(seen->fingerprint), "%s",
		       find->fingerprint);
	return NULL;
}

static struct err *fingerprint_of(const char *text,
				  char out[SECRET_FINGERPRINT_LEN])
{
	kr_cleanup(secret_freep) struct secret *key = NULL;
	struct err *err = secret_from_bytes(text, strlen(text), &key);

	return err ? err : secret_fingerprint(key, out);
}

/* Fed `piece` bytes at a time; `known` and `allowed` are texts, or NULL. */
static struct err *hunt(const char *text, size_t piece, const char *known,
			const char *allowed, struct seen *out)
{
	kr_cleanup(keyhunt_freep) struct keyhunt *h = NULL;
	const struct keyhunt_options options = {
		.spec = KEYSPEC_DEFAULT,
		.entry = ENTRY,
		.on_find = on_find,
		.user = out,
	};
	char fingerprint[SECRET_FINGERPRINT_LEN];
	size_t len = strlen(text);
	struct err *err = keyhunt_new(&options, &h);

	*out = (struct seen){ 0 };
	if (!err && known) {
		err = fingerprint_of(known, fingerprint);
		if (!err)
			err = keyhunt_know(h, fingerprint);
	}
	if (!err && allowed) {
		err = fingerprint_of(allowed, fingerprint);
		if (!err)
			err = keyhunt_allow(h, fingerprint);
	}
	if (err)
		return err;
	keyhunt_begin(h);
	for (size_t at = 0; at < len && !err; at += piece)
		err = keyhunt_feed(h, text + at,
				   len - at < piece ? len - at : piece);
	return err ? err : keyhunt_end(h);
}

static void pieces_of_any_size(void)
{
	static const char text[] = "one\ntwo: " KEY ", and more\nthree\n";
	char fingerprint[SECRET_FINGERPRINT_LEN];

	if (!UNIT_OK(fingerprint_of(KEY, fingerprint)))
		return;
	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		struct seen seen;

		if (!UNIT_OK(hunt(text, piece, KEY, NULL, &seen)))
			return;
		CU_ASSERT_EQUAL(seen.known, 1);
		CU_ASSERT_EQUAL(seen.line, 2);
		CU_ASSERT_STRING_EQUAL(seen.fingerprint, fingerprint);
	}
}

/* Wherever a long line is cut. */
static void lines_longer_than_the_buffer(void)
{
	static char text[20000];

	for (size_t at = 7000; at < 9400; at += 7) {
		struct seen seen;

		memset(text, ' ', sizeof(text) - 1);
		memcpy(text + at, KEY, sizeof(KEY) - 1);
		if (!UNIT_OK(hunt(text, 4096, KEY, NULL, &seen)))
			return;
		if (seen.known == 0)
			printf("not found at %zu\n", at);
		CU_ASSERT(seen.known >= 1);
	}
}

static void unknown_keys_are_no_finds(void)
{
	struct seen seen;

	if (!UNIT_OK(hunt("x: " KEY "\n", 100, "another", NULL, &seen)))
		return;
	CU_ASSERT_EQUAL(seen.known + seen.shaped, 0);
}

static void shape_counts_in_a_secret_alone(void)
{
	static const struct {
		const char *text;
		size_t shaped;
	} cases[] = {
		{ "kind: Secret\ndata:\n  a: " KEY "\n", 1 },
		{ "data:\n  a: " KEY "\nkind: Secret\n", 1 },
		{ "kind: ConfigMap\ndata:\n  a: " KEY "\n", 0 },
		{ "kind: Secret\n---\ndata:\n  a: " KEY "\n", 0 },
		{ "kind: Secret\nx/a: " KEY "\n", 0 },
		{ ENTRY "=" KEY "\n", 1 },
		{ "x" ENTRY "=" KEY "\n", 0 },
		{ "- name: " ENTRY "\n  value: " KEY "\n", 1 },
		{ "- name: other\n  value: " KEY "\n", 0 },
		{ ENTRY "=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 0 },
		{ ENTRY "=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct seen seen;

		if (!UNIT_OK(hunt(cases[i].text, 64, NULL, NULL, &seen)))
			return;
		if (seen.shaped != cases[i].shaped)
			printf("case %zu: %zu\n", i, seen.shaped);
		CU_ASSERT_EQUAL(seen.shaped, cases[i].shaped);
	}
}

static void what_is_allowed_is_not_told_unless_known(void)
{
	struct seen seen;

	if (!UNIT_OK(hunt(ENTRY "=" KEY "\n", 64, NULL, KEY, &seen)))
		return;
	CU_ASSERT_EQUAL(seen.known + seen.shaped, 0);
	if (!UNIT_OK(hunt(ENTRY "=" KEY "\n", 64, KEY, KEY, &seen)))
		return;
	CU_ASSERT_EQUAL(seen.known, 1);
}

/* A value of one text does not wait for the word of another. */
static void texts_are_apart(void)
{
	kr_cleanup(keyhunt_freep) struct keyhunt *h = NULL;
	struct seen seen = { 0 };
	const struct keyhunt_options options = {
		.spec = KEYSPEC_DEFAULT,
		.entry = ENTRY,
		.on_find = on_find,
		.user = &seen,
	};
	static const char *const texts[] = { "a: " KEY "\n", "kind: Secret\n",
					     "- name: " ENTRY "\n",
					     ("value: " KEY "\n"), "a: " KEY };

	if (!UNIT_OK(keyhunt_new(&options, &h)))
		return;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		keyhunt_begin(h);
		UNIT_OK(keyhunt_feed(h, texts[i], strlen(texts[i])));
		UNIT_OK(keyhunt_end(h));
	}
	CU_ASSERT_EQUAL(seen.known + seen.shaped, 0);
}

const struct unit_suite unit_keyhunt = {
	.tests =
		{
			{"pieces of any size", pieces_of_any_size},
			{"lines longer than the buffer",
			 lines_longer_than_the_buffer},
			{"unknown keys are no finds",
			 unknown_keys_are_no_finds},
			{"shape counts in a Secret alone",
			 shape_counts_in_a_secret_alone},
			{"what is allowed is not told unless known",
			 what_is_allowed_is_not_told_unless_known},
			{"texts are apart", texts_are_apart},
			{NULL, NULL},
		},
};
