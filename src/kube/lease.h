/*
 * A Lease that keeps two operators apart, and shows who is at work.
 *
 * coordination.k8s.io/v1 Lease, named after the Secret and in its namespace.
 * It is a courtesy, never the only protection: every write is fenced by the
 * Secret's own resourceVersion.
 *
 * The holder's identity is "ROTATION/OPERATOR@HOST/PID". The step at work
 * stands in an annotation. A holder is alive as long as it renews: a Lease
 * that stays unchanged for its duration, measured by our own clock from when
 * we first saw it, may be taken over (renewTime is never compared with our
 * clock). One that is held by the same rotation on this host, by a process
 * that is gone, is taken at once.
 */
#ifndef KR_KUBE_LEASE_H
#define KR_KUBE_LEASE_H

#include "kube/client.h"
#include "kube/pod.h"

#define KUBE_LEASE_DURATION_S 30
#define KUBE_LEASE_RENEW_MS   10000

struct kube_lease;

struct kube_lease_request {
	const struct kube_target *target;
	const char *rotation;
	const char *operator_;
	/* Called while somebody else's Lease is watched for a sign of life:
	 * who holds it, and for how much longer it is waited. */
	void (*on_wait)(void *user, const char *holder, int64_t left_ms);
	void *user;
};

/*
 * KR_EHELD, reason "Held", names the holder, where it shows a sign of life.
 * *out_taken_from (malloc'd; NULL where nobody held it) is the holder that
 * was found dead: to be recorded.
 */
KR_FALLIBLE kube_lease_acquire(struct kube *kube,
			       const struct kube_lease_request *request,
			       struct kube_lease **out, char **out_taken_from);

/*
 * Renews where KUBE_LEASE_RENEW_MS have passed since the last time, or `step`
 * is another one (NULL: the same). KR_EHELD where somebody took it. A cluster
 * that does not answer is forgiven until the duration is over.
 */
KR_FALLIBLE kube_lease_keep(struct kube_lease *lease, const char *step);

/* Gives it back; best effort, since it expires by itself. */
void kube_lease_release(struct kube_lease *lease);

/* Frees the memory; the Lease itself expires by itself. */
void kube_lease_free(struct kube_lease *lease);
KR_DEFINE_FREEP(kube_lease)

#endif
