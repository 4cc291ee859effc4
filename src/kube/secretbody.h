/* The body of the write, for secretwrite.c and its tests. */
#ifndef KR_KUBE_SECRETBODY_H
#define KR_KUBE_SECRETBODY_H

#include "kube/secretobj.h"

/*
 * The JSON of the server-side apply: name, uid and resourceVersion as read,
 * the annotations of this rotation, and the one entry.
 */
KR_FALLIBLE kube_secret_body(const struct kube_secret *secret,
			     const struct kube_secret_write *write,
			     struct secret **out);

/* The same without annotations, around random bytes: for a dry run. */
KR_FALLIBLE kube_secret_dry_body(const struct kube_secret *secret,
				 struct secret **out);

#endif
