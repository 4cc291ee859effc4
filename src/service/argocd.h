/*
 * Argo CD's own API, where its resources cannot be reached: one Application is
 * read, and asked to sync.
 *
 * Source: GET /api/v1/applications/{name}, POST
 * /api/v1/applications/{name}/sync of Argo CD's OpenAPI description; the token
 * goes as Authorization: Bearer. What the server says of a failure is not
 * quoted.
 */
#ifndef KR_SERVICE_ARGOCD_H
#define KR_SERVICE_ARGOCD_H

#include "net/http.h"
#include "secret/ref.h"

struct argocd;
struct cJSON;

/* All borrowed until argocd_new() returns. */
struct argocd_options {
	const char *url; /* https://host[:port][/prefix], or a reference */
	struct ref token;
	const char *ca;	    /* file of PEM; NULL: the system's roots */
	const char *folder; /* of relative paths; NULL: the current one */
};

/* Reads address, certificate and token; sends nothing. */
KR_FALLIBLE argocd_new(const struct argocd_options *options,
		       struct argocd **out);
void argocd_free(struct argocd *argocd);
KR_DEFINE_FREEP(argocd)

/* `ns` is the Application's namespace. `refresh`: once Argo CD has compared it
 * with Git and the cluster again. */
KR_FALLIBLE argocd_get(struct argocd *argocd, const char *ns, const char *name,
		       bool refresh, struct cJSON **out);
/* `mark` and `value` become an info of the operation. */
KR_FALLIBLE argocd_sync(struct argocd *argocd, const char *ns, const char *name,
			const char *mark, const char *value);

#endif
