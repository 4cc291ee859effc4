/*
 * What is kept of a pod: a small struct, so that thousands fit.
 */
#ifndef KR_KUBE_POD_H
#define KR_KUBE_POD_H

#include <stdint.h>

#include "kube/path.h"
#include "kube/uses.h"

/* Which Secret entry is looked for; everything borrowed. */
struct kube_target {
	const char *ns;
	const char *secret;
	const char *entry;
	/* entry, entry_NEXT and entry_PREVIOUS are one keyring. */
	bool keyring;
};

/* The first container of a pod that is in trouble. */
struct kube_trouble {
	char *container; /* NULL: the pod as a whole (Unschedulable, ...) */
	char *reason;	 /* "CrashLoopBackOff", "ImagePullBackOff", ... */
	char *message;	 /* the cluster's words, cleaned; NULL where none */
	int exit_code;	 /* of its last run, 0: none known */
	int restarts;	 /* of that container */
	bool waiting;	 /* reason is of a waiting state (or of the pod); else
			  * of how a run ended */
};

struct kube_pod {
	char *name;
	char *uid;
	char *owner_kind; /* of the controlling owner; NULL: a bare pod */
	char *owner_name;
	char *owner_uid;
	char *hash;	/* pod-template-hash or controller-revision-hash */
	char *rotation; /* our annotations; NULL where none */
	char *fingerprint;
	int use_how;   /* enum kube_use_how, 0: does not use the Secret */
	int entry_how; /* ... of the references that hold the entry */
	bool terminating;
	bool finished; /* phase Succeeded or Failed: runs nothing */
	bool ready;
	bool started; /* every container that gets the entry has started */
	bool scheduled;
	bool matched; /* by a consumer's selector; its owner was not plain */
	int restarts; /* highest of the containers */
	int64_t created_ms; /* wall time of the server, 0: unknown */
	/* Latest start of the containers that get the entry (of all ordinary
	 * ones where none of them is known to); wall time, 0: not all run. */
	int64_t started_ms;
	/* The first ordinary container that gets the entry; else kubectl's
	 * default container. */
	char *container;
	int container_count; /* of the pod, init containers not counted */
	struct kube_trouble trouble; /* reason NULL: none */
	/* Compact JSON, kept only until it is known whose pod it is. */
	char *labels;
	/* Index in kube_consumers.items, SIZE_MAX: none of them. */
	size_t consumer;
};

/* From a Pod object. Nothing of `pod` is kept. */
KR_FALLIBLE kube_pod_read(const struct cJSON *pod,
			  const struct kube_target *target,
			  struct kube_pod *out);
void kube_pod_release(struct kube_pod *pod);

/* Pods by uid order of arrival; linear in memory, found by hash of the uid. */
struct kube_pods {
	struct kube_pod *items;
	size_t count;
	size_t cap;
	size_t *slots; /* open addressing over items; index + 1, 0: free */
	size_t slot_count;
};

/* Takes *pod over (adds it, or replaces the one of the same uid). */
KR_FALLIBLE kube_pods_put(struct kube_pods *pods, struct kube_pod *take_pod);
/* NULL where it is not there. */
struct kube_pod *kube_pods_find(const struct kube_pods *pods, const char *uid);
/* The last pod takes its place. */
void kube_pods_drop(struct kube_pods *pods, const char *uid);
void kube_pods_clear(struct kube_pods *pods);
void kube_pods_release(struct kube_pods *pods);

#endif
