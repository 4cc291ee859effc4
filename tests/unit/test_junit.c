#include <string.h>

#include "base/buf.h"
#include "runbook/junit.h"
#include "unit.h"

static KR_FALLIBLE read_text(const char *text, struct junit_report *out)
{
	return junit_read(text, strlen(text), out);
}

static void counts_cases(void)
{
	static const char text[] =
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		"<!-- <testcase/> --><testsuites tests='99' failures='99'>\n"
		"<testsuite name=\"a&lt;b\"><properties/>\n"
		"<testcase classname=\"c\" name=\"good\" time='0.1'/>\n"
		"<testcase classname=\"c\" name=\"bad &#x41;&amp;\">"
		"<failure message=\"&quot;\">1 &lt; 2</failure></testcase>\n"
		"<testcase name='broken'><error/><failure/></testcase>\n"
		"<testcase name='left out'><skipped/></testcase>\n"
		"<testcase name='said'><system-out><![CDATA[<failure/>]]>"
		"</system-out></testcase>\n"
		"</testsuite></testsuites>\n";
	struct junit_report r;

	if (!UNIT_OK(read_text(text, &r)))
		return;
	CU_ASSERT_EQUAL(r.tests, 5);
	CU_ASSERT_EQUAL(r.failures, 1);
	CU_ASSERT_EQUAL(r.errors, 1);
	CU_ASSERT_EQUAL(r.skipped, 1);
	CU_ASSERT_EQUAL(r.n_failing, 2);
	UNIT_STR(r.failing[0], "c.bad A&");
	UNIT_STR(r.failing[1], "broken");
	junit_release(&r);
}

static void names_a_few(void)
{
	struct buf text = BUF_INIT(64 * 1024);
	struct junit_report r;

	buf_puts(&text, "<testsuite>");
	for (int i = 0; i < 50; i++)
		buf_printf(&text,
			   "<testcase name='%d\x1b[2J'><failure/>"
			   "</testcase>",
			   i);
	buf_puts(&text, "</testsuite>");
	if (UNIT_OK(junit_read(buf_str(&text), text.len, &r))) {
		CU_ASSERT_EQUAL(r.failures, 50);
		CU_ASSERT_EQUAL(r.n_failing, JUNIT_NAMED_MAX);
		UNIT_STR(r.failing[3], "3?[2J");
		junit_release(&r);
	}
	buf_release(&text);
}

static void refuses_what_is_none(void)
{
	static const char *const texts[] = {
		"",
		"ok",
		"<html/>",
		"<testsuite>",
		"<testsuite></testsuites>",
		"<testsuite/><testsuite/>",
		"<testsuite/>x",
		"<testsuite a=b/>",
		"<testsuite a='b/>",
		"<testsuite a='<'/>",
		"<testsuite a='&x;'/>",
		"<testsuite a='&#0;'/>",
		"<testsuite a='&#xd800;'/>",
		"<testsuite><!-- </testsuite>",
		"<testsuite><![CDATA[ </testsuite>",
		"<!DOCTYPE t [<!ENTITY a 'b'>]><testsuite/>",
		"</testsuite>",
		NULL,
	};
	struct junit_report r;

	for (size_t i = 0; texts[i]; i++)
		UNIT_FAILS(read_text(texts[i], &r), KR_EINVALID, "at byte");
}

static void has_a_limit_of_depth(void)
{
	struct buf text = BUF_INIT(64 * 1024);
	struct junit_report r;

	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "<testsuite>");
	UNIT_FAILS(junit_read(buf_str(&text), text.len, &r), KR_EINVALID,
		   "too many");
	buf_release(&text);
}

const struct unit_suite unit_junit = {
	.tests = {
			{ "counts cases", counts_cases },
			{ "names a few", names_a_few },
			{ "refuses what is none", refuses_what_is_none },
			{ "has a limit of depth", has_a_limit_of_depth },
			{ NULL, NULL },
},
};
