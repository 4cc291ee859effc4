/*
 * Kinds and where they are served. One table: what the program may touch.
 */
#ifndef KR_KUBE_PATH_H
#define KR_KUBE_PATH_H

#include <stddef.h>

#include "base/err.h"

enum kube_kind {
	KIND_SECRET,
	KIND_POD,
	KIND_NAMESPACE,
	KIND_EVENT,
	KIND_DEPLOYMENT,
	KIND_REPLICASET,
	KIND_STATEFULSET,
	KIND_DAEMONSET,
	KIND_CONTROLLERREVISION,
	KIND_JOB,
	KIND_CRONJOB,
	KIND_HPA,
	KIND_PDB,
	KIND_LEASE,
	KIND_COUNT,
};

struct kube_kind_info {
	const char *kind;     /* "Deployment" */
	const char *group;    /* "apps", "" for core */
	const char *version;  /* "v1" */
	const char *plural;   /* "deployments" */
	const char *singular; /* "deployment": as people type it */
	const char *short_;   /* "deploy", or NULL */
};

const struct kube_kind_info *kube_kind_info(enum kube_kind kind);

/* From "deployment", "Deployment", "deployments", "deploy", "sts" ... */
bool kube_kind_parse(const char *text, size_t len, enum kube_kind *out);

/*
 * "/api/v1/namespaces/NS/secrets/NAME". ns NULL: not namespaced (or all
 * namespaces); name NULL: the collection. malloc'd; NULL without memory.
 */
char *kube_path(enum kube_kind kind, const char *ns, const char *name);
/* With "/log", "/status" ... and "?query" (either may be NULL). */
char *kube_path_sub(enum kube_kind kind, const char *ns, const char *name,
		    const char *subresource, const char *query);

/* RFC 1123 subdomain (most names), as the API server checks it. */
bool kube_name_is_valid(const char *name);
/* An entry of a Secret: [-._a-zA-Z0-9]{1,253}, not ".", not "..*". */
bool kube_entry_is_valid(const char *entry);

#endif
