#include "service/notify.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/text.h"
#include "service/notify_internal.h"

#define SLACK_API   "https://slack.com/api"
#define SLACK_CALL  "/chat.postMessage"
#define MAX_TRIES   3
#define TRY_MS	    5000
#define PAUSE_MS    500
#define MAX_PAUSE_S 5
#define MAX_REPLY   ((size_t)64 * 1024)

/* One delivery: where, what, by when. */
struct delivery {
	const struct notify_target *target;
	const struct notify_address *address;
	const struct secret *token;
	const char *body;
	const char *path; /* Slack's; NULL: the address' own */
	int64_t deadline_ms;
};

static KR_FALLIBLE add_headers(const struct delivery *d, struct http_call *call)
{
	struct err *err = http_call_header(call, "Content-Type",
					   "application/json; charset=utf-8");

	if (!err && d->token)
		err = http_call_header_secret(call, "Authorization", "Bearer ",
					      d->token);
	return err;
}

/* Slack says 200 to what it does not do. */
static KR_FALLIBLE judge_slack(const struct http_call *call)
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
	if (json_bool(tree, "ok", false))
		return NULL;
	why = json_str_or(tree, "error", "no reason given");
	word = text_clean(why, strlen(why), 60);
	return err_new(KR_EINVALID, "Slack refused it: %s", word ? word : "");
}

static KR_FALLIBLE judge(const struct delivery *d, const struct http_call *call)
{
	long status = http_call_status(call);

	if (status >= 500 || status == 429 || status == 408)
		return err_new(KR_ECLUSTER, "status %ld", status);
	if (status < 200 || status > 299)
		return err_new(KR_EINVALID, "status %ld", status);
	return d->target->kind == NOTIFY_BY_SLACK ? judge_slack(call) : NULL;
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

static KR_FALLIBLE try_once(const struct delivery *d, struct http *http,
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

static KR_FALLIBLE deliver(const struct delivery *d)
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

/* One message on its way to all who want it. */
struct sending {
	const struct notify_message *message;
	notify_on_warning *on_warning;
	void *user;
	int64_t deadline_ms;
	size_t waiting; /* deliveries still to come */
	size_t delivered;
};

/* A share of the time that is left, so that a dead one does not starve the
 * others. */
static int64_t share(struct sending *s)
{
	int64_t left = deadline_left_ms(s->deadline_ms);

	return deadline_in_ms(left / (int64_t)(s->waiting ? s->waiting-- : 1));
}

static void settle(struct sending *s, const char *where, const char *channel,
		   struct err *take_err)
{
	kr_cleanup(str_freep) char *text = NULL;

	if (!take_err) {
		s->delivered++;
		return;
	}
	if (asprintf(&text, "%s%s%s was not told of \"%s\": %s", where,
		     channel ? " " : "", channel ? channel : "",
		     notify_event_word(s->message->event),
		     err_message(take_err)) < 0)
		text = NULL;
	if (s->on_warning)
		s->on_warning(s->user,
			      text ? text : "a notification was not sent");
	err_free(take_err);
}

static void send_webhook(struct sending *s, struct delivery *d)
{
	kr_cleanup(str_freep) char *body = NULL;
	struct err *err = notify_document(s->message, &body);

	d->body = body;
	d->deadline_ms = share(s);
	if (!err)
		err = deliver(d);
	settle(s, d->address->host, NULL, err);
}

static void send_slack(struct sending *s, struct delivery *d)
{
	const char *const *channel = d->target->channels;
	const char *prefix = (const char *)secret_expose(d->address->target);
	kr_cleanup(str_freep) char *path = NULL;

	if (asprintf(&path, "%s%s", strcmp(prefix, "/") == 0 ? "" : prefix,
		     SLACK_CALL) < 0)
		path = NULL;
	d->path = path;
	for (; channel && *channel; channel++) {
		kr_cleanup(str_freep) char *body = NULL;
		struct err *err =
			path ? notify_slack(s->message, *channel, &body)
			     : err_new(KR_ENOMEM, "out of memory");

		d->body = body;
		d->deadline_ms = share(s);
		if (!err)
			err = deliver(d);
		settle(s, "Slack", *channel, err);
	}
}

static void send_to(struct sending *s, const struct notify_target *target)
{
	kr_cleanup(
		notify_address_release) struct notify_address address = { 0 };
	kr_cleanup(secret_freep) struct secret *token = NULL;
	bool slack = target->kind == NOTIFY_BY_SLACK;
	const char *url = target->url ? target->url : SLACK_API;
	struct delivery d = { .target = target, .address = &address };
	struct err *err = NULL;

	if (!slack && !target->url)
		err = err_new(KR_ECONFIG, "it has no address");
	if (!err)
		err = notify_address_read(url, target->folder, &address);
	if (!err && target->token.from != REF_FROM_NOWHERE)
		err = ref_read(&target->token, "the token", &token);
	if (err) {
		(void)share(s);
		settle(s, slack ? "Slack" : "a webhook", NULL, err);
		return;
	}
	d.token = token;
	if (slack)
		send_slack(s, &d);
	else
		send_webhook(s, &d);
}

static bool wants(const struct notify_target *target, enum notify_event event)
{
	const char *const *on = target->on;

	for (; on && *on; on++)
		if (strcmp(*on, notify_event_word(event)) == 0)
			return true;
	return !target->on;
}

static size_t count_deliveries(const struct notify_target *target)
{
	size_t n = 0;

	if (target->kind != NOTIFY_BY_SLACK)
		return 1;
	while (target->channels && target->channels[n])
		n++;
	return n;
}

bool notify_wants(const struct notify_target *targets, size_t n,
		  enum notify_event event)
{
	for (size_t i = 0; i < n; i++)
		if (wants(&targets[i], event))
			return true;
	return false;
}

size_t notify_send(const struct notify_target *targets, size_t n,
		   const struct notify_message *message,
		   notify_on_warning *on_warning, void *user)
{
	struct sending sending = {
		.message = message,
		.on_warning = on_warning,
		.user = user,
		.deadline_ms = deadline_in_ms(NOTIFY_LIMIT_MS),
	};

	for (size_t i = 0; i < n; i++)
		if (wants(&targets[i], message->event))
			sending.waiting += count_deliveries(&targets[i]);
	for (size_t i = 0; i < n; i++)
		if (wants(&targets[i], message->event))
			send_to(&sending, &targets[i]);
	return sending.delivered;
}
