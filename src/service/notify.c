#include "service/notify.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "service/notify_internal.h"

#define SLACK_API  "https://slack.com/api"
#define SLACK_CALL "/chat.postMessage"

/* One message on its way to all who want it. */
struct sending {
	const struct notify_message *message;
	const struct notify_memory *memory;
	size_t target; /* index of the one at work */
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
		   const char *thread, struct err *take_err)
{
	kr_cleanup(str_freep) char *text = NULL;

	if (!take_err) {
		s->delivered++;
		if (s->memory)
			s->memory->told(s->memory->user, s->target, channel,
					thread);
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

static bool was_told(struct sending *s, const char *channel)
{
	if (!s->memory ||
	    !s->memory->was_told(s->memory->user, s->target, channel))
		return false;
	(void)share(s);
	return true;
}

static void send_webhook(struct sending *s, struct notify_delivery *d)
{
	kr_cleanup(notify_envelope_release) struct notify_envelope envelope = {
		0
	};
	kr_cleanup(str_freep) char *body = NULL;
	struct err *err = notify_envelope_fill(s->message, &envelope);

	if (d->target->binary)
		d->envelope = &envelope;
	if (!err)
		err = notify_document(s->message,
				      d->target->binary ? NULL : &envelope,
				      &body);
	d->body = body;
	d->deadline_ms = share(s);
	if (!err)
		err = notify_deliver(d);
	d->envelope = NULL;
	settle(s, d->address->host, NULL, NULL, err);
}

static void send_slack_hook(struct sending *s, struct notify_delivery *d)
{
	kr_cleanup(str_freep) char *body = NULL;
	struct err *err = notify_slack(s->message, NULL, NULL, &body);

	d->body = body;
	d->deadline_ms = share(s);
	if (!err)
		err = notify_deliver(d);
	settle(s, d->address->host, NULL, NULL, err);
}

static void send_channel(struct sending *s, struct notify_delivery *d,
			 const char *channel)
{
	kr_cleanup(str_freep) char *body = NULL;
	kr_cleanup(str_freep) char *thread =
		s->memory ? s->memory->thread(s->memory->user, channel) : NULL;
	struct err *err =
		d->path ? notify_slack(s->message, channel, thread, &body)
			: err_no_memory();

	d->body = body;
	d->deadline_ms = share(s);
	if (!err)
		err = notify_deliver(d);
	settle(s, "Slack", channel, d->thread, err);
	free(take_ptr(&d->thread));
	d->body = NULL;
}

static void send_slack(struct sending *s, struct notify_delivery *d)
{
	const char *const *channel = d->target->channels;
	const char *prefix = (const char *)secret_expose(d->address->target);
	kr_cleanup(str_freep) char *path = NULL;

	if (asprintf(&path, "%s%s", strcmp(prefix, "/") == 0 ? "" : prefix,
		     SLACK_CALL) < 0)
		path = NULL;
	d->path = path;
	for (; channel && *channel; channel++) {
		if (!was_told(s, *channel))
			send_channel(s, d, *channel);
	}
	d->path = NULL;
}

static void send_command(struct sending *s, const struct notify_target *target)
{
	kr_cleanup(notify_envelope_release) struct notify_envelope envelope = {
		0
	};
	kr_cleanup(str_freep) char *event = NULL;
	struct err *err = notify_envelope_fill(s->message, &envelope);

	if (!err)
		err = notify_document(s->message, &envelope, &event);
	if (!err)
		err = notify_run(target, event, share(s));
	settle(s, target->run[0], NULL, NULL, err);
}

static void send_to(struct sending *s, const struct notify_target *target)
{
	kr_cleanup(
		notify_address_release) struct notify_address address = { 0 };
	kr_cleanup(secret_freep) struct secret *token = NULL;
	bool slack = target->kind == NOTIFY_BY_SLACK;
	const char *url = target->url ? target->url : slack ? SLACK_API : NULL;
	struct notify_delivery d = { .target = target, .address = &address };
	struct err *err = NULL;

	if (!slack && was_told(s, NULL))
		return;
	if (target->kind == NOTIFY_BY_COMMAND) {
		send_command(s, target);
		return;
	}
	if (!url)
		err = err_new(KR_ECONFIG, "it has no address");
	if (!err)
		err = notify_address_read(url, target->folder, &address);
	if (!err && target->token.from != REF_FROM_NOWHERE)
		err = ref_read(&target->token, "the token", &token);
	if (err) {
		(void)share(s);
		settle(s,
		       target->kind == NOTIFY_BY_WEBHOOK ? "a webhook"
							 : "Slack",
		       NULL, NULL, err);
		return;
	}
	d.token = token;
	if (slack)
		send_slack(s, &d);
	else if (target->kind == NOTIFY_BY_SLACK_HOOK)
		send_slack_hook(s, &d);
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
		   const struct notify_memory *memory,
		   notify_on_warning *on_warning, void *user)
{
	struct sending sending = {
		.message = message,
		.memory = memory,
		.on_warning = on_warning,
		.user = user,
		.deadline_ms = deadline_in_ms(NOTIFY_LIMIT_MS),
	};

	for (size_t i = 0; i < n; i++)
		if (wants(&targets[i], message->event))
			sending.waiting += count_deliveries(&targets[i]);
	for (size_t i = 0; i < n; i++) {
		sending.target = i;
		if (wants(&targets[i], message->event))
			send_to(&sending, &targets[i]);
	}
	return sending.delivered;
}
