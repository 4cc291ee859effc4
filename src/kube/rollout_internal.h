/* Shared by the files of rollout.h; nobody else includes this. */
#ifndef KR_KUBE_ROLLOUT_INTERNAL_H
#define KR_KUBE_ROLLOUT_INTERNAL_H

#include "kube/rollout.h"
#include "kube/watch.h"

/* What is known of one consumer beside its state and pods. */
struct follow {
	bool followed;
	bool restarted;
	bool deleted;
	bool unseen; /* not yet in the list that is being taken */
	bool done, failed;
	bool held; /* only old pods are left that nothing moves by itself */
	long long wanted_generation;
	long long overtaken_generation; /* that on_overtaken was asked about */
	/* When the present trouble, failure condition or lack of pods was
	 * first seen; 0: there is none. */
	int64_t trouble_since, failure_since, lacking_since;
	int64_t events_asked_ms;
	struct judge_facts facts;
	struct judge_verdict verdict;
	struct judge_facts told; /* what on_progress heard last */
	bool told_once;
	char *trouble_reason; /* that trouble_since belongs to */
	char *reason;	      /* of the failure */
	char *message;
	char *pod, *container;
};

/* One watch and the kind it follows. */
struct followed {
	struct rollout *r;
	enum kube_kind kind;
	const char *name; /* NULL: all of the kind */
	struct kube_watch *watch;
	bool listing; /* between WATCH_RESET and WATCH_LISTED */
};

#define ROLLOUT_WATCHES (KUBE_CONSUMER_READS)

struct rollout {
	struct kube *kube;
	struct kube_consumers *c;
	struct rollout_options options;
	char *rotation;
	struct follow *follows; /* one for each of c->items at the start */
	size_t count;
	struct followed watches[ROLLOUT_WATCHES];
	size_t watch_count;
	int64_t started_ms;
	int64_t deadline_ms;
	int64_t failed_ms; /* when the first consumer failed, 0: none */
	struct rollout_mixed mixed;
	int64_t mixed_since_ms; /* 0: not yet */
	bool mixed_over;
	bool looked; /* at least once */
	/* Since when no question beside the watches is answered; 0: it is. */
	int64_t unanswered_ms;
	struct err *unanswered; /* why; owned */
	bool silent;		/* on_progress was told that no answer comes */
	bool back;		/* ... and is being told that they come again */
};

/* Opens the watches that the followed consumers need. */
KR_FALLIBLE rollout_open_watches(struct rollout *r);
/* Counts pods and judges all; tells what changed. */
KR_FALLIBLE rollout_look(struct rollout *r);
/* Both keys side by side? After each look. */
void rollout_mixed_look(struct rollout *r);
/* Half of what is there looks like pods that are gone: a list is being taken,
 * or there are pods of which it is not known yet whose they are. */
bool rollout_is_halfway(const struct rollout *r);
/* Whether the pod carries the rotation. */
bool rollout_pod_is_new(const struct rollout *r, const struct kube_pod *pod);
/* KR_EROLLOUT, "OldPods", of a consumer that is held. */
struct err *rollout_held(const struct rollout *r, size_t index);
/* Tells on_progress, where something changed. */
void rollout_tell(struct rollout *r, size_t index, bool changed);
/* Takes the error of a question that can be asked again later. */
struct err *rollout_asked(struct rollout *r, struct err *take_err);
/* Tells on_progress that the cluster does not answer, and that it does. */
void rollout_tell_silence(struct rollout *r);
/* The error of a wait whose end nobody saw; NULL: the cluster answers. */
struct err *rollout_lost(const struct rollout *r, size_t index);
/* The newest Warning event of the object, cleaned; *out NULL: none. */
KR_FALLIBLE rollout_warning(struct rollout *r, const char *kind,
			    const char *name, const char *only_reason,
			    char **out);

#endif
