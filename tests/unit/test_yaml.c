#include "base/yaml.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "unit.h"

static KR_FALLIBLE parse(const char *text, struct yaml_doc **out)
{
	return yaml_parse("f", text, strlen(text), 0, out);
}

/* The document as compact JSON, or the error's text; freed by the caller. */
static char *as_json(const char *text)
{
	kr_cleanup(yaml_freep) struct yaml_doc *doc = NULL;
	char *printed = NULL;
	struct err *err = parse(text, &doc);

	if (!err)
		err = json_print(yaml_root(doc), &printed);
	if (err) {
		printed = strdup(err_message(err));
		err_free(err);
	}
	return printed;
}

struct pair {
	const char *yaml, *expected;
};

static void check(const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		kr_cleanup(str_freep) char *json = as_json(pairs[i].yaml);

		UNIT_STR(json, pairs[i].expected);
	}
}

#define CHECK(pairs) check(pairs, sizeof(pairs) / sizeof(*(pairs)))

static void types_plain_scalars(void)
{
	static const struct pair pairs[] = {
		{ "[yes, No, ON, off, y, N, True, FALSE]",
		  "[true,false,true,false,true,false,true,false]" },
		{ "[yEs, oN, tRue]", "[\"yEs\",\"oN\",\"tRue\"]" },
		{ "[~, null, Null, NULL, nUll, ]",
		  "[null,null,null,null,\"nUll\"]" },
		{ "a:", "{\"a\":null}" },
		{ "[123, -7, +5, 0x10, 012, 0o17, 0b101, 1_000]",
		  "[123,-7,5,16,10,15,5,1000]" },
		{ "[1e3, .5, 1.5e-2, 089, 1., 1E2]",
		  "[1000,0.5,0.015,89,1,100]" },
		{ "[1e, 0x, 12a, 1.2.3, --1, +, '.', ..5, 0xg, 1:30]",
		  "[\"1e\",\"0x\",\"12a\",\"1.2.3\",\"--1\",\"+\",\".\","
		  "\"..5\",\"0xg\",\"1:30\"]" },
		{ "[2026-11-22, 2026-11-22T10:00:00Z]",
		  "[\"2026-11-22\",\"2026-11-22T10:00:00Z\"]" },
		{ "['123', \"yes\", '~']", "[\"123\",\"yes\",\"~\"]" },
		{ "[!!str 123, !!int \"5\", !foo 1, !!float 3]",
		  "[\"123\",5,\"1\",3]" },
	};

	CHECK(pairs);
}

static void types_keys(void)
{
	static const struct pair pairs[] = {
		{ "n: 1", "{\"false\":1}" },
		{ "0x10: a", "{\"16\":\"a\"}" },
		{ "1.5: a", "{\"1.5\":\"a\"}" },
		{ "~: a", "f:1:1: a key that is not a plain value" },
		{ "? [a]\n: b", "f:1:3: a key that is not a plain value" },
	};

	CHECK(pairs);
}

static void resolves_aliases_and_merges(void)
{
	static const struct pair pairs[] = {
		{ "a: &x {k: 1}\nb: *x", "{\"a\":{\"k\":1},\"b\":{\"k\":1}}" },
		{ "a: &x 1\nb: &x 2\nc: *x", "{\"a\":1,\"b\":2,\"c\":2}" },
		{ "a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}",
		  "{\"a\":{\"k\":1,\"l\":2},\"b\":{\"l\":2,\"k\":3}}" },
		{ "a: &x {k: 1}\nb: {k: 3, <<: *x}",
		  "{\"a\":{\"k\":1},\"b\":{\"k\":1}}" },
		{ "- &x {k: 1}\n- &y {k: 2, l: 2}\n- <<: [*x, *y]",
		  "[{\"k\":1},{\"k\":2,\"l\":2},{\"l\":2,\"k\":1}]" },
		{ "a: {\"<<\": {k: 1}}", "{\"a\":{\"<<\":{\"k\":1}}}" },
		{ "a: {<<: 1}",
		  "f:1:5: \"<<\" takes a mapping, or a list of them" },
		{ "a: *x", "f:1:4: no such anchor before this alias" },
		{ "a: &x [*x]", "f:1:8: no such anchor before this alias" },
		{ "a: &x 1\na: 2\nb: *x", "{\"a\":2,\"b\":1}" },
	};

	CHECK(pairs);
}

static void reads_what_editors_write(void)
{
	static const struct pair pairs[] = {
		{ "", "null" },
		{ "# nothing\n", "null" },
		{ "\xEF\xBB\xBF"
		  "a: 1\r\nb: |\r\n  x\r\n  y\r\n",
		  "{\"a\":1,\"b\":\"x\\ny\\n\"}" },
		{ "{\"a\": [1, {\"b\": \"\\u00e4\"}]}",
		  "{\"a\":[1,{\"b\":\"\xC3\xA4\"}]}" },
		{ "a: 1\n---\nb: [", "{\"a\":1}" },
		{ "--- a\n", "\"a\"" },
		{ "a: >-\n  x\n  y\n", "{\"a\":\"x y\"}" },
		{ "a: 1\na: 2\n", "{\"a\":2}" },
	};

	CHECK(pairs);
}

static void says_where_and_quotes_nothing(void)
{
	static const struct pair pairs[] = {
		{ "a: b: hunter2",
		  "f:1:5: mapping values are not allowed in this context" },
		{ "a: [hunter2", "f:2:1: did not find expected ',' or ']'" },
		{ "a: \"\\0hunter2\"", "f:1:4: a NUL byte in a text" },
		{ "a: .inf", "f:1:4: an infinite number, or none" },
		{ "a: !!int hunter2", "f:1:4: not of the type of its tag" },
		{ "a: !!binary aHVudGVyMg==",
		  "f:1:4: !!binary is not supported" },
		{ "a: \x01hunter2", "f: control characters are not allowed at "
				    "byte 3" },
		{ "a: \xFF\xFE", "f: invalid leading UTF-8 octet at byte 3" },
	};

	CHECK(pairs);
}

static void knows_positions(void)
{
	kr_cleanup(yaml_freep) struct yaml_doc *doc = NULL;
	const struct cJSON *root;
	struct yaml_pos pos;

	if (!UNIT_OK(parse("a: &x\n  k: v\nb:\n- 1\n- *x\n", &doc)))
		return;
	root = yaml_root(doc);
	pos = yaml_where(doc, json_at(root, "a.k"));
	CU_ASSERT_EQUAL(pos.line, 2);
	CU_ASSERT_EQUAL(pos.column, 3);
	pos = yaml_where(doc, json_member(root, "b"));
	CU_ASSERT_EQUAL(pos.line, 3);
	CU_ASSERT_EQUAL(pos.column, 1);
	pos = yaml_where(doc, NULL);
	CU_ASSERT_EQUAL(pos.line, 0);
	UNIT_FAILS(yaml_err(doc, json_at(root, "a.k"), "bad %s", "thing"),
		   KR_ECONFIG, "f:2:3: bad thing");
	UNIT_FAILS(yaml_err(doc, NULL, "bad"), KR_ECONFIG, "f: bad");
}

static void limits_depth_and_aliases(void)
{
	struct buf b = BUF_INIT(256 * 1024);
	struct yaml_doc *doc = NULL;

	for (int i = 0; i < 200; i++)
		buf_putc(&b, '[');
	UNIT_FAILS(parse(buf_str(&b), &doc), KR_ECONFIG, "nested too deeply");
	buf_reset(&b);
	buf_puts(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) {
		buf_printf(&b, "a%d: &a%d [", i, i);
		for (int j = 0; j < 9; j++)
			buf_printf(&b, "%s*a%d", j ? ", " : "", i - 1);
		buf_puts(&b, "]\n");
	}
	UNIT_FAILS(parse(buf_str(&b), &doc), KR_ECONFIG, "expand to too much");
	/* Each level puts the one before into itself. */
	buf_reset(&b);
	buf_puts(&b, "a0: &a0 [x]\n");
	for (int i = 1; i < 200; i++)
		buf_printf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	UNIT_FAILS(parse(buf_str(&b), &doc), KR_ECONFIG, "nested too deeply");
	buf_reset(&b);
	for (int i = 0; i < 10010; i++)
		buf_printf(&b, "k%d:\n", i);
	UNIT_FAILS(parse(buf_str(&b), &doc), KR_ECONFIG, "too many keys");
	buf_release(&b);
}

static void refuses_double_keys_where_asked(void)
{
	static const char twice[] = "a: 1\nb: {c: 1, d: 2, c: 3}\n";
	static const char merged[] = "x: &x {c: 1}\nb: {<<: *x, c: 3}\n";
	kr_cleanup(yaml_freep) struct yaml_doc *doc = NULL;

	UNIT_FAILS(
		yaml_parse("f", twice, strlen(twice), YAML_UNIQUE_KEYS, &doc),
		KR_ECONFIG, "f:2:17: this key stands here twice");
	UNIT_OK(yaml_parse("f", merged, strlen(merged), YAML_UNIQUE_KEYS,
			   &doc));
}

static void refuses_another_document(void)
{
	static const char two[] = "# one\n---\na: 1\n---\nb: 2\n";
	static const char one[] = "---\na: 1\n...\n# end\n";
	kr_cleanup(yaml_freep) struct yaml_doc *doc = NULL;
	kr_cleanup(yaml_freep) struct yaml_doc *first = NULL;

	UNIT_FAILS(yaml_parse("f", two, strlen(two), YAML_ONE_DOCUMENT, &doc),
		   KR_ECONFIG, "f:4:1: a second YAML document");
	UNIT_OK(yaml_parse("f", one, strlen(one), YAML_ONE_DOCUMENT, &doc));
	UNIT_OK(yaml_parse("f", two, strlen(two), 0, &first));
}

const struct unit_suite unit_yaml = {
	.tests =
		{
			{"refuses another document", refuses_another_document},
			{"types plain scalars", types_plain_scalars},
			{"types keys", types_keys},
			{"resolves aliases and merges",
			 resolves_aliases_and_merges},
			{"reads what editors write", reads_what_editors_write},
			{"says where and quotes nothing",
			 says_where_and_quotes_nothing},
			{"knows positions", knows_positions},
			{"limits depth and aliases", limits_depth_and_aliases},
			{"refuses double keys where asked",
			 refuses_double_keys_where_asked},
			{NULL, NULL},
		},
};
