/* net/http.h in place of libcurl: what is asked goes to the world. */
#include "httpcall.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"

long sim_http_id(void)
{
	static long last;

	return ++last;
}

KR_FALLIBLE http_new(const struct http_origin *origin, struct http **out)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return err_no_memory();
	http->id = sim_http_id();
	http->url = strdup(origin->url);
	if (!http->url) {
		free(http);
		return err_no_memory();
	}
	*out = http;
	return NULL;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->active)
		http_cancel(http->active);
	free(http->url);
	free(http);
}

KR_FALLIBLE http_start(struct http_call *call)
{
	struct sim_box *box = sim_box();

	box->n[0] = call->id;
	box->n[1] = call->http->id;
	box->n[2] = call->flags;
	box->n[3] = call->timeout_ms;
	box->n[4] = call->idle_ms;
	box->n[5] = call->on_data != NULL;
	box->n[6] = (int64_t)call->body_len;
	sim_put_text(call->method);
	sim_put_text(call->http->url);
	sim_put_text(call->target);
	sim_put(call->headers.data, call->headers.len);
	sim_put_text("");
	sim_put(call->body, call->body_len);
	sim_ask(SIM_START);
	call->started = true;
	call->started_ms = clock_boot_ms();
	call->next = call->http->active;
	call->http->active = call;
	call->http->stats.requests++;
	return NULL;
}

static void finish(struct http_call *call)
{
	struct http_call **at = &call->http->active;
	struct http *http = call->http;
	struct http_trace_event event = {
		.method = call->method,
		.target = call->target,
		.status = call->end == SIM_ANSWERED ? call->status : 0,
		.key_connection = call->flags & HTTP_KEY,
		.sent_bytes = call->body_len,
		.received_bytes = call->reply.len,
	};

	while (*at && *at != call)
		at = &(*at)->next;
	if (*at)
		*at = call->next;
	call->over = true;
	call->elapsed_ms = clock_boot_ms() - call->started_ms;
	event.elapsed_ms = call->elapsed_ms;
	if (http->on_trace)
		http->on_trace(http->trace_user, &event);
}

static struct http_call *active_by(const struct http *http, long id)
{
	struct http_call *call = http->active;

	while (call && call->id != id)
		call = call->next;
	return call;
}

static void take_done(struct http_call *call, struct sim_box *box)
{
	const char *type = box->bytes, *warning = type + strlen(type) + 1;
	const char *body = warning + strlen(warning) + 1;

	call->status = (long)box->n[2];
	call->end = (enum sim_end)box->n[3];
	call->retry_after_s = (long)box->n[4];
	call->date_ms = box->n[5];
	(void)snprintf(call->content_type, sizeof(call->content_type), "%.63s",
		       type);
	if (*warning && !call->warning)
		call->warning = text_clean(warning, strlen(warning), 512);
	buf_append(&call->reply, body, (size_t)box->n[6]);
	if (call->reply.failed) {
		call->too_large = true;
		call->end = SIM_BROKEN;
	}
	explicit_bzero(box->bytes, box->len);
	finish(call);
}

static void take_data(struct http_call *call, struct sim_box *box)
{
	size_t len = box->len;
	char *copy = malloc(len + 1);

	if (!copy)
		abort();
	memcpy(copy, box->bytes, len);
	call->status = (long)box->n[2];
	if (!call->on_data(call->data_user, copy, len)) {
		sim_box()->n[0] = call->id;
		sim_ask(SIM_CANCEL);
		call->end = SIM_ANSWERED;
		finish(call);
	}
	free(copy);
}

KR_FALLIBLE http_drive(struct http *http, int64_t deadline_ms,
		       bool *out_progress)
{
	int64_t left = deadline_left_ms(deadline_ms);
	struct sim_box *box = sim_box();
	struct http_call *call;

	if (out_progress)
		*out_progress = false;
	if (stop_requested() && !http->deaf)
		return NULL;
	box->n[0] = http->id;
	box->n[1] = left == INT64_MAX ? left : sim_shared->now_ms + left;
	sim_ask(SIM_DRIVE);
	if (box->n[0] == SIM_NOTHING)
		return NULL;
	call = active_by(http, (long)box->n[1]);
	if (!call)
		return NULL;
	if (out_progress)
		*out_progress = true;
	if (box->n[0] == SIM_DONE)
		take_done(call, box);
	else
		take_data(call, box);
	return NULL;
}

static bool must_finish(struct http_call *const *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (calls[i] && !calls[i]->over &&
		    calls[i]->flags & HTTP_FINISH)
			return true;
	}
	return false;
}

KR_FALLIBLE http_wait(struct http *http, struct http_call *const *calls,
		      size_t n)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < n; i++) {
		while (!err && calls[i] && !calls[i]->over) {
			http->deaf = must_finish(calls, n);
			err = http_drive(http, DEADLINE_NEVER, NULL);
			if (!err && !calls[i]->over && !http->deaf)
				err = stop_check();
		}
	}
	http->deaf = false;
	for (size_t i = 0; err && i < n; i++) {
		if (calls[i])
			http_cancel(calls[i]);
	}
	return err;
}

KR_FALLIBLE http_run(struct http_call *call)
{
	struct err *err = http_start(call);

	return err ? err : http_wait(call->http, &call, 1);
}

void http_cancel(struct http_call *call)
{
	if (!call->started || call->over)
		return;
	sim_box()->n[0] = call->id;
	sim_ask(SIM_CANCEL);
	call->cancelled = true;
	call->end = SIM_BROKEN;
	finish(call);
}

void http_set_trace(struct http *http, http_on_trace *on_trace, void *user)
{
	http->on_trace = on_trace;
	http->trace_user = user;
}

struct http_stats http_stats(const struct http *http)
{
	return http->stats;
}
