/* net/http.h in place of libcurl: what is asked goes to the world. */
#include "net/http.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "seam.h"

#define DEFAULT_TIMEOUT_MS 60000
#define DEFAULT_MAX_REPLY  (8u * 1024 * 1024)

struct http {
	long id;
	char *url;
	struct http_call *active;
	bool deaf;
	http_on_trace *on_trace;
	void *trace_user;
	struct http_stats stats;
};

struct http_call {
	struct http *http;
	struct http_call *next; /* active ones */
	long id;
	const char *method;
	char *target;
	int flags;
	struct buf headers; /* each with its NUL */
	const char *body;
	size_t body_len;
	const char *keep;
	int64_t timeout_ms, idle_ms, started_ms, elapsed_ms;
	http_on_data *on_data;
	void *data_user;
	struct buf reply;
	bool started, over, cancelled, too_large;
	enum sim_end end;
	long status, retry_after_s;
	int64_t date_ms;
	char content_type[64];
	char *warning;
};

static long last_id;

KR_FALLIBLE http_new(const struct http_origin *origin, struct http **out)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return err_no_memory();
	http->id = ++last_id;
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

KR_FALLIBLE http_call_new(struct http *http, const char *method,
			  const char *target, int flags, struct http_call **out)
{
	struct http_call *call = calloc(1, sizeof(*call));

	if (!call)
		return err_no_memory();
	call->http = http;
	call->id = ++last_id;
	call->method = method;
	call->flags = flags;
	call->timeout_ms = DEFAULT_TIMEOUT_MS;
	call->reply = BUF_INIT(DEFAULT_MAX_REPLY);
	call->headers = BUF_INIT(1024 * 1024);
	call->retry_after_s = -1;
	call->date_ms = -1;
	call->target = strdup(target);
	if (!call->target) {
		free(call);
		return err_no_memory();
	}
	*out = call;
	return NULL;
}

static KR_FALLIBLE check_header(struct http_call *call)
{
	buf_append(&call->headers, "", 1);
	return buf_check(&call->headers, "a request header");
}

KR_FALLIBLE http_call_header(struct http_call *call, const char *name,
			     const char *value)
{
	if (strpbrk(value, "\r\n"))
		return err_new(KR_EINVALID,
			       "a request header's value has a line break");
	buf_printf(&call->headers, "%s: %s", name, value);
	return check_header(call);
}

KR_FALLIBLE http_call_header_secret(struct http_call *call, const char *name,
				    const char *prefix,
				    const struct secret *value)
{
	buf_printf(&call->headers, "%s: %s", name, prefix);
	buf_append(&call->headers, secret_expose(value), secret_len(value));
	return check_header(call);
}

void http_call_body(struct http_call *call, const void *data, size_t len)
{
	call->body = data;
	call->body_len = len;
}

void http_call_body_secret(struct http_call *call, const struct secret *body)
{
	http_call_body(call, secret_expose(body), secret_len(body));
}

void http_call_keep(struct http_call *call, const char *name)
{
	call->keep = name;
}

void http_call_timeout(struct http_call *call, int64_t timeout_ms)
{
	call->timeout_ms = timeout_ms;
}

void http_call_max_reply(struct http_call *call, size_t max_bytes)
{
	call->reply.max_bytes = max_bytes;
}

void http_call_stream(struct http_call *call, http_on_data *on_data, void *user,
		      int64_t idle_timeout_ms)
{
	call->on_data = on_data;
	call->data_user = user;
	call->idle_ms = idle_timeout_ms;
	call->timeout_ms = -1;
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

bool http_call_over(const struct http_call *call)
{
	return call->over;
}

enum http_outcome http_call_outcome(const struct http_call *call)
{
	if (call->end == SIM_ANSWERED)
		return HTTP_ANSWERED;
	return call->end == SIM_REFUSED ? HTTP_NOT_SENT : HTTP_UNKNOWN;
}

KR_FALLIBLE http_call_error(const struct http_call *call)
{
	if (call->too_large)
		return err_set_reason(
			err_new(KR_ECLUSTER, "the reply is too large"),
			"ReplyTooLarge");
	if (call->cancelled)
		return err_new(KR_EINTERRUPTED, "cancelled");
	switch (call->end) {
	case SIM_ANSWERED:
		return NULL;
	case SIM_LATE:
	case SIM_IDLE:
		return err_new(KR_ETIMEOUT, "no answer in time");
	case SIM_REFUSED:
		return err_new(KR_ECLUSTER, "could not connect");
	case SIM_BROKEN:
		break;
	}
	return err_new(KR_ECLUSTER,
		       "the connection was closed before an answer");
}

long http_call_status(const struct http_call *call)
{
	return call->status;
}

const struct buf *http_call_reply(const struct http_call *call)
{
	return &call->reply;
}

const char *http_call_content_type(const struct http_call *call)
{
	return call->content_type;
}

long http_call_retry_after_s(const struct http_call *call)
{
	return call->retry_after_s;
}

int64_t http_call_date_ms(const struct http_call *call)
{
	return call->date_ms;
}

const char *http_call_warning(const struct http_call *call, size_t index)
{
	return index ? NULL : call->warning;
}

const char *http_call_kept(const struct http_call *call)
{
	(void)call;
	return NULL;
}

int64_t http_call_elapsed_ms(const struct http_call *call)
{
	return call->elapsed_ms;
}

void http_call_free(struct http_call *call)
{
	if (!call)
		return;
	http_cancel(call);
	buf_release(&call->headers);
	buf_release(&call->reply);
	free(call->warning);
	free(call->target);
	free(call);
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
