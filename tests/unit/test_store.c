#include <stdlib.h>
#include <string.h>

#include "secret/base64.h"
#include "store/entrytext.h"
#include "store/meta.h"
#include "store/passname.h"
#include "store/store.h"
#include "unit.h"

#define PRINT "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const char lines[] = "id: kr-1\nrotation: kr-0\nfingerprint: " PRINT "\n"
			    "operator: Ann: x\n"
			    "created-at: 2026-11-22T21:50:46.789Z\n"
			    "service: s\nsecret: a/b/c\nrole: previous\n";

static void metadata_round_trip(void)
{
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	kr_cleanup(buf_release) struct buf out = BUF_INIT(4096);

	if (!UNIT_OK(meta_parse(lines, strlen(lines), ':', &meta)))
		return;
	UNIT_STR(meta.id, "kr-1");
	UNIT_STR(meta.operator_, "Ann: x");
	CU_ASSERT_EQUAL(meta.role, STORE_PREVIOUS);
	meta_format(&meta, ": ", &out);
	UNIT_STR(buf_str(&out), lines);
}

static void unknown_names_are_ignored(void)
{
	static const char text[] = "later=1\nid=kr-1\nkey=AAAA\n";
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };

	if (!UNIT_OK(meta_parse(text, strlen(text), '=', &meta)))
		return;
	UNIT_STR(meta.id, "kr-1");
	UNIT_STR(meta.service, "");
}

static void impossible_values_are_refused(void)
{
	static const char *const bad[][2] = {
		{ "no field\n", "no \"name:value\"" },
		{ "id: ../x\n", "impossible id" },
		{ "fingerprint: 12\n", "impossible fingerprint" },
		{ "created-at: yesterday\n", "impossible time" },
		{ "created-at: 2026-02-31T00:00:00Z\n", "impossible time" },
		{ "role: other\n", "unknown role" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct store_meta meta = { 0 };

		UNIT_FAILS(meta_parse(bad[i][0], strlen(bad[i][0]), ':', &meta),
			   KR_ESTORE, bad[i][1]);
	}
}

static void control_characters_do_not_make_lines(void)
{
	char operator_[] = "eve\nrole: previous";
	struct store_meta meta = { .operator_ = operator_ };
	kr_cleanup(buf_release) struct buf out = BUF_INIT(4096);

	meta_format(&meta, ": ", &out);
	UNIT_STR(buf_str(&out), "operator: eve?role: previous\nrole: new\n");
}

static void ids(void)
{
	static const char *const good[] = { "kr-20261122-7f3a9c", "a",
					    "A_b.c" };
	static const char *const bad[] = { "",	 ".a",	"-a", "a/b", "a b",
					   "..", "a\n", "é",  "a:b" };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		CU_ASSERT(meta_id_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT(!meta_id_is_valid(bad[i]));
	CU_ASSERT(!meta_id_is_valid(NULL));
}

static void mac_binds_metadata_to_the_key(void)
{
	kr_cleanup(secret_freep) struct secret *key = NULL;
	kr_cleanup(secret_freep) struct secret *other = NULL;
	char mac[META_MAC_LEN];

	if (!UNIT_OK(secret_from_bytes("abc", 3, &key)) ||
	    !UNIT_OK(secret_from_bytes("abd", 3, &other)) ||
	    !UNIT_OK(meta_mac("x\n", 2, key, mac)))
		return;
	UNIT_OK(meta_check_mac("x\n", 2, key, mac));
	UNIT_FAILS(meta_check_mac("y\n", 2, key, mac), KR_ESTORE, "changed");
	UNIT_FAILS(meta_check_mac("x\n", 2, other, mac), KR_ESTORE, "changed");
}

static void texts_round_trip(void)
{
	static const char *const keys[] = { "abc", "a\nb\n", "\r", " ",
					    "a: b" };
	struct store_meta meta = { 0 };

	if (!UNIT_OK(meta_parse(lines, strlen(lines), ':', &meta)))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		kr_cleanup(secret_freep) struct secret *key = NULL;
		kr_cleanup(secret_freep) struct secret *text = NULL;
		kr_cleanup(secret_freep) struct secret *back = NULL;
		kr_cleanup(store_meta_release) struct store_meta read = { 0 };
		struct store_meta damaged = { 0 };
		struct secret *none = NULL;

		if (!UNIT_OK(secret_from_bytes(keys[i], strlen(keys[i]),
					       &key)) ||
		    !UNIT_OK(entrytext_format(&meta, key, &text)) ||
		    !UNIT_OK(entrytext_parse(text, &read, &back)))
			break;
		CU_ASSERT(secret_equal(key, back));
		UNIT_STR(read.id, "kr-1");
		/* A byte of the metadata that is changed is noticed. */
		secret_bytes(text)[secret_len(text) / 2] ^= 1;
		UNIT_FAILS(entrytext_parse(text, &damaged, &none), KR_ESTORE,
			   "were changed");
	}
	store_meta_release(&meta);
}

static void names_of_pass_round_trip(void)
{
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	kr_cleanup(str_freep) char *name = NULL;
	kr_cleanup(buf_release) struct buf out = BUF_INIT(4096);

	if (!UNIT_OK(meta_parse(lines, strlen(lines), ':', &meta)))
		return;
	name = passname_format("Team/Key", &meta);
	UNIT_STR(name, "Team/Key/kr-1.20261122T215046789Z.previous." PRINT);
	CU_ASSERT(passname_parse("kr-1.20261122T215046789Z.previous." PRINT,
				 &out));
	UNIT_STR(buf_str(&out),
		 "id: kr-1\ncreated-at: 2026-11-22T21:50:46.789Z\n"
		 "role: previous\nfingerprint: " PRINT "\n");
	CU_ASSERT(!passname_parse("notes", &out));
	CU_ASSERT(!passname_parse("a.b.c.d", &out));
	CU_ASSERT(!passname_parse("kr-1.20261122T215046789Z.new." PRINT ".gpg",
				  &out));
}

static struct err *open_spec(const char *spec, struct store **out)
{
	static struct store_options options;

	options = (struct store_options){ .spec = spec, .service = "s" };
	return store_open(&options, out);
}

static void types(void)
{
	kr_cleanup(store_closep) struct store *store = NULL;

	UNIT_FAILS(open_spec("flie", &store), KR_EUSAGE, "\"file\"");
	UNIT_FAILS(open_spec("zzzzzz:x", &store), KR_EUSAGE,
		   "file, pass, gopass");
	if (!UNIT_OK(open_spec("none", &store)))
		return;
	CU_ASSERT(!store_can_prove(store));
	UNIT_STR(store_type(store), "none");
}

const struct unit_suite unit_store = {
	.tests = {
		{ "metadata round trip", metadata_round_trip },
		{ "unknown names are ignored", unknown_names_are_ignored },
		{ "impossible values are refused",
		  impossible_values_are_refused },
		{ "control characters do not make lines",
		  control_characters_do_not_make_lines },
		{ "ids", ids },
		{ "the MAC binds metadata to the key",
		  mac_binds_metadata_to_the_key },
		{ "texts round trip", texts_round_trip },
		{ "names of pass round trip", names_of_pass_round_trip },
		{ "types", types },
		{ NULL, NULL },
	},
};
