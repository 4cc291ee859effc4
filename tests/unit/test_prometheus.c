/* What a Prometheus may answer, and what is believed of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "service/prometheus.h"
#include "service/prometheus_internal.h"
#include "unit.h"

#define JSON	  "application/json"
#define ONE(v)	  "{\"metric\":{},\"value\":[1700000000.5," v "]}"
#define VECTOR(x) GOOD("vector", "[" x "]")
#define GOOD(type, result)                                                     \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"" type             \
	"\",\"result\":" result "}}"

static const struct {
	const char *body;
	enum prometheus_state state;
	double value;
} answers[] = {
	{ VECTOR(ONE("\"0.25\"")), PROMETHEUS_VALUE, 0.25 },
	{ VECTOR(ONE("\"-3e-5\"")), PROMETHEUS_VALUE, -3e-5 },
	{ VECTOR(ONE("\"0\"")), PROMETHEUS_VALUE, 0 },
	{ VECTOR(ONE("\"+Inf\"")), PROMETHEUS_VALUE, INFINITY },
	{ VECTOR(ONE("\"-Inf\"")), PROMETHEUS_NAN, 0 },
	{ VECTOR(ONE("\"NaN\"")), PROMETHEUS_NAN, 0 },
	{ VECTOR(""), PROMETHEUS_EMPTY, 0 },
	{ GOOD("scalar", "[1700000000,\"7\"]"), PROMETHEUS_VALUE, 7 },
};

static void believes_numbers(void)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct prometheus_answer a;

		prometheus_read_reply(200, JSON, answers[i].body,
				      strlen(answers[i].body), &a);
		CU_ASSERT_EQUAL(a.state, answers[i].state);
		if (a.state == PROMETHEUS_VALUE)
			CU_ASSERT(a.value == answers[i].value);
		if (a.state != PROMETHEUS_EMPTY)
			CU_ASSERT(a.at_ms >= 1700000000000);
		CU_ASSERT_PTR_NULL(a.err);
		prometheus_answer_release(&a);
	}
}

static const struct {
	long status;
	const char *type, *body;
	enum err_kind kind;
	const char *part;
} refusals[] = {
	{ 200, JSON, VECTOR(ONE("\"1\"") "," ONE("\"2\"")), KR_ECONFIG,
	  "2 series" },
	{ 200, JSON, GOOD("matrix", "[]"), KR_ECONFIG, "a range" },
	{ 200, JSON, GOOD("string", "[1700000000,\"x\"]"), KR_ECONFIG,
	  "a text" },
	{ 200, JSON, VECTOR("{\"metric\":{},\"histogram\":[1,{}]}"), KR_ECONFIG,
	  "a histogram" },
	{ 200, JSON, GOOD("vector", "{}"), KR_ECLUSTER, "no list" },
	{ 200, JSON, GOOD("other", "[]"), KR_ECLUSTER, "unknown type" },
	{ 200, JSON, VECTOR(ONE("0.25")), KR_ECLUSTER, "[time" },
	{ 200, JSON, VECTOR(ONE("\"0x10\"")), KR_ECLUSTER, "no number" },
	{ 200, JSON, VECTOR(ONE("\" 1\"")), KR_ECLUSTER, "no number" },
	{ 200, JSON, VECTOR(ONE("\"1,5\"")), KR_ECLUSTER, "no number" },
	{ 200, JSON, VECTOR(ONE("\"1e999\"")), KR_ECLUSTER, "no number" },
	{ 200, JSON, VECTOR(ONE("\"\"")), KR_ECLUSTER, "no number" },
	{ 200, JSON, VECTOR(ONE("\"-\"")), KR_ECLUSTER, "no number" },
	{ 200, JSON, VECTOR(ONE("\"infinity\"")), KR_ECLUSTER, "no number" },
	{ 200, JSON, VECTOR(ONE("null")), KR_ECLUSTER, "[time" },
	{ 200, JSON, VECTOR("{\"value\":[\"1\",\"1\"]}"), KR_ECLUSTER,
	  "[time" },
	{ 200, JSON, VECTOR("{\"value\":[1e300,\"1\"]}"), KR_ECLUSTER,
	  "time is none" },
	{ 200, JSON, VECTOR("{\"value\":[1,\"1\",2]}"), KR_ECLUSTER, "[time" },
	{ 200, JSON, VECTOR("7"), KR_ECLUSTER, "[time" },
	{ 200, JSON, "{\"status\":\"error\",\"data\":{}}", KR_ECLUSTER,
	  "not success" },
	{ 200, JSON, "{\"status\":\"success\"}", KR_ECLUSTER, "no data" },
	{ 200, JSON, "{\"status\":\"success\",\"data\":{}}", KR_ECLUSTER,
	  "no result" },
	{ 200, JSON,
	  "{\"status\":\"success\",\"isPartial\":true,\"data\":"
	  "{\"resultType\":\"vector\",\"result\":[]}}",
	  KR_ECLUSTER, "partial" },
	{ 200, JSON, "{\"status\":\"success\"", KR_ECLUSTER, "broken" },
	{ 200, JSON, "", KR_ECLUSTER, "broken" },
	{ 200, JSON, "[]", KR_ECLUSTER, "not success" },
	{ 200, "text/html", "<html>log in</html>", KR_ECLUSTER, "no JSON" },
	{ 400, JSON,
	  "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":"
	  "\"1:5: parse error\"}",
	  KR_ECONFIG, "1:5: parse error" },
	{ 400, "text/plain", "what?", KR_ECONFIG, "not accepted" },
	{ 422, JSON, "{\"error\":\"too many\\u001b[2J\"}", KR_ECLUSTER,
	  "too many?[2J" },
	{ 401, "text/plain", "no org id", KR_EAUTH, "tenant" },
	{ 403, "", "", KR_EFORBIDDEN, "403" },
	{ 404, "", "404 page not found", KR_ENOTFOUND, "/prometheus" },
	{ 302, "", "", KR_ECLUSTER, "not followed" },
	{ 204, "", "", KR_ECLUSTER, "204" },
	{ 503, JSON, "{\"error\":\"starting\"}", KR_ECLUSTER, "503: starting" },
};

static void doubts_the_rest(void)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct prometheus_answer a;

		prometheus_read_reply(refusals[i].status, refusals[i].type,
				      refusals[i].body,
				      strlen(refusals[i].body), &a);
		CU_ASSERT_EQUAL(a.state, PROMETHEUS_ERROR);
		if (!UNIT_FAILS(a.err, refusals[i].kind, refusals[i].part))
			CU_ASSERT_STRING_EQUAL(refusals[i].body, "");
		a.err = NULL;
		prometheus_answer_release(&a);
	}
}

static void keeps_a_warning(void)
{
	static const char body[] =
		"{\"status\":\"success\",\"warnings\":[\"a\\nb\",\"c\"],"
		"\"data\":{\"resultType\":\"vector\",\"result\":[]}}";
	struct prometheus_answer a;

	prometheus_read_reply(200, JSON, body, strlen(body), &a);
	CU_ASSERT_EQUAL(a.state, PROMETHEUS_EMPTY);
	(void)UNIT_STR(a.warning, "a b");
	prometheus_answer_release(&a);
}

static struct err *read_range(const char *body, struct prometheus_points *out)
{
	return prometheus_read_range(200, JSON, body, strlen(body), out);
}

static void reads_a_range(void)
{
	struct prometheus_points p = { 0 };

	if (!UNIT_OK(read_range(GOOD("matrix", "[{\"metric\":{},\"values\":["
					       "[1,\"2\"],[2,\"NaN\"],"
					       "[3,\"4\"]]}]"),
				&p)))
		return;
	CU_ASSERT_EQUAL(p.count, 3);
	CU_ASSERT(p.values[0] == 2 && isnan(p.values[1]) && p.values[2] == 4);
	prometheus_points_release(&p);
	(void)UNIT_OK(read_range(GOOD("matrix", "[]"), &p));
	CU_ASSERT_EQUAL(p.count, 0);
	prometheus_points_release(&p);
	(void)UNIT_FAILS(read_range(GOOD("matrix", "[{\"values\":[]},"
						   "{\"values\":[]}]"),
				    &p),
			 KR_ECONFIG, "2 series");
	(void)UNIT_FAILS(read_range(GOOD("matrix", "[{}]"), &p), KR_ECLUSTER,
			 "no values");
	(void)UNIT_FAILS(read_range(GOOD("vector", "[]"), &p), KR_ECLUSTER,
			 "no matrix");
}

static const struct {
	const char *text, *origin, *prefix, *user;
} urls[] = {
	{ "http://p:9090", "http://p:9090", "", "" },
	{ "https://p.example/", "https://p.example", "", "" },
	{ "https://p/a/b//", "https://p", "/a/b", "" },
	{ "https://p/prometheus/api/v1", "https://p", "/prometheus", "" },
	{ "https://[::1]:9/x", "https://[::1]:9", "/x", "" },
	{ "https://u:p%40s%3a@h/x", "https://h", "/x", "u:p@s:" },
	{ "https://u@h", "https://h", "", "u:" },
};

static const char *const no_urls[] = {
	"",
	"p:9090",
	"ftp://p",
	"https://",
	"https://:9",
	"https://p:",
	"https://p:x",
	"https://p:123456",
	"https://p/?a=b",
	"https://p/#x",
	"https://[::1",
	"https://[::1]x",
	"https://p q/",
	"https://p/a b",
	"https://u:%4@h",
	"https://u:%zz@h",
	"https://u:%0a@h",
};

static void reads_addresses(void)
{
	struct url u;

	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		if (!UNIT_OK(prometheus_parse_url(urls[i].text, &u)))
			continue;
		(void)UNIT_STR(u.origin, urls[i].origin);
		(void)UNIT_STR(u.prefix, urls[i].prefix);
		(void)UNIT_STR(buf_str(&u.user), urls[i].user);
		url_release(&u);
	}
	for (size_t i = 0; i < sizeof(no_urls) / sizeof(*no_urls); i++)
		(void)UNIT_FAILS(prometheus_parse_url(no_urls[i], &u),
				 KR_ECONFIG, "the address of Prometheus");
}

static struct err *open_with(struct prometheus_options o)
{
	struct prometheus *p = NULL;
	struct err *err = prometheus_new(&o, &p);

	prometheus_free(p);
	return err;
}

static void guards_credentials(void)
{
	const struct ref token = { .from = REF_FROM_ENV,
				   .value = "KR_TEST_TOKEN" };
	struct prometheus_options o = { .url = "http://p.example:9090",
					.token = token };

	(void)setenv("KR_TEST_TOKEN", "s3cr3t-token", 1);
	(void)UNIT_FAILS(open_with(o), KR_EREFUSED, "plain http");
	o.allow_plain_http = true;
	(void)UNIT_OK(open_with(o));
	o.allow_plain_http = false;
	o.url = "http://127.0.0.1:9090";
	(void)UNIT_OK(open_with(o));
	o.url = "http://127.0.0.1.p.example:9090";
	(void)UNIT_FAILS(open_with(o), KR_EREFUSED, "plain http");
	o.url = "https://p.example";
	(void)UNIT_OK(open_with(o));
	o.user = "me";
	(void)UNIT_FAILS(open_with(o), KR_ECONFIG, "not both");
	o.token = (struct ref){ 0 };
	(void)UNIT_FAILS(open_with(o), KR_ECONFIG, "needs a password");
	o.password = token;
	(void)UNIT_OK(open_with(o));
	(void)setenv("KR_TEST_TOKEN", "a\nb", 1);
	(void)UNIT_FAILS(open_with(o), KR_EAUTH, "control character at byte 2");
	(void)unsetenv("KR_TEST_TOKEN");
	(void)UNIT_FAILS(open_with(o), KR_EAUTH, "KR_TEST_TOKEN is not set");
	o = (struct prometheus_options){ .url = "https://p", .cert = "x" };
	(void)UNIT_FAILS(open_with(o), KR_ECONFIG, "cert and key");
}

static void never_shows_credentials(void)
{
	struct prometheus_options o = { .url = "env:KR_TEST_URL" };
	struct prometheus *p = NULL;

	(void)setenv("KR_TEST_URL", "https://me:hidden-word@p.example/x", 1);
	if (UNIT_OK(prometheus_new(&o, &p)))
		(void)UNIT_STR(prometheus_where(p), "https://p.example/x");
	prometheus_free(p);
	(void)unsetenv("KR_TEST_URL");
}

static void reads_references(void)
{
	struct ref ref;
	struct secret *found = NULL;

	CU_ASSERT_FALSE(ref_parse("env:", &ref));
	CU_ASSERT_FALSE(ref_parse("https://x", &ref));
	CU_ASSERT(ref_parse("exec:/bin/echo  a  b", &ref));
	if (UNIT_OK(ref_read(&ref, "it", &found)))
		(void)UNIT_STR((const char *)secret_expose(found), "a b");
	secret_free(found);
	found = NULL;
	CU_ASSERT(ref_parse("exec:/bin/false", &ref));
	(void)UNIT_FAILS(ref_read(&ref, "it", &found), KR_EAUTH, "exit code 1");
	CU_ASSERT(ref_parse("file:/nonexistent/x", &ref));
	(void)UNIT_FAILS(ref_read(&ref, "it", &found), KR_EAUTH, "it: open");
	CU_ASSERT(ref_parse("file:/dev/null", &ref));
	(void)UNIT_FAILS(ref_read(&ref, "it", &found), KR_EAUTH, "is empty");
}

const struct unit_suite unit_prometheus = {
	.tests = { { "believes numbers", believes_numbers },
		   { "doubts the rest", doubts_the_rest },
		   { "keeps a warning", keeps_a_warning },
		   { "reads a range", reads_a_range },
		   { "reads addresses", reads_addresses },
		   { "guards credentials", guards_credentials },
		   { "never shows credentials", never_shows_credentials },
		   { "reads references", reads_references },
		   { NULL, NULL } },
};
