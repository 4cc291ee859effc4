/* Shared by client.c, list.c, stream.c and failure.c. */
#ifndef KR_KUBE_CLIENT_INTERNAL_H
#define KR_KUBE_CLIENT_INTERNAL_H

#include "kube/auth.h"
#include "kube/client.h"

#define KUBE_MAX_REPLY (64u * 1024 * 1024)

struct kube {
	const struct kube_access *access;
	struct kube_auth *auth;
	struct http *http;
	/* Connections of an earlier client certificate, kept for what still
	 * runs over them. */
	struct http *retired;
	http_on_trace *on_trace;
	void *trace_user;
	kube_on_warning *on_warning;
	void *warning_user;
	char **warnings_seen;
	size_t warnings_count;
	int64_t skew_ms;
	char user_agent[128];
};

/* Credentials fresh, connections there. */
KR_FALLIBLE kube_make_ready(struct kube *kube);

/* A decorated call for a path of the API; prefix and Accept added. */
KR_FALLIBLE kube_new_call(struct kube *kube, const char *method,
			  const char *path, int flags, struct http_call **out);

/* Warnings and the Date header of a finished call. */
void kube_note_reply(struct kube *kube, const struct http_call *call);

/* A refusal or nonsense put into words; fills request->failure. */
struct err *kube_failure_err(struct kube_request *request,
			     const struct http_call *call);

#endif
