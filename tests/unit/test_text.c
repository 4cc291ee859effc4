#include <stdlib.h>
#include <string.h>

#include "base/columns.h"
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

static void wraps(const char *text, size_t columns, size_t at, size_t indent,
		  const char *expected)
{
	struct buf out = BUF_INIT(1024);

	columns_wrap(&out, text, columns, at, indent);
	UNIT_STR(buf_str(&out), expected);
	buf_release(&out);
}

static void breaks_lines_between_words(void)
{
	wraps("one two three", 0, 0, 2, "one two three");
	wraps("one two three", 8, 0, 2, "one two\n  three");
	wraps("one two", 7, 0, 2, "one two");
	/* What stands before it counts. */
	wraps("one two", 9, 5, 2, "one\n  two");
	wraps(" one", 7, 5, 2, "\n  one");
	/* A word that does not fit anywhere is not broken. */
	wraps("a/very/long/path b", 8, 0, 2, "a/very/long/path\n  b");
	/* Lines of the text stay lines, and keep how they were indented. */
	wraps("a b\n  c d e\n", 6, 0, 1, "a b\n  c d\n   e\n");
	/* \xc3\xa9 is one column. */
	wraps("\xc3\xa9\xc3\xa9\xc3\xa9 b", 5, 0, 2,
	      "\xc3\xa9\xc3\xa9\xc3\xa9 b");
	wraps("", 5, 0, 2, "");
}

static void puts_cells_into_further_lines(void)
{
	static const char *const cells[] = { "staging", "x", "longer", "end" };
	static const size_t limits[] = { 0, 25, 14 };
	static const char *const expected[] = {
		"staging     x    longer  end\n",
		"staging     x    longer\n    end\n",
		"staging\n    x\n    longer\n    end\n",
	};

	for (size_t i = 0; i < 3; i++) {
		struct buf out = BUF_INIT(1024);
		struct columns row = { .to = &out, .limit = limits[i] };

		columns_cell(&row, cells[0], 10);
		columns_cell(&row, cells[1], 3);
		columns_cell(&row, cells[2], 4);
		columns_cell(&row, cells[3], 0);
		columns_end(&row);
		UNIT_STR(buf_str(&out), expected[i]);
		buf_release(&out);
	}
}

const struct unit_suite unit_text = {
	.tests = { { "makes foreign text safe", makes_foreign_text_safe },
		   { "cuts what is too long", cuts_what_is_too_long },
		   { "measures distance", measures_distance },
		   { "suggests what is near", suggests_what_is_near },
		   { "counts columns", counts_columns },
		   { "knows beginnings and ends", knows_beginnings_and_ends },
		   { "breaks lines between words", breaks_lines_between_words },
		   { "puts cells into further lines",
		     puts_cells_into_further_lines },
		   { NULL, NULL } },
};
