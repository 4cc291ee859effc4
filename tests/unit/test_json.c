#include "base/json.h"

#include <string.h>

#include "unit.h"

static void parses_and_reads_paths(void)
{
	static const char text[] =
		"{\"a\":{\"b\":\"text\",\"n\":12,\"t\":true},\"l\":[1,2]}";
	kr_cleanup(json_freep) struct cJSON *tree = NULL;

	if (!UNIT_OK(json_parse(text, strlen(text), &tree)))
		return;
	UNIT_STR(json_str(tree, "a.b"), "text");
	UNIT_STR(json_str(tree, "a.n"), NULL);
	UNIT_STR(json_str_or(tree, "a.missing", "-"), "-");
	CU_ASSERT_EQUAL(json_int(tree, "a.n", -1), 12);
	CU_ASSERT_EQUAL(json_int(tree, "a.b", -1), -1);
	CU_ASSERT_TRUE(json_bool(tree, "a.t", false));
	CU_ASSERT_EQUAL(json_length(json_member(tree, "l")), 2);
	CU_ASSERT_PTR_NULL(json_at(NULL, "a.b"));
}

static void says_where_and_not_what(void)
{
	static const char bad[] = "{\"password\": hunter2}";
	struct cJSON *tree = NULL;
	struct err *err = json_parse(bad, strlen(bad), &tree);

	CU_ASSERT_PTR_NOT_NULL(err);
	if (!err)
		return;
	CU_ASSERT_EQUAL(err_kind(err), KR_EINVALID);
	CU_ASSERT_PTR_NULL(strstr(err_message(err), "hunter2"));
	err_free(err);
	UNIT_FAILS(json_parse("1 2", 3, &tree), KR_EINVALID, "more than one");
}

static void prints_with_two_spaces(void)
{
	kr_cleanup(json_freep) struct cJSON *tree = json_object();
	kr_cleanup(str_freep) char *text = NULL;

	json_set_str(tree, "a", "x\ty");
	json_set_null(tree, "b");
	if (!UNIT_OK(json_print_pretty(tree, &text)))
		return;
	UNIT_STR(text, "{\n  \"a\": \"x\\ty\",\n  \"b\": null\n}");
}

const struct unit_suite unit_json = {
	.tests =
		{
			{"parses and reads paths", parses_and_reads_paths},
			{"says where and not what", says_where_and_not_what},
			{"prints with two spaces", prints_with_two_spaces},
			{NULL, NULL},
		},
};
