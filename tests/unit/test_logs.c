/* A pod's log, judged line by line. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kube/logs_internal.h"
#include "unit.h"

static bool holds_key(void *user, const char *line, size_t len)
{
	(void)user;
	return memmem(line, len, "KEYKEY", 6) != NULL;
}

struct reading {
	struct logs_options options;
	struct logs_patterns patterns;
	struct logs_reader reader;
	struct kube_pod pod;
};

static const char *const expect[] = { "self-test ok", "^ready [0-9]+$" };
static const char *const forbid[] = { "decrypt.*failed", "invalid key" };
static char pod_name[] = "p", pod_uid[] = "u", container[] = "app";

static bool begin(struct reading *r)
{
	*r = (struct reading){
		.options = { .ns = "ns",
			     .expect = expect,
			     .expect_count = 2,
			     .forbid = forbid,
			     .forbid_count = 2,
			     .holds_key = holds_key },
		.pod = { .name = pod_name,
			 .uid = pod_uid,
			 .container = container,
			 .restarts = 1 },
	};
	return UNIT_OK(logs_patterns_compile(&r->options, &r->patterns)) &&
	       UNIT_OK(logs_reader_init(&r->reader, NULL, &r->pod, &r->options,
					&r->patterns));
}

static void end(struct reading *r)
{
	free(r->reader.result.container);
	free(r->reader.result.message);
	logs_reader_release(&r->reader);
	logs_patterns_release(&r->patterns);
}

#define T(n) "2026-11-22T10:00:00." n "Z "

static void judges_lines(void)
{
	static const struct {
		const char *name, *log;
		bool over;
		enum logs_state state;
		size_t seen;
		unsigned long lines;
	} rows[] = {
		{ "nothing", "", false, LOGS_WAITING, 0, 0 },
		{ "one of two", T("000000001") "self-test ok\n", false,
		  LOGS_WAITING, 1, 1 },
		{ "both, one of them twice",
		  T("000000001") "self-test ok\n" T("000000002") "self-test ok\n" T(
			  "000000003") "ready 8080\n",
		  false, LOGS_WAITING, 2, 3 },
		{ "anchored behind the stamp", T("000000001") "not ready 1\n",
		  false, LOGS_WAITING, 0, 1 },
		{ "without stamps", "ready 1\nself-test ok\n", false,
		  LOGS_WAITING, 2, 2 },
		{ "forbidden", T("000000001") "decrypt of x failed\n", true,
		  LOGS_FORBIDDEN, 0, 1 },
		{ "nothing counts after that",
		  T("000000001") "invalid key\n" T(
			  "000000002") "self-test ok\n",
		  true, LOGS_FORBIDDEN, 0, 1 },
		{ "the key", T("000000001") "using KEYKEY, self-test ok\n",
		  true, LOGS_KEY, 0, 1 },
		{ "a line that has not ended", T("000000001") "invalid key",
		  false, LOGS_WAITING, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct reading r;

		if (!begin(&r))
			return;
		UNIT_OK(logs_reader_feed(&r.reader, rows[i].log,
					 strlen(rows[i].log)));
		if (r.reader.over != rows[i].over)
			printf("\n    %s\n", rows[i].name);
		CU_ASSERT_EQUAL(r.reader.over, rows[i].over);
		CU_ASSERT_EQUAL(r.reader.result.state, rows[i].state);
		CU_ASSERT_EQUAL(r.reader.result.seen, rows[i].seen);
		CU_ASSERT_EQUAL(r.reader.result.lines, rows[i].lines);
		end(&r);
	}
}

static void reads_on_where_it_was_cut(void)
{
	static const char before[] = T("000000001") "a\n" T("000000003") "b\n";
	static const char again[] = T("000000001") "a\n" T("000000003") "b\n" T(
		"000000003") "self-test ok\n" T("000000004") "c\n" T("000000002") "ready 1\n";
	struct reading r;

	if (!begin(&r))
		return;
	UNIT_OK(logs_reader_feed(&r.reader, before, sizeof(before) - 1));
	CU_ASSERT_EQUAL(r.reader.result.lines, 2);
	UNIT_STR(r.reader.last_stamp, "2026-11-22T10:00:00.000000003Z");
	r.reader.resuming = true;
	UNIT_OK(logs_reader_feed(&r.reader, again, sizeof(again) - 1));
	/* What has the last stamp is judged again, what is new is counted,
	 * and stamps that go back a little lose no line. */
	CU_ASSERT_EQUAL(r.reader.result.seen, 2);
	CU_ASSERT_EQUAL(r.reader.result.lines, 4);
	end(&r);
}

static void a_line_too_long_to_search_fails_the_pod(void)
{
	static char piece[64 * 1024];
	struct reading r;

	if (!begin(&r))
		return;
	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < 5 && !r.reader.over; i++)
		UNIT_OK(logs_reader_feed(&r.reader, piece, sizeof(piece)));
	CU_ASSERT(r.reader.over);
	CU_ASSERT_EQUAL(r.reader.result.state, LOGS_UNREADABLE);
	end(&r);
}

static void looks_at_the_pod(void)
{
	static const struct {
		const char *pod; /* NULL: not there */
		bool over;
		enum logs_state state;
	} rows[] = {
		{ "{\"metadata\":{\"uid\":\"u\"},\"status\":{"
		  "\"containerStatuses\":[{\"restartCount\":1}]}}",
		  false, LOGS_WAITING },
		{ "{\"metadata\":{\"uid\":\"u\"},\"status\":{"
		  "\"containerStatuses\":[{\"restartCount\":0},"
		  "{\"restartCount\":2}]}}",
		  true, LOGS_RESTARTED },
		{ "{\"metadata\":{\"uid\":\"other\"}}", true, LOGS_GONE },
		{ "{\"metadata\":{\"uid\":\"u\",\"deletionTimestamp\":\"x\"}}",
		  true, LOGS_GONE },
		{ NULL, true, LOGS_GONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		kr_cleanup(json_freep) struct cJSON *object = NULL;
		struct reading r;

		if (!begin(&r))
			return;
		if (rows[i].pod)
			UNIT_OK(json_parse(rows[i].pod, strlen(rows[i].pod),
					   &object));
		UNIT_OK(logs_reader_look(&r.reader, object));
		CU_ASSERT_EQUAL(r.reader.over, rows[i].over);
		CU_ASSERT_EQUAL(r.reader.result.state, rows[i].state);
		end(&r);
	}
}

static void refuses_bad_patterns(void)
{
	UNIT_OK(kube_logs_check_pattern("a|(b)+"));
	UNIT_FAILS(kube_logs_check_pattern("("), KR_ECONFIG, "pattern \"(\"");
	UNIT_FAILS(kube_logs_check_pattern("a["), KR_ECONFIG, "pattern");
}

const struct unit_suite unit_logs = {
	.tests = { { "judges lines", judges_lines },
		   { "reads on where it was cut", reads_on_where_it_was_cut },
		   { "a line too long to search fails the pod",
		     a_line_too_long_to_search_fails_the_pod },
		   { "looks at the pod", looks_at_the_pod },
		   { "refuses bad patterns", refuses_bad_patterns } },
};
