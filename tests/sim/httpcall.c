/* One call: what is to be asked, and what came of it. */
#include "httpcall.h"

#include <string.h>

#define DEFAULT_TIMEOUT_MS 60000
#define DEFAULT_MAX_REPLY  (8u * 1024 * 1024)

KR_FALLIBLE http_call_new(struct http *http, const char *method,
			  const char *target, int flags, struct http_call **out)
{
	struct http_call *call = calloc(1, sizeof(*call));

	if (!call)
		return err_no_memory();
	call->http = http;
	call->id = sim_http_id();
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
