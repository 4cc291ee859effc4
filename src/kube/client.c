#include "kube/client.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "kube/client_internal.h"

#define MAX_WARNINGS 64

KR_FALLIBLE kube_open(const struct kube_access *access, struct kube **out)
{
	kr_cleanup(kube_closep) struct kube *kube = calloc(1, sizeof(*kube));
	struct utsname host;
	struct err *err;

	if (!kube)
		return err_no_memory();
	kube->access = access;
	if (uname(&host) != 0)
		(void)snprintf(host.machine, sizeof(host.machine), "unknown");
	(void)snprintf(kube->user_agent, sizeof(kube->user_agent),
		       "kubectl-keyrot/" KR_VERSION " (linux/%.20s)",
		       host.machine);
	err = kube_auth_new(access, &kube->auth);
	if (err)
		return err;
	*out = take_ptr(&kube);
	return NULL;
}

void kube_close(struct kube *kube)
{
	if (!kube)
		return;
	http_free(kube->http);
	http_free(kube->retired);
	kube_auth_free(kube->auth);
	for (size_t i = 0; i < kube->warnings_count; i++)
		free(kube->warnings_seen[i]);
	free(kube->warnings_seen);
	free(kube);
}

const struct kube_access *kube_access_of(const struct kube *kube)
{
	return kube->access;
}

void kube_set_trace(struct kube *kube, http_on_trace *on_trace, void *user)
{
	kube->on_trace = on_trace;
	kube->trace_user = user;
	if (kube->http)
		http_set_trace(kube->http, on_trace, user);
}

void kube_set_warning(struct kube *kube, kube_on_warning *on_warning,
		      void *user)
{
	kube->on_warning = on_warning;
	kube->warning_user = user;
}

struct http_stats kube_stats(const struct kube *kube)
{
	struct http_stats stats = { 0 };

	return kube->http ? http_stats(kube->http) : stats;
}

int64_t kube_clock_skew_ms(const struct kube *kube)
{
	return kube->skew_ms;
}

KR_FALLIBLE kube_make_ready(struct kube *kube)
{
	const struct kube_access *access = kube->access;
	struct http_origin origin = {
		.url = access->origin,
		.tls_server_name = access->tls_server_name,
		.ca_pem = access->ca_pem,
		.ca_pem_len = access->ca_pem_len,
		.insecure_skip_tls_verify = access->insecure_skip_tls_verify,
		.proxy_url = access->proxy_url,
		.user_agent = kube->user_agent,
		.disable_compression = access->disable_compression,
	};
	bool changed = false;
	struct err *err = kube_auth_prepare(kube->auth, &changed);

	if (err)
		return err;
	if (kube->http && !changed)
		return NULL;
	origin.client_cert_pem = kube_auth_client_cert(kube->auth);
	origin.client_key_pem = kube_auth_client_key(kube->auth);
	http_free(kube->retired);
	kube->retired = take_ptr(&kube->http);
	err = http_new(&origin, &kube->http);
	if (!err)
		http_set_trace(kube->http, kube->on_trace, kube->trace_user);
	return err;
}

static const char *accept_of(int flags, bool is_list)
{
	if (flags & KUBE_TEXT)
		return "*/*";
	if (!(flags & KUBE_METADATA))
		return "application/json";
	if (is_list)
		return "application/json;as=PartialObjectMetadataList;"
		       "g=meta.k8s.io;v=v1";
	return "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
}

/* Of a path: the collection has an odd number of parts after its version. */
static bool is_collection(const char *path)
{
	const char *query = strchr(path, '?');

	return query && (strstr(query, "limit=") || strstr(query, "watch="));
}

KR_FALLIBLE kube_new_call(struct kube *kube, const char *method,
			  const char *path, int flags, struct http_call **out)
{
	kr_cleanup(http_call_freep) struct http_call *call = NULL;
	struct buf target = BUF_INIT(16 * 1024);
	int http_flags = (flags & KUBE_KEY ? HTTP_KEY : 0) |
			 (flags & KUBE_KEY_LAST ? HTTP_KEY_CLOSE : 0) |
			 (flags & KUBE_FINISH ? HTTP_FINISH : 0);
	struct err *err;

	buf_printf(&target, "%s%s", kube->access->path_prefix, path);
	err = buf_check(&target, "a request's path");
	if (!err)
		err = http_call_new(kube->http, method, buf_str(&target),
				    http_flags, &call);
	buf_release(&target);
	if (!err)
		err = http_call_header(call, "Accept",
				       accept_of(flags, is_collection(path)));
	if (!err)
		err = kube_auth_decorate(kube->auth, call);
	if (err)
		return err;
	if (kube->access->request_timeout_ms > 0)
		http_call_timeout(call, kube->access->request_timeout_ms);
	http_call_max_reply(call, KUBE_MAX_REPLY);
	*out = take_ptr(&call);
	return NULL;
}

static bool seen_before(struct kube *kube, const char *text)
{
	char **grown;

	for (size_t i = 0; i < kube->warnings_count; i++) {
		if (strcmp(kube->warnings_seen[i], text) == 0)
			return true;
	}
	if (kube->warnings_count == MAX_WARNINGS)
		return true;
	grown = realloc(kube->warnings_seen,
			(kube->warnings_count + 1) * sizeof(*grown));
	if (!grown)
		return false;
	kube->warnings_seen = grown;
	grown[kube->warnings_count] = strdup(text);
	if (grown[kube->warnings_count])
		kube->warnings_count++;
	return false;
}

void kube_note_reply(struct kube *kube, const struct http_call *call)
{
	const char *text;

	if (http_call_date_ms(call) >= 0)
		kube->skew_ms = http_call_date_ms(call) - clock_wall_ms();
	for (size_t i = 0; (text = http_call_warning(call, i)) != NULL; i++) {
		if (kube->on_warning && !seen_before(kube, text))
			kube->on_warning(kube->warning_user, text);
	}
}
