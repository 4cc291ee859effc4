/* Kept-open GETs: watches and followed logs. */
#include "base/clock.h"
#include "base/json.h"
#include "kube/client_internal.h"

struct kube_stream {
	struct kube *kube;
	struct http_call *call;
	bool noted;
};

KR_FALLIBLE kube_stream_open(struct kube *kube, const char *path,
			     http_on_data *on_data, void *user,
			     int64_t idle_timeout_ms, struct kube_stream **out)
{
	kr_cleanup(kube_stream_closep) struct kube_stream *stream =
		calloc(1, sizeof(*stream));
	struct err *err;

	if (!stream)
		return err_no_memory();
	stream->kube = kube;
	err = kube_make_ready(kube);
	if (!err)
		err = kube_new_call(kube, "GET", path, KUBE_TEXT,
				    &stream->call);
	if (err)
		return err;
	http_call_stream(stream->call, on_data, user, idle_timeout_ms);
	err = http_start(stream->call);
	if (err)
		return err;
	*out = take_ptr(&stream);
	return NULL;
}

bool kube_stream_over(const struct kube_stream *stream)
{
	return http_call_over(stream->call);
}

KR_FALLIBLE kube_stream_error(const struct kube_stream *stream)
{
	struct kube_request request = {
		.method = "GET",
		.status = http_call_status(stream->call),
	};
	struct err *err;

	kube_note_reply(stream->kube, stream->call);
	err = http_call_error(stream->call);
	if (err)
		return err;
	if (request.status >= 200 && request.status < 300)
		return NULL;
	if (request.status == 401)
		(void)kube_auth_rejected(stream->kube->auth);
	err = kube_failure_err(&request, stream->call);
	kube_request_release(&request);
	return err;
}

long kube_stream_status(const struct kube_stream *stream)
{
	return http_call_status(stream->call);
}

void kube_stream_close(struct kube_stream *stream)
{
	if (!stream)
		return;
	http_call_free(stream->call);
	free(stream);
}

KR_FALLIBLE kube_drive(struct kube *kube, int64_t deadline_ms)
{
	struct err *err;

	if (kube->retired) {
		err = http_drive(kube->retired, clock_boot_ms(), NULL);
		if (err)
			return err;
	}
	return kube->http ? http_drive(kube->http, deadline_ms, NULL) : NULL;
}
