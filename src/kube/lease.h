/*
 * A Lease that keeps two operators apart, and shows who is at work.
 *
 * coordination.k8s.io/v1 Lease, named after the Secret and in its namespace.
 * It is a courtesy, never the only protection: every write is fenced by the
 * Secret's own resourceVersion.
 *
 * The holder's identity is "ROTATION/OPERATOR@HOST/PID.MACHINE"; MACHINE is of
 * the boot and the PID namespace that PID counts in. The step at work
 * stands in an annotation. A holder is alive as long as it renews: a Lease
 * that stays unchanged for its duration, measured by our own clock from when
 * we first saw it, may be taken over (renewTime is never compared with our
 * clock). One that is held by a process of this machine that is gone is taken
 * at once; so is one's own, after an execve(2).
 *
 * A rotation that stopped before its end leaves a trace, the annotation
 * open.keyrot.dev/ENTRY: "ROTATION", "ROTATION to ENVIRONMENT" for a promotion,
 * or "ROTATION of ROTATION" for a roll-back
 * and what it undoes. It outlives the holder, and tells another machine what
 * there is to go on with.
 */
#ifndef KR_KUBE_LEASE_H
#define KR_KUBE_LEASE_H

#include "kube/client.h"
#include "kube/pod.h"

#define KUBE_LEASE_DURATION_S 30
#define KUBE_LEASE_RENEW_MS   10000
/* Annotation: the step at work, or the one that it stopped at. */
#define KUBE_LEASE_STEP "step.keyrot.dev/current"

struct cJSON;
struct kube_lease;

struct kube_lease_request {
	const struct kube_target *target;
	const char *rotation;
	const char *operator_;
	/* What is written as the trace from now on; NULL: stays as it is. */
	const char *trace;
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

/* When it was asked for, or last renewed; of clock_boot_ms(). */
int64_t kube_lease_renewed_ms(const struct kube_lease *lease);

/* This process, as a holder; malloc'd. */
KR_FALLIBLE kube_lease_identity(const char *rotation, const char *operator_,
				char **out);
/* Whether `holder` was a process here, where `own` is, that is gone. */
bool kube_lease_is_ghost(const char *own, const char *holder);

enum kube_lease_end {
	KUBE_LEASE_UNUSED, /* nothing was begun: the trace is as it was */
	KUBE_LEASE_OPEN,   /* not ended: `rotation` is to be gone on with */
	KUBE_LEASE_ENDED,  /* nothing is left to go on with */
};

/*
 * Gives it back. KUBE_LEASE_OPEN leaves the trace, and the step that it stopped
 * at (NULL: not known). Where that fails it expires by itself, and its trace
 * stays. NULL lease is fine.
 */
KR_FALLIBLE kube_lease_release(struct kube_lease *lease,
			       enum kube_lease_end end, const char *trace,
			       const char *step);

/* Of a Secret's Lease; malloc'd. */
char *kube_lease_name(const char *secret);

/* What a Lease says; strings owned, NULL where it says nothing. */
struct kube_lease_facts {
	char *holder;	/* the whole identity; NULL: nobody has it */
	char *rotation; /* the holder's */
	char *operator_;
	char *host;
	char *step;
	char *acquired; /* RFC 3339, by the holder's clock */
	char *renewed;	/* ... */
	char *open;	/* of the trace: the rotation that has not ended */
	char *undone;	/* ... and the one that it undoes */
	char *to;	/* ... and the environment that it promotes to */
};
/* One GET. A Lease that is not there says nothing. */
KR_FALLIBLE kube_lease_read(struct kube *kube, const struct kube_target *target,
			    struct kube_lease_facts *out);
void kube_lease_facts_release(struct kube_lease_facts *facts);
/* "jane on laptop, rotation ID, since TIME, at step S, alive at TIME";
 * malloc'd. */
char *kube_lease_holder_text(const struct kube_lease_facts *facts);

/* KR_EHELD, reason "Held": who has the Lease `object`, where, at which step,
 * and since when nothing was heard of it. */
KR_FALLIBLE kube_lease_held(const char *ns, const char *name,
			    const struct cJSON *object);

/*
 * What one look tells of a Lease `object` (NULL: there is none): KR_EHELD as
 * above where its holder is at work. Held by nobody, by a process of this
 * machine that is gone, or not renewed for its duration by the server's clock,
 * it stands against nothing. Holders whose clocks are wrong can be taken for
 * gone: this is for one who only passes, and takes no Lease.
 */
KR_FALLIBLE kube_lease_check(const struct kube *kube,
			     const struct kube_target *target,
			     const struct cJSON *object);
/*
 * The rotation that began here and has not ended, though nobody need be at
 * work on it; malloc'd, NULL: none.
 */
KR_FALLIBLE kube_lease_open(const struct kube_target *target,
			    const struct cJSON *object, char **out_rotation);
/* The path to read it from; malloc'd, NULL when out of memory. */
char *kube_lease_path(const struct kube_target *target);

/* Frees the memory; the Lease itself expires by itself. */
void kube_lease_free(struct kube_lease *lease);
KR_DEFINE_FREEP(kube_lease)

#endif
