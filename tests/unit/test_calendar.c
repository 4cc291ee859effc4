#include "service/calendar.h"

#include <string.h>

#include "unit.h"

static struct calendar_date day(int year, int m, int d)
{
	return (struct calendar_date){ year, m, d };
}

static void test_days(void)
{
	static const struct {
		struct calendar_date from;
		int months;
		struct calendar_date to;
	} cases[] = {
		{ { 2026, 11, 30 }, 3, { 2027, 2, 28 } },
		{ { 2027, 11, 30 }, 3, { 2028, 2, 29 } },
		{ { 2027, 10, 31 }, 1, { 2027, 11, 30 } },
		{ { 2027, 12, 31 }, 12, { 2028, 12, 31 } },
		{ { 2028, 2, 29 }, 12, { 2029, 2, 28 } },
		{ { 2027, 1, 1 }, 6, { 2027, 7, 1 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct calendar_date got =
			calendar_add_months(cases[i].from, cases[i].months);

		CU_ASSERT_EQUAL(got.year, cases[i].to.year);
		CU_ASSERT_EQUAL(got.month, cases[i].to.month);
		CU_ASSERT_EQUAL(got.day, cases[i].to.day);
	}
	CU_ASSERT_EQUAL(calendar_ms_of(day(1970, 1, 2)), 86400000);
	/* The time of the day stays. */
	CU_ASSERT_EQUAL(calendar_add_months_ms(
				calendar_ms_of(day(2026, 11, 30)) + 4711, 3),
			calendar_ms_of(day(2027, 2, 28)) + 4711);
}

static void test_parse(void)
{
	static const char *const bad[] = { "",		 "2027-02-29",
					   "2027-00-01", "2027-1-01",
					   "2027-01-1",	 "2027-01-01 ",
					   "-027-01-01", "2027-01-01T00",
					   "20270101",	 "1969-01-01" };
	struct calendar_date got = { 0 };

	CU_ASSERT(calendar_parse_date("2028-02-29", &got));
	CU_ASSERT(got.year == 2028 && got.month == 2 && got.day == 29);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT(!calendar_parse_date(bad[i], &got));
}

static char *written(const char *summary)
{
	const struct calendar_event event = {
		.uid = "u@keyrot.dev",
		.summary = summary,
		.description = "d",
		.first = day(2027, 1, 15),
		.every_months = 3,
		.stamp_ms = 60000,
	};
	struct buf out = BUF_INIT(65536);
	char *text;

	calendar_write(&event, &out);
	text = buf_take(&out);
	buf_release(&out);
	return text;
}

/* Every line is short and ends well; the first bytes are no continuation. */
static void check_lines(const char *text)
{
	while (*text) {
		const char *end = strstr(text, "\r\n");

		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		CU_ASSERT(end - text <= 75);
		CU_ASSERT(((unsigned char)text[0] & 0xc0) != 0x80);
		CU_ASSERT(text[0] != ' ' ||
			  ((unsigned char)text[1] & 0xc0) != 0x80);
		CU_ASSERT_PTR_NULL(memchr(text, '\n', (size_t)(end - text)));
		text = end + 2;
	}
}

static void test_folds(void)
{
	/* Characters of one to four bytes, at every offset. */
	static const char *const characters[] = { "a", "\xc3\xa4",
						  "\xe6\x97\xa5",
						  "\xf0\x9f\x97\x9d" };

	for (size_t i = 0; i < 4; i++) {
		for (int shift = 0; shift < 5; shift++) {
			struct buf summary = BUF_INIT(4096);
			char *text;

			buf_printf(&summary, "%.*s", shift, "....");
			for (int j = 0; j < 100; j++)
				buf_puts(&summary, characters[i]);
			text = written(buf_str(&summary));
			CU_ASSERT_PTR_NOT_NULL_FATAL(text);
			check_lines(text);
			free(text);
			buf_release(&summary);
		}
	}
}

static void test_escapes(void)
{
	char *text = written("a,b;c\\d\ne\tf\x7fg\rh");

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "\r\nSUMMARY:a\\,b\\;c\\\\d\\nefgh\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\nSEQUENCE:1\r\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "\r\nDTSTAMP:19700101T000100Z\r\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "METHOD"));
	CU_ASSERT_PTR_NULL(strstr(text, "BYMONTHDAY"));
	free(text);
}

static void test_equal(void)
{
	CU_ASSERT(calendar_equal("A:1\r\nB:22\r\n", "B:2\n 2\nA:1\n"));
	CU_ASSERT(calendar_equal("PRODID:x\r\nA:1\r\n", "PRODID:y\r\nA:1\r\n"));
	CU_ASSERT(!calendar_equal("A:1\r\nB:2\r\n", "A:1\r\n"));
	CU_ASSERT(!calendar_equal("A:1\r\n", "A:2\r\n"));
	CU_ASSERT(!calendar_equal("A:1\r\nA:1\r\nB:1\r\n",
				  "A:1\r\nB:1\r\nB:1\r\n"));
	CU_ASSERT(!calendar_equal("", "A:1"));
}

const struct unit_suite unit_calendar = {
	.tests = { { "adds months", test_days },
		   { "reads a day", test_parse },
		   { "folds between characters", test_folds },
		   { "escapes text", test_escapes },
		   { "knows what is the same", test_equal },
		   { NULL, NULL } },
};
