#include "body.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A body that is handed out bit by bit. */
struct source {
	int fd;
	struct request *req;
	struct fault_hit hit;
	struct buf body;
	struct stream stream;
	size_t sent;
	bool first_done; /* of a watch: the first event is out */
};

static const char gone_event[] =
	"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":"
	"\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"too old "
	"resource version: 1 (2)\",\"reason\":\"Expired\",\"code\":410}}\n";
static const char error_event[] =
	"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":"
	"\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"Internal "
	"error occurred: etcd event received with no value\",\"reason\":"
	"\"InternalError\",\"code\":500}}\n";

static void source_free(void *cls)
{
	struct source *source = cls;

	if (source->stream.free)
		source->stream.free(source->stream.ctx);
	buf_release(&source->body);
	free(source);
}

static ssize_t from_body(struct source *source, char *out, size_t max)
{
	size_t left = source->body.len - source->sent;

	if (max > left)
		max = left;
	if (max)
		memcpy(out, source->body.data + source->sent, max);
	source->sent += max;
	return (ssize_t)max;
}

static ssize_t cut(const struct source *source)
{
	shutdown(source->fd, SHUT_RDWR);
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static void stall(struct source *source)
{
	int64_t end = now_ms() + source->hit.ms;

	while (now_ms() < end && !request_gone(source->req))
		sleep_ms(20);
}

/* The faults of a watch stream; n bytes at out were about to be sent. */
static ssize_t watch_fault(struct source *source, char *out, ssize_t n)
{
	const char *event =
		source->hit.kind == FAULT_WATCH_GONE ? gone_event : error_event;

	if (source->first_done) {
		if (source->hit.kind == FAULT_WATCH_CUT)
			return cut(source);
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	source->first_done = true;
	if (source->hit.kind == FAULT_WATCH_CUT)
		return n > 1 ? n / 2 : n;
	if (source->hit.kind == FAULT_WATCH_END)
		return n;
	memcpy(out, event, strlen(event));
	return (ssize_t)strlen(event);
}

static ssize_t source_read(void *cls, uint64_t at, char *out, size_t max)
{
	struct source *source = cls;
	enum fault_kind kind = source->hit.kind;
	ssize_t n;

	(void)at;
	if (kind == FAULT_WATCH_STALL) {
		stall(source);
		return cut(source);
	}
	if (kind == FAULT_SLOW && source->sent)
		sleep_ms(source->hit.ms);
	if (kind == FAULT_SLOW)
		max = 1;
	if (kind == FAULT_WATCH_SPLIT)
		max = 1 + source->sent % 7;
	if (kind == FAULT_CUT && source->sent >= source->body.len / 2)
		return cut(source);
	if (kind == FAULT_CUT && max > source->body.len / 2 - source->sent)
		max = source->body.len / 2 - source->sent;
	if (kind == FAULT_ENDLESS) {
		memset(out, ' ', max);
		return (ssize_t)max;
	}
	/* An error event needs no event of the cluster to follow. */
	if (kind == FAULT_WATCH_GONE || kind == FAULT_WATCH_ERROR ||
	    ((kind == FAULT_WATCH_CUT || kind == FAULT_WATCH_END) &&
	     source->first_done))
		return watch_fault(source, out, 0);
	if (!source->stream.read) {
		n = from_body(source, out, max);
	} else {
		n = source->stream.read(source->stream.ctx, out, max);
		source->sent += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return cut(source);
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (kind == FAULT_WATCH_CUT || kind == FAULT_WATCH_END)
		return watch_fault(source, out, n);
	return n;
}

static struct MHD_Response *stream_response(struct request *req,
					    struct reply *reply,
					    const struct fault_hit *hit)
{
	struct source *source = xcalloc(1, sizeof(*source));
	bool sized = !reply->stream.read && hit->kind != FAULT_ENDLESS;

	source->fd = req->fd;
	source->req = req;
	source->hit = *hit;
	source->body = reply->body;
	source->stream = reply->stream;
	memset(&reply->body, 0, sizeof(reply->body));
	memset(&reply->stream, 0, sizeof(reply->stream));
	return MHD_create_response_from_callback(
		sized ? source->body.len : MHD_SIZE_UNKNOWN, 32768, source_read,
		source, source_free);
}

static bool bit_by_bit(const struct reply *reply, const struct fault_hit *hit)
{
	return reply->stream.read || hit->kind == FAULT_CUT ||
	       hit->kind == FAULT_SLOW || hit->kind == FAULT_ENDLESS;
}

enum MHD_Result body_queue(struct MHD_Connection *conn, struct request *req,
			   struct reply *reply, const struct fault_hit *hit)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	char audit[37];

	if (bit_by_bit(reply, hit))
		response = stream_response(req, reply, hit);
	else
		response = MHD_create_response_from_buffer(
			reply->body.len, reply->body.data,
			MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	uid_make(audit);
	MHD_add_response_header(response, "Audit-Id", audit);
	MHD_add_response_header(response, "Cache-Control", "no-cache, private");
	MHD_add_response_header(response, "Content-Type", reply->content_type);
	if (*reply->retry_after)
		MHD_add_response_header(response, "Retry-After",
					reply->retry_after);
	if (reply->warning)
		MHD_add_response_header(response, "Warning", reply->warning);
	result = MHD_queue_response(
		conn, (unsigned)(reply->status ? reply->status : 200),
		response);
	MHD_destroy_response(response);
	return result;
}
