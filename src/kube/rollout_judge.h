/*
 * "Is it done?": the pure part of a rollout, a function of plain numbers.
 */
#ifndef KR_KUBE_ROLLOUT_JUDGE_H
#define KR_KUBE_ROLLOUT_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum judge_kind { JUDGE_DEPLOYMENT, JUDGE_STATEFULSET, JUDGE_DAEMONSET };

/* One consumer and its pods, counted. All times are milliseconds. */
struct judge_facts {
	enum judge_kind kind;
	bool deleted;	/* the object is gone, or has another uid */
	bool paused;	/* Deployment: nothing moves */
	bool on_delete; /* updateStrategy OnDelete */
	int partition;	/* StatefulSet */
	long long wanted_generation; /* of our patch's answer */
	long long generation, observed_generation;
	int desired, replicas, updated, ready, available;
	bool deadline_exceeded;
	/* ReplicaFailure (quota, admission); NULL: none. Old pods that end
	 * can free what is missing, so it is given the grace too. */
	const char *failure_reason;
	int64_t failure_for_ms;

	/* Pods that carry our rotation (without those that are being
	 * deleted), and the others; pods that ended count as neither. */
	int new_pods, new_ready;
	int old_pods; /* terminating ones included */
	int old_terminating;
	int old_below_partition; /* of old_pods: ordinals below it */
	/* The worst trouble of a new pod that is not ready; NULL: none. */
	const char *trouble_reason;
	bool trouble_waiting; /* the reason of a waiting container, or the
			       * pod's; else of how its last run ended */
	int trouble_restarts;
	int64_t trouble_for_ms;
	int64_t grace_ms; /* for troubles that can pass by themselves */
};

enum judge_state {
	JUDGE_WAITING,
	JUDGE_DONE,
	/* All that moves by itself is done, and pods stay on the old template
	 * by the user's own configuration (OnDelete, partition). */
	JUDGE_HELD,
	JUDGE_FAILED,
};

struct judge_verdict {
	enum judge_state state;
	/* FAILED: the cluster's word, borrowed from the facts or a literal. */
	const char *reason;
	int left_behind;      /* pods that are held, or will be */
	char waiting_for[96]; /* a clause: "2 old pods to end"; "" if done */
};

void rollout_judge(const struct judge_facts *facts, struct judge_verdict *out);

#endif
