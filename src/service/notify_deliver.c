/* One message to one receiver, tried again while there is time. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/text.h"
#include "service/notify_internal.h"

#define MAX_TRIES   3
#define TRY_MS	    5000
#define PAUSE_MS    500
#define MAX_PAUSE_S 5
#define MAX_REPLY   ((size_t)64 * 1024)
#define MAX_THREAD  64

static KR_FALLIBLE add_envelope(const struct notify_envelope *e,
				struct http_call *call)
{
	const struct {
		const char *name, *value;
	} headers[] = {
		{ "ce-specversion", "1.0" },  { "ce-id", e->id },
		{ "ce-source", e->source },   { "ce-type", e->type },
		{ "ce-subject", e->subject }, { "ce-time", e->time },
	};
	struct err *err = NULL;

	for (size_t i = 0; !err && i < sizeof(headers) / sizeof(*headers); i++)
		err = http_call_header(call, headers[i].name, headers[i].value);
	return err;
}

static KR_FALLIBLE add_headers(const struct notify_delivery *d,
			       struct http_call *call)
{
	bool structured = d->target->kind == NOTIFY_BY_WEBHOOK && !d->envelope;
	struct err *err = http_call_header(
		call, "Content-Type",
		structured ? "application/cloudevents+json; charset=utf-8"
			   : "application/json; charset=utf-8");

	if (!err && d->envelope)
		err = add_envelope(d->envelope, call);
	if (!err && d->token)
		err = http_call_header_secret(call, "Authorization", "Bearer ",
					      d->token);
	return err;
}

/* Slack says 200 to what it does not do. */
static KR_FALLIBLE judge_slack(struct notify_delivery *d,
			       const struct http_call *call)
{
	const struct buf *reply = http_call_reply(call);
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	kr_cleanup(str_freep) char *word = NULL;
	struct err *err = json_parse(buf_str(reply), reply->len, &tree);
	const char *why;

	if (err) {
		err_free(err);
		return err_new(KR_ECLUSTER, "what came back is not Slack's");
	}
	if (json_bool(tree, "ok", false)) {
		const char *ts = json_str(tree, "ts");

		if (ts && strlen(ts) < MAX_THREAD &&
		    strspn(ts, "0123456789.") == strlen(ts))
			d->thread = strdup(ts);
		return NULL;
	}
	why = json_str_or(tree, "error", "no reason given");
	word = text_clean(why, strlen(why), 60);
	return err_new(KR_EINVALID, "Slack refused it: %s", word ? word : "");
}

static KR_FALLIBLE judge(struct notify_delivery *d,
			 const struct http_call *call)
{
	long status = http_call_status(call);

	if (status >= 500 || status == 429 || status == 408)
		return err_new(KR_ECLUSTER, "status %ld", status);
	if (status < 200 || status > 299)
		return err_new(KR_EINVALID, "status %ld", status);
	return d->target->kind == NOTIFY_BY_SLACK ? judge_slack(d, call) : NULL;
}

/* The outcome's kind alone: an address stands in more precise words. */
static struct err *no_answer(struct err *take_err)
{
	enum err_kind kind = err_kind(take_err);

	err_free(take_err);
	switch ((int)kind) {
	case KR_ETIMEOUT:
		return err_new(kind, "no answer in time");
	case KR_EAUTH:
		return err_new(kind, "its certificate is not trusted");
	case KR_EINTERRUPTED:
		return err_new(kind, "interrupted");
	default:
		return err_new(kind == KR_ENOMEM ? kind : KR_ECLUSTER,
			       "it cannot be reached, or hung up");
	}
}

static KR_FALLIBLE try_once(struct notify_delivery *d, struct http *http,
			    long *out_wait_s)
{
	kr_cleanup(http_call_freep) struct http_call *call = NULL;
	int64_t left = deadline_left_ms(d->deadline_ms);
	const char *target =
		d->path ? d->path
			: (const char *)secret_expose(d->address->target);
	struct err *err = http_call_new(http, "POST", target, 0, &call);

	*out_wait_s = -1;
	if (!err && left <= 0)
		err = err_new(KR_ETIMEOUT, "no time was left");
	if (!err)
		err = add_headers(d, call);
	if (err)
		return err;
	http_call_body(call, d->body, strlen(d->body));
	http_call_timeout(call, left < TRY_MS ? left : TRY_MS);
	http_call_max_reply(call, MAX_REPLY);
	err = http_run(call);
	if (!err)
		err = http_call_error(call);
	if (err)
		return no_answer(err);
	*out_wait_s = http_call_retry_after_s(call);
	return judge(d, call);
}

/* What trying again can change. */
static bool is_passing(const struct err *err)
{
	return err_is(err, KR_ECLUSTER) || err_is(err, KR_ETIMEOUT);
}

KR_FALLIBLE notify_deliver(struct notify_delivery *d)
{
	const struct http_origin origin = {
		.url = d->address->origin,
		.user_agent = "kubectl-keyrot/" KR_VERSION,
		.connect_timeout_ms = TRY_MS,
	};
	kr_cleanup(http_freep) struct http *http = NULL;
	struct err *err = http_new(&origin, &http);
	long wait_s;

	if (err)
		return no_answer(err);
	for (int i = 1;; i++) {
		int64_t pause = (int64_t)PAUSE_MS * i;

		err = try_once(d, http, &wait_s);
		if (!is_passing(err) || i == MAX_TRIES || stop_requested())
			return err;
		if (wait_s > MAX_PAUSE_S)
			return err;
		if (wait_s > 0)
			pause = 1000 * (int64_t)wait_s;
		if (deadline_left_ms(d->deadline_ms) <= pause)
			return err;
		err_free(err);
		clock_sleep_ms(pause);
	}
}
