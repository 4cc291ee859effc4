/* What came of a call: the result of libcurl put into our words. */
#include <curl/curl.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_internal.h"

static enum http_outcome outcome_of(const struct http_call *call)
{
	long sent = 0;

	if (call->result == CURLE_OK || (call->ended_by_owner && call->status))
		return HTTP_ANSWERED;
	(void)curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &sent);
	return sent > 0 ? HTTP_UNKNOWN : HTTP_NOT_SENT;
}

static void trace(const struct http_call *call, long connects)
{
	struct http *http = call->http;
	struct http_trace_event event = {
		.method = call->method,
		.target = call->target,
		.status = call->outcome == HTTP_ANSWERED ? call->status : 0,
		.new_connection = connects > 0,
		.key_connection = call->flags & HTTP_KEY,
		.sent_bytes = call->body_sent,
		.received_bytes = call->reply.len + call->streamed_bytes,
		.elapsed_ms = call->elapsed_ms,
	};

	http->stats.connections += (unsigned)connects;
	http->stats.sent_bytes += call->body_sent;
	http->stats.received_bytes += event.received_bytes;
	if (http->on_trace)
		http->on_trace(http->trace_user, &event);
}

void http_call_finish(struct http_call *call, int result)
{
	long connects = 0;

	call->result = result;
	call->over = true;
	call->elapsed_ms = clock_boot_ms() - call->started_ms;
	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE,
				&call->status);
	(void)curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
	call->outcome = outcome_of(call);
	http_detach(call);
	trace(call, connects);
}

static enum err_kind kind_of(int result)
{
	/* All but these few mean: the server could not be talked to. */
	switch (result) {
	case CURLE_OPERATION_TIMEDOUT:
		return KR_ETIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
		return KR_EAUTH;
	case CURLE_OUT_OF_MEMORY:
		return KR_ENOMEM;
	default:
		return KR_ECLUSTER;
	}
}

KR_FALLIBLE http_call_error(const struct http_call *call)
{
	const char *text = call->curl_text;

	if (call->outcome == HTTP_ANSWERED)
		return NULL;
	if (call->too_large)
		return err_set_reason(
			err_new(KR_ECLUSTER,
				"the reply is larger than %zu bytes",
				call->reply.max_bytes),
			"ReplyTooLarge");
	if (call->idle_expired)
		return err_new(KR_ETIMEOUT, "no data for %lld s",
			       (long long)call->idle_timeout_ms / 1000);
	if (call->result == CURLE_ABORTED_BY_CALLBACK)
		return err_new(KR_EINTERRUPTED, "cancelled");
	if (call->result == CURLE_SEND_FAIL_REWIND)
		return err_new(KR_ECLUSTER,
			       "the connection was closed before an answer");
	if (!*text)
		text = curl_easy_strerror((CURLcode)call->result);
	return err_new(kind_of(call->result), "%s", text);
}

bool http_call_over(const struct http_call *call)
{
	return call->over;
}

enum http_outcome http_call_outcome(const struct http_call *call)
{
	return call->outcome;
}

long http_call_status(const struct http_call *call)
{
	long status = call->status;

	/* Of one that still runs: as soon as its header is there. */
	if (!call->over)
		(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE,
					&status);
	return status;
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
	return index < call->warning_count ? call->warnings[index] : NULL;
}

const char *http_call_kept(const struct http_call *call)
{
	return call->kept;
}

int64_t http_call_elapsed_ms(const struct http_call *call)
{
	return call->elapsed_ms;
}

void http_call_free(struct http_call *call)
{
	if (!call)
		return;
	if (call->started && !call->over)
		http_cancel(call);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	curl_slist_free_all(call->connect_to);
	for (size_t i = 0; i < call->warning_count; i++)
		free(call->warnings[i]);
	buf_release(&call->reply);
	free(call->kept);
	free(call->target);
	free(call);
}
