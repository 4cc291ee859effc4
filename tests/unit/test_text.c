#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "unit.h"

static void cleans(const char *text, size_t len, size_t max,
		   const char *expected)
{
	char *clean = text_clean(text, len, max);

	UNIT_STR(clean, expected);
	free(clean);
}

static void makes_foreign_text_safe(void)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "plain", "plain" },
		{ "\033[31mred\033[0m", "?[31mred?[0m" },
		{ "a\nb\tc\rd", "a b c d" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xff\xfe", "??" },
		{ "\xc0\xaf", "??" },		/* overlong '/' */
		{ "\xed\xa0\x80", "???" },	/* surrogate */
		{ "\xf5\x80\x80\x80", "????" }, /* above U+10FFFF */
		{ "\xe2\x82", "??" },		/* cut short */
		{ "\xc2\x9b"
		  "31m",
		  "?31m" }, /* C1 CSI */
		{ "\xe2\x80\xae"
		  "abc",
		  "?abc" }, /* right-to-left override */
		{ "\x7f", "?" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cleans(cases[i].text, strlen(cases[i].text), 100,
		       cases[i].expected);
	cleans("a\0b", 3, 100, "a?b");
}

static void cuts_what_is_too_long(void)
{
	cleans("abcdef", 6, 6, "abcdef");
	cleans("abcdefg", 7, 6, "abc...");
	cleans("abcdefg", 7, 2, "..");
	cleans("abcdefg", 7, 0, "");
	/* Not in the middle of a character. */
	cleans("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 8, 6, "\xc3\xa9...");
}

static void measures_distance(void)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
		{ "", "", 0 },
		{ "a", "", 1 },
		{ "context", "contxt", 1 },
		{ "status", "stauts", 1 },
		{ "apply", "verify", 5 },
		{ "abc", "xyz", 3 },
		{ "ca", "abc", 3 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CU_ASSERT_EQUAL(text_distance(cases[i].a, cases[i].b),
				cases[i].distance);
		CU_ASSERT_EQUAL(text_distance(cases[i].b, cases[i].a),
				cases[i].distance);
	}
}

static void suggests_what_is_near(void)
{
	static const char *const names[] = { "apply",	 "verify",    "plan",
					     "status",	 "namespace", "context",
					     "as-group", NULL };

	UNIT_STR(text_suggest("aply", names), "apply");
	UNIT_STR(text_suggest("stauts", names), "status");
	UNIT_STR(text_suggest("STATUS", names), "status");
	UNIT_STR(text_suggest("names", names), "namespace");
	UNIT_STR(text_suggest("as-gruop", names), "as-group");
	UNIT_STR(text_suggest("xyzzy", names), NULL);
	UNIT_STR(text_suggest("", names), NULL);
	UNIT_STR(text_suggest("x", names), NULL);
}

static void counts_columns(void)
{
	CU_ASSERT_EQUAL(text_columns("abc"), 3);
	CU_ASSERT_EQUAL(text_columns("\xc3\xa9"), 1);
	CU_ASSERT_EQUAL(text_columns("e\xcc\x81"), 1); /* combining */
	CU_ASSERT_EQUAL(text_columns("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	CU_ASSERT_EQUAL(text_fit("abcdef", 3), 3);
	CU_ASSERT_EQUAL(text_fit("abc", 9), 3);
	/* Half of a wide character does not fit. */
	CU_ASSERT_EQUAL(text_fit("\xe6\x97\xa5\xe6\x9c\xac", 3), 3);
}

static void knows_beginnings_and_ends(void)
{
	CU_ASSERT(text_starts_with("kubectl", "kube"));
	CU_ASSERT_FALSE(text_starts_with("kube", "kubectl"));
	CU_ASSERT(text_ends_with("a.pem", ".pem"));
	CU_ASSERT_FALSE(text_ends_with("pem", ".pem"));
}

const struct unit_suite unit_text = {
	.tests = { { "makes foreign text safe", makes_foreign_text_safe },
		   { "cuts what is too long", cuts_what_is_too_long },
		   { "measures distance", measures_distance },
		   { "suggests what is near", suggests_what_is_near },
		   { "counts columns", counts_columns },
		   { "knows beginnings and ends", knows_beginnings_and_ends },
		   { NULL, NULL } },
};
