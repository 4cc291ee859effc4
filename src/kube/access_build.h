/*
 * Inside of access.c: the parts that a struct kube_access is put together
 * from. Each function fills its fields of `access` and answers KR_ECONFIG or
 * KR_EUSAGE where the parts do not fit.
 */
#ifndef KR_KUBE_ACCESS_BUILD_H
#define KR_KUBE_ACCESS_BUILD_H

#include "base/buf.h"
#include "kube/access.h"
#include "kube/hosturl.h"
#include "kube/kubeconfig.h"

struct access_parts {
	const struct kube_flags *flags;
	const struct kubeconfig *config;
	const struct kubeconfig_entry *context; /* NULL where none */
	const struct kubeconfig_entry *cluster;
	const struct kubeconfig_entry *user;
	char *server;	    /* as it was given, by flag or file */
	struct hosturl url; /* ... taken apart */
	struct buf ca;	    /* the authority's text as it was given */
};

/* A flag that is there and not "". */
static inline const char *flag_text(const char *flag)
{
	return flag && *flag ? flag : NULL;
}

/* Server, TLS, proxy. */
KR_FALLIBLE access_build_cluster(struct access_parts *parts,
				 struct kube_access *access);
/* After the cluster: credentials and impersonation. */
KR_FALLIBLE access_build_user(const struct access_parts *parts,
			      struct kube_access *access);
KR_FALLIBLE access_build_impersonation(const struct access_parts *parts,
				       struct kube_access *access);

/* Shared with the in-cluster account. */
KR_FALLIBLE access_set_server(struct access_parts *parts, const char *server,
			      const char *who, struct kube_access *access);
KR_FALLIBLE access_set_proxy(const struct access_parts *parts,
			     struct kube_access *access);
KR_FALLIBLE access_read_ca(struct access_parts *parts, const char *path,
			   struct kube_access *access);
/* Takes a secret from a text, unless it is empty. */
KR_FALLIBLE access_keep_secret(const char *text, struct secret **out);
/* The file's bytes. KR_ECONFIG names it. */
KR_FALLIBLE access_read_secret(const char *path, struct secret **out);

#define ACCESS_MAX_PEM (4 * 1024 * 1024)

#define KUBE_SERVICE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

/* Whether this process runs in a pod that has a service account. */
bool incluster_is_possible(const char *dir);
KR_FALLIBLE incluster_build(const char *dir, struct access_parts *parts,
			    struct kube_access *access);
/* $POD_NAMESPACE, the account's namespace file, or NULL; malloc'd. */
char *incluster_namespace(const char *dir);

#endif
