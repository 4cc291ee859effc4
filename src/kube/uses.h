/*
 * How a pod specification refers to a Secret.
 *
 * Seen: env secretKeyRef, envFrom, secret volumes, projected volumes and CSI
 * volumes' nodePublishSecretRef, of ordinary, init and ephemeral containers.
 * imagePullSecrets do not count: that Secret is read by the kubelet, not by
 * the pod. What a program reads from the API by itself cannot be seen.
 */
#ifndef KR_KUBE_USES_H
#define KR_KUBE_USES_H

#include <stddef.h>

#include "base/err.h"

struct cJSON;

enum kube_use_how {
	USE_ENV = 1,	   /* env[].valueFrom.secretKeyRef */
	USE_ENV_FROM = 2,  /* envFrom[].secretRef */
	USE_VOLUME = 4,	   /* volumes[].secret */
	USE_PROJECTED = 8, /* volumes[].projected.sources[].secret */
	USE_CSI = 16,	   /* volumes[].csi.nodePublishSecretRef */
	USE_OPTIONAL = 32, /* a reference says optional: true */
	USE_SUBPATH = 64,  /* mounted by subPath: never refreshed in place */
};
/* Values that stay what they were at the start of the container. */
#define USE_FIXED_AT_START (USE_ENV | USE_ENV_FROM)

struct kube_use {
	int how; /* 0: does not refer to the Secret */
	/* The same for references that the entry is part of; 0: only other
	 * entries of the Secret are named. */
	int entry_how;
	/* Containers that get the entry, each once; init containers too. */
	char **containers;
	size_t container_count;
};

/* The other two entries of a keyring. */
#define KUBE_NEXT_SUFFIX     "_NEXT"
#define KUBE_PREVIOUS_SUFFIX "_PREVIOUS"

/*
 * Reads a pod spec (NULL: refers to nothing). With `keyring` the entry is
 * three, see the suffixes.
 */
KR_FALLIBLE kube_use_read(const struct cJSON *pod_spec, const char *secret,
			  const char *entry, bool keyring,
			  struct kube_use *out);
bool kube_use_has_container(const struct kube_use *use, const char *name);
/* "env", "envFrom", "volume", ... joined by ", "; malloc'd, NULL: no memory */
char *kube_use_text(const struct kube_use *use);
void kube_use_release(struct kube_use *use);

#endif
