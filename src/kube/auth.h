/*
 * Credentials at work: what goes onto each request, and what is done when the
 * server answers 401.
 */
#ifndef KR_KUBE_AUTH_H
#define KR_KUBE_AUTH_H

#include "kube/access.h"

struct http;
struct http_call;
struct kube_auth;

/* `access` is borrowed for the life of the result. */
KR_FALLIBLE kube_auth_new(const struct kube_access *access,
			  struct kube_auth **out);
void kube_auth_free(struct kube_auth *auth);
KR_DEFINE_FREEP(kube_auth)

/*
 * Makes sure that credentials are at hand and fresh: reads the token file
 * where it is older than 50 s, runs the exec plugin where it has not run or
 * its result has expired. To be called before a batch of calls; cheap when
 * nothing is due. Sets *out_identity_changed where the client certificate
 * changed, so that the caller opens new connections.
 */
KR_FALLIBLE kube_auth_prepare(struct kube_auth *auth,
			      bool *out_identity_changed);

/* Client certificate and key in force, borrowed; NULL where none. */
const struct secret *kube_auth_client_cert(const struct kube_auth *auth);
const struct secret *kube_auth_client_key(const struct kube_auth *auth);

/* Adds Authorization and Impersonate-* headers. */
KR_FALLIBLE kube_auth_decorate(const struct kube_auth *auth,
			       struct http_call *call);

/*
 * After a 401: drops what can be had anew (exec result, token file's cache).
 * true where trying once more makes sense. A 401 was not executed, so this is
 * safe for writes too.
 */
bool kube_auth_rejected(struct kube_auth *auth);

#endif
