/*
 * Restarting the consumers and following them to the end.
 *
 *	rollout_new(kube, consumers, &options, &r)	chosen consumers only
 *	rollout_restart(r, rotation, fingerprint)	watches and patches,
 *							one round trip
 *	rollout_wait(r)			until done, failed, timed out
 *	rollout_result(r, i)			what to tell per consumer
 *
 * Done means: the object shown is not older than our patch (same uid,
 * generation), its controller has seen it, and every pod of the consumer
 * carries our rotation and is ready, as many as are wanted, and no pod of an
 * older template is left, terminating ones included. Pods that stay by the
 * user's own configuration (OnDelete, partition) are not waited for, and what
 * they belong to is not done.
 *
 * It fails early where waiting cannot help: a deadline of the Deployment's,
 * containers that crash, images that cannot be had, configuration that cannot
 * be made, pods that no node takes (after a grace), a quota, a deleted object.
 */
#ifndef KR_KUBE_ROLLOUT_H
#define KR_KUBE_ROLLOUT_H

#include "kube/annotations.h"
#include "kube/consumers.h"
#include "kube/rollout_judge.h"

struct rollout;

/* One consumer while it rolls; strings are borrowed for the call. */
struct rollout_progress {
	const char *kind;
	const char *name;
	int desired, updated, ready, old;
	const char *waiting_for; /* NULL where done */
	bool done;
	bool failed;
	int64_t elapsed_ms;
	int64_t timeout_ms; /* < 0: none */
};

/* An outage that is shorter than this is not worth a word. */
#define ROLLOUT_SILENT_MS 5000

struct rollout_options {
	int64_t timeout_ms; /* < 0: none */
	/* For what can pass by itself (no node, a registry, a quota); 0: 10 s
	 */
	int64_t grace_ms;
	/* On every change of a consumer's counts. NULL allowed, as below. */
	void (*on_progress)(void *user, const struct rollout_progress *p);
	/*
	 * A template carries another rotation than this one (again): whether
	 * the wait has still a sense. An error ends it.
	 */
	struct err *(*on_overtaken)(void *user);
	/* At least four times a second. */
	void (*on_tick)(void *user);
	void *user;
};

/* `consumers` is borrowed, and kept up to date (states and pods). */
KR_FALLIBLE rollout_new(struct kube *kube, struct kube_consumers *consumers,
			const struct rollout_options *options,
			struct rollout **out);

/*
 * Opens the watches and sends one merge patch for each consumer marked
 * `restart`, together. A patch without an answer is settled by reading the
 * object. Fails with the first patch that was refused; the others were sent.
 */
KR_FALLIBLE rollout_restart(struct rollout *r, const char *rotation,
			    const char *fingerprint,
			    const struct kube_ring_notes *ring);

/*
 * As rollout_restart() without patches: follow consumers whose templates
 * carry the rotation already.
 */
KR_FALLIBLE rollout_follow(struct rollout *r, const char *rotation);

/*
 * KR_EROLLOUT with the pod's own reason (err_reason() is the cluster's word),
 * or "OldPods" where all is done but pods that only a person moves (OnDelete,
 * partition; the hint is the command that does it),
 * KR_ETIMEOUT is reported as KR_EROLLOUT with reason "Timeout",
 * KR_EINTERRUPTED on a stop request, KR_ECLUSTER, KR_EAUTH, KR_EFORBIDDEN.
 * A cluster that does not answer is waited for until the time is over (and
 * told in on_progress); then it is KR_ECLUSTER.
 * Where one consumer fails, the others are given two more seconds, so that
 * all that fail for the same reason are told together.
 */
KR_FALLIBLE rollout_wait(struct rollout *r);

/* Per consumer of `consumers` (same index). */
struct rollout_result {
	bool restarted; /* the patch changed the template */
	bool followed;	/* is part of this rollout */
	bool done;
	bool failed;
	int desired, updated, ready, old;
	const char *reason;	 /* of a failure: "CrashLoopBackOff"; or NULL */
	const char *waiting_for; /* one clause for people, NULL where done */
	const char *pod;	 /* that failed, or is waited for; NULL */
	const char *container;
	const char *message; /* the cluster's words on the failure; NULL */
	/* OnDelete: the new template is there, and no pod of it. */
	bool waits_for_delete;
};
struct rollout_result rollout_result(const struct rollout *r, size_t index);

/*
 * Since when (clock_wall_ms()) the cluster does not answer, so that what is
 * known is as of then; 0: it does.
 */
int64_t rollout_lost_ms(const struct rollout *r);

/*
 * Pods of both keys side by side: neither reads what the other writes. Pods of
 * consumers that are not part of the rollout are not counted.
 */
struct rollout_mixed {
	int pods;   /* on the old key at most, beside at least one new one */
	int64_t ms; /* from the first new pod's start to the last old one's end
		     */
	bool open;  /* old pods were left at the last look, or nobody looked */
};
struct rollout_mixed rollout_mixed(const struct rollout *r);

/*
 * The last lines (at most 20) that the failed container of consumer `index`
 * wrote: of the run that crashed, else of the present one. Each line is
 * cleaned of control characters; the filter (NULL: none) is asked before, and
 * false drops the line. None where there is no log.
 */
typedef bool kube_line_filter(void *user, const char *line, size_t len);
typedef void kube_on_log_line(void *user, const char *pod,
			      const char *container, const char *line);
KR_FALLIBLE rollout_last_lines(struct rollout *r, size_t index,
			       kube_line_filter *filter,
			       kube_on_log_line *on_line, void *user);

void rollout_free(struct rollout *r);
KR_DEFINE_FREEP(rollout)

#endif
