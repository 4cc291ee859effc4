/* Asking: requests side by side, credentials renewed, answers read. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "service/prometheus_internal.h"

#define MAX_INSTANT (1024u * 1024)
#define MAX_RANGE   (8u * 1024 * 1024)
#define MAX_QUERY   (64u * 1024)
/* A longer query goes into a body. */
#define MAX_IN_TARGET 2048
/* The server gives up first, and says so. */
#define TIMEOUT_MARGIN_MS 500

/* One exchange. */
struct ask {
	struct http_call *call;
	struct buf body; /* of a long query */
};

static void ask_release(struct ask *ask)
{
	http_call_free(ask->call);
	buf_release(&ask->body);
	memset(ask, 0, sizeof(*ask));
}

static KR_FALLIBLE add_headers(const struct prometheus *p,
			       struct http_call *call, bool has_body)
{
	struct err *err = http_call_header(call, "Accept", "application/json");

	if (!err && p->tenant)
		err = http_call_header(call, "X-Scope-OrgID", p->tenant);
	if (!err && has_body)
		err = http_call_header(call, "Content-Type",
				       "application/x-www-form-urlencoded");
	if (!err && p->credential)
		err = http_call_header_secret(call, "Authorization",
					      p->basic ? "Basic " : "Bearer ",
					      p->credential);
	return err;
}

/*
 * `api` is "query" or "query_range", `more` further parameters. Thanos is told
 * not to leave out what it cannot reach; the others do not know the word.
 */
static KR_FALLIBLE ask_new(struct prometheus *p, const char *api,
			   const char *query, const char *more, struct ask *out)
{
	kr_cleanup(buf_release) struct buf target = BUF_INIT(MAX_QUERY);
	struct buf form = BUF_INIT(3 * MAX_QUERY);
	int64_t server_ms = p->timeout_ms - TIMEOUT_MARGIN_MS;
	struct err *err;
	bool in_body;

	buf_puts(&form, "query=");
	buf_url(&form, query);
	buf_printf(&form, "&timeout=%lldms&partial_response=false%s",
		   (long long)(server_ms > 500 ? server_ms : 500), more);
	in_body = form.len > MAX_IN_TARGET;
	buf_printf(&target, "%s/api/v1/%s%s%s", p->prefix, api,
		   in_body ? "" : "?", in_body ? "" : buf_str(&form));
	out->body = form;
	err = buf_check(&form, "a query");
	if (!err)
		err = http_call_new(p->http, in_body ? "POST" : "GET",
				    buf_str(&target), 0, &out->call);
	if (!err)
		err = add_headers(p, out->call, in_body);
	if (err)
		return err;
	if (in_body)
		http_call_body(out->call, out->body.data, out->body.len);
	http_call_timeout(out->call, p->timeout_ms);
	http_call_max_reply(out->call, strcmp(api, "query") == 0 ? MAX_INSTANT
								 : MAX_RANGE);
	return NULL;
}

/* Why there was no complete answer. */
static KR_FALLIBLE no_answer(const struct http_call *call)
{
	struct err *err = http_call_error(call);

	if (!err)
		return NULL;
	if (strcmp(err_reason(err), "ReplyTooLarge") != 0)
		return err;
	err_free(err);
	return err_set_reason(
		err_hint(err_new(KR_ECONFIG,
				 "the answer is too large for one number"),
			 "Put sum(...), max(...) or the like around the query"),
		"SeveralSeries");
}

/* A server that echoes what it was sent is not repeated. */
static struct err *hush(const struct prometheus *p, struct err *take_err)
{
	const char *text;
	struct err *quiet;

	if (!take_err || !p->bare)
		return take_err;
	text = err_message(take_err);
	if (!secret_occurs_in(p->bare, text, strlen(text)))
		return take_err;
	quiet = err_new(err_kind(take_err), "the query was refused with words "
					    "that hold the credentials");
	err_free(take_err);
	return quiet;
}

static void hush_warning(const struct prometheus *p, char **warning)
{
	if (*warning && p->bare &&
	    secret_occurs_in(p->bare, *warning, strlen(*warning)))
		(void)str_keep(warning, "(a warning that holds the "
					"credentials)");
}

static void read_answer(const struct prometheus *p, const struct ask *ask,
			struct prometheus_answer *out)
{
	const struct buf *body = http_call_reply(ask->call);
	struct err *err = no_answer(ask->call);

	if (err) {
		*out = (struct prometheus_answer){ .state = PROMETHEUS_ERROR };
		out->err = err;
	} else {
		prometheus_read_reply(http_call_status(ask->call),
				      http_call_content_type(ask->call),
				      buf_str(body), body->len, out);
	}
	out->err = err_wrap(hush(p, out->err), "%s", p->where);
	hush_warning(p, &out->warning);
}

static bool is_unauthorized(const struct http_call *call)
{
	return http_call_outcome(call) == HTTP_ANSWERED &&
	       http_call_status(call) == 401;
}

/* All queries, side by side; *out_refused: credentials were not accepted. */
static KR_FALLIBLE ask_all(struct prometheus *p, const char *const *queries,
			   size_t n, struct ask *asks, bool *out_refused)
{
	struct http_call **calls = calloc(n, sizeof(*calls));
	struct err *err = calls ? NULL : err_no_memory();

	*out_refused = false;
	for (size_t i = 0; !err && i < n; i++) {
		err = ask_new(p, "query", queries[i], "", &asks[i]);
		if (!err)
			err = http_start(asks[i].call);
		if (!err)
			calls[i] = asks[i].call;
	}
	if (!err)
		err = http_wait(p->http, calls, n);
	for (size_t i = 0; !err && i < n; i++)
		*out_refused |= is_unauthorized(calls[i]);
	free(calls);
	return err;
}

static void release_all(struct ask *asks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ask_release(&asks[i]);
}

/*
 * A token that cannot be read again leaves the answer as it is: refused. Only
 * a stop request is more than that.
 */
static KR_FALLIBLE renew(struct prometheus *p, bool *out_renewed)
{
	struct err *err = NULL;

	*out_renewed = false;
	if (p->secret_from == REF_FROM_NOWHERE)
		return NULL;
	err = prometheus_read_credential(p);
	if (err_is(err, KR_EINTERRUPTED))
		return err;
	*out_renewed = !err;
	err_free(err);
	return NULL;
}

KR_FALLIBLE prometheus_query(struct prometheus *p, const char *const *queries,
			     size_t n, struct prometheus_answer *answers)
{
	struct ask *asks = calloc(n ? n : 1, sizeof(*asks));
	bool refused, again = false;
	struct err *err;

	if (!asks)
		return err_no_memory();
	err = ask_all(p, queries, n, asks, &refused);
	if (!err && refused)
		err = renew(p, &again);
	if (!err && again) {
		release_all(asks, n);
		err = ask_all(p, queries, n, asks, &refused);
	}
	for (size_t i = 0; !err && i < n; i++)
		read_answer(p, &asks[i], &answers[i]);
	release_all(asks, n);
	free(asks);
	return err;
}

/* The server's own time, which a range has to be counted back from. */
static KR_FALLIBLE server_time(struct prometheus *p, int64_t *out_ms)
{
	static const char *const query[] = { "time()" };
	struct prometheus_answer answer = { 0 };
	struct err *err = prometheus_query(p, query, 1, &answer);

	if (err)
		return err;
	err = take_ptr(&answer.err);
	if (!err && answer.state != PROMETHEUS_VALUE)
		err = err_new(KR_ECLUSTER, "%s: it does not know the time",
			      p->where);
	if (!err)
		*out_ms = answer.at_ms;
	prometheus_answer_release(&answer);
	return err;
}

static KR_FALLIBLE run_range(struct prometheus *p, const char *query,
			     const char *more, struct prometheus_points *out)
{
	struct ask ask = { 0 };
	const struct buf *body;
	struct err *err = ask_new(p, "query_range", query, more, &ask);

	if (!err)
		err = http_run(ask.call);
	if (!err)
		err = no_answer(ask.call);
	if (!err) {
		body = http_call_reply(ask.call);
		err = prometheus_read_range(http_call_status(ask.call),
					    http_call_content_type(ask.call),
					    buf_str(body), body->len, out);
	}
	if (!err)
		hush_warning(p, &out->warning);
	ask_release(&ask);
	return err_wrap(hush(p, err), "%s", p->where);
}

KR_FALLIBLE prometheus_query_range(struct prometheus *p, const char *query,
				   const struct prometheus_range *range,
				   struct prometheus_points *out)
{
	char more[160];
	int64_t now_ms, end_ms;
	struct err *err;

	if (range->step_ms < 1 ||
	    range->length_ms / range->step_ms > PROMETHEUS_MAX_POINTS)
		return err_new(KR_ECONFIG,
			       "a range of more than %d points is not asked "
			       "for",
			       PROMETHEUS_MAX_POINTS);
	err = server_time(p, &now_ms);
	if (err)
		return err;
	end_ms = now_ms - range->end_ago_ms;
	(void)snprintf(more, sizeof(more),
		       "&start=%lld.%03lld&end=%lld.%03lld&step=%lld.%03lld",
		       (long long)((end_ms - range->length_ms) / 1000),
		       (long long)((end_ms - range->length_ms) % 1000),
		       (long long)(end_ms / 1000), (long long)(end_ms % 1000),
		       (long long)(range->step_ms / 1000),
		       (long long)(range->step_ms % 1000));
	err = run_range(p, query, more, out);
	if (!err)
		out->end_ms = end_ms;
	return err;
}
