/*
 * Which key a pod runs: a fingerprint, or "cannot be known", never a guess.
 *
 * A pod's environment is fixed when its containers start, and the API does not
 * show it. What can be known follows from two facts of ours: the pod template
 * is annotated with a rotation only after the Secret was written by that
 * rotation, and the Secret's managedFields tell who wrote the entry last, and
 * when. So a pod runs
 *
 * (a) the fingerprint in its annotations, where its rotation is the one in the
 *     Secret's annotations and the entry's data is still owned by the
 *     entry's own field manager: nobody wrote in between;
 * (b) the fingerprint in its annotations, where its rotation is the one that
 *     the Secret's last writer replaced (previous.keyrot.dev), the entry is
 *     used by environment alone, and every container that uses it started
 *     clearly before that write;
 * (c) otherwise it cannot be known: started before the tool came, an entry
 *     that somebody else wrote, a volume that is refreshed in place at a
 *     moment of the kubelet's choosing.
 *
 * A kubelet may hand out the old value for the blink of an eye after the
 * write (its cache is fed by a watch). (a) does not see that; `verify` does.
 */
#ifndef KR_KUBE_PODKEY_H
#define KR_KUBE_PODKEY_H

#include "kube/pod.h"
#include "secret/secret.h"

enum kube_ring_state { RING_CURRENT, RING_ADDED, RING_RETIRED };

/* "ROTATION+next": what marks the state, after a rotation's id. */
const char *kube_ring_suffix(enum kube_ring_state state);

/* What the Secret's metadata say about one entry. */
struct kube_key_facts {
	char *uid;
	char *resource_version;
	char *fingerprint; /* annotations; NULL where none */
	char *rotation;
	/* What pods carry: the rotation, and in which state of the keyring
	 * they were started; see annotations.h. */
	char *mark;
	enum kube_ring_state state;
	char *previous; /* the mark before */
	char *operator_;
	char *rotated_at;
	char *replaced;	    /* fingerprint of the key before */
	char *validated;    /* "FINGERPRINT TIME" */
	char *reencrypted;  /* the same */
	char *owner;	    /* manager that owns data.ENTRY; NULL: nobody */
	bool owned;	    /* ... and it is the entry's own */
	int64_t written_ms; /* when it wrote last, 0: unknown */
	bool immutable;
	bool deleting; /* it is gone once its finalizers are */
	int64_t created_ms;
};

/* From a Secret or its PartialObjectMetadata. */
KR_FALLIBLE kube_key_facts_read(const struct cJSON *secret, const char *entry,
				struct kube_key_facts *out);
/* Sets mark, and what it says; NULL takes them away. */
KR_FALLIBLE kube_key_facts_mark(struct kube_key_facts *facts, const char *mark);
void kube_key_facts_release(struct kube_key_facts *facts);

/*
 * The fingerprint that the pod runs, borrowed from it, or NULL: unknown. Pods
 * that do not use the entry, that ended or have not started run none: NULL.
 */
const char *kube_pod_fingerprint(const struct kube_pod *pod,
				 const struct kube_key_facts *facts);

/* Whether the pod's containers started clearly before the entry was last
 * written: an environment cannot hold the present value. false: unknown. */
bool kube_pod_is_older(const struct kube_pod *pod,
		       const struct kube_key_facts *facts);

#endif
