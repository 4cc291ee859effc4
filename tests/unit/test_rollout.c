/* "Is it done?", row by row. */
#include <stdio.h>
#include <string.h>

#include "kube/rollout_judge.h"
#include "unit.h"

/* A finished rollout of three pods; rows change what they are about. */
#define DONE_3                                                                 \
	.wanted_generation = 7, .generation = 7, .observed_generation = 7,     \
	.desired = 3, .replicas = 3, .updated = 3, .ready = 3, .available = 3, \
	.new_pods = 3, .new_ready = 3, .grace_ms = 10000

#define DEPLOYMENT  .kind = JUDGE_DEPLOYMENT
#define STATEFULSET .kind = JUDGE_STATEFULSET
#define DAEMONSET   .kind = JUDGE_DAEMONSET

struct row {
	const char *name;
	enum judge_state state;
	const char *text; /* waiting_for or reason */
	int left_behind;
	struct judge_facts facts;
};

/* Later designators override DONE_3 on purpose. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif

static const struct row rows[] = {
	{ "done", JUDGE_DONE, "", 0, { DEPLOYMENT, DONE_3 } },
	{ "statefulset done", JUDGE_DONE, "", 0, { STATEFULSET, DONE_3 } },
	{ "daemonset done", JUDGE_DONE, "", 0, { DAEMONSET, DONE_3 } },
	{ "no pods wanted",
	  JUDGE_DONE,
	  "",
	  0,
	  { DEPLOYMENT, .wanted_generation = 2, .generation = 2,
	    .observed_generation = 2 } },
	{ "no node takes the daemon",
	  JUDGE_DONE,
	  "",
	  0,
	  { DAEMONSET, .wanted_generation = 2, .generation = 2,
	    .observed_generation = 2 } },
	{ "deleted",
	  JUDGE_FAILED,
	  "Deleted",
	  0,
	  { DEPLOYMENT, DONE_3, .deleted = true } },

	/* An object older than the patch says nothing. */
	{ "stale object",
	  JUDGE_WAITING,
	  "the controller to see the change",
	  0,
	  { DEPLOYMENT, DONE_3, .generation = 6, .observed_generation = 6 } },
	{ "not observed",
	  JUDGE_WAITING,
	  "the controller to see the change",
	  0,
	  { DEPLOYMENT, DONE_3, .observed_generation = 6 } },
	{ "an old deadline is not believed",
	  JUDGE_WAITING,
	  "the controller to see the change",
	  0,
	  { DEPLOYMENT, DONE_3, .observed_generation = 6,
	    .deadline_exceeded = true } },
	{ "newer than the patch is fine",
	  JUDGE_DONE,
	  "",
	  0,
	  { DEPLOYMENT, DONE_3, .generation = 9, .observed_generation = 9 } },
	{ "a deadline of a finished rollout is not a failure",
	  JUDGE_DONE,
	  "",
	  0,
	  { DEPLOYMENT, DONE_3, .deadline_exceeded = true } },

	/* Pods against counters. */
	{ "counters say done, an old pod still ends",
	  JUDGE_WAITING,
	  "1 old pod to end",
	  0,
	  { DEPLOYMENT, DONE_3, .old_pods = 1, .old_terminating = 1 } },
	{ "two old pods",
	  JUDGE_WAITING,
	  "2 old pods to end",
	  0,
	  { DAEMONSET, DONE_3, .old_pods = 2 } },
	{ "pods are there, counters lag",
	  JUDGE_WAITING,
	  "the controller to count them",
	  0,
	  { DEPLOYMENT, DONE_3, .updated = 2 } },
	{ "not available yet (minReadySeconds)",
	  JUDGE_WAITING,
	  "the controller to count them",
	  0,
	  { DEPLOYMENT, DONE_3, .available = 2 } },
	{ "an old replica is counted",
	  JUDGE_WAITING,
	  "the controller to count them",
	  0,
	  { DEPLOYMENT, DONE_3, .replicas = 4 } },
	{ "a pod is missing",
	  JUDGE_WAITING,
	  "1 new pod to be made",
	  0,
	  { DEPLOYMENT, DONE_3, .new_pods = 2, .new_ready = 2 } },
	{ "two pods are not ready",
	  JUDGE_WAITING,
	  "2 new pods to be ready",
	  0,
	  { STATEFULSET, DONE_3, .new_ready = 1 } },
	{ "a surplus pod must be ready too",
	  JUDGE_WAITING,
	  "1 new pod to be ready",
	  0,
	  { DEPLOYMENT, DONE_3, .new_pods = 4, .new_ready = 3 } },
	{ "daemon not updated on every node",
	  JUDGE_WAITING,
	  "the controller to count them",
	  0,
	  { DAEMONSET, DONE_3, .updated = 2 } },

	/* What the user configured to stay. */
	{ "OnDelete leaves the old pods",
	  JUDGE_HELD,
	  "3 old pods to be deleted (updateStrategy OnDelete)",
	  3,
	  { STATEFULSET, DONE_3, .on_delete = true, .new_pods = 0,
	    .new_ready = 0, .old_pods = 3, .updated = 0 } },
	{ "OnDelete, one was deleted and ends",
	  JUDGE_WAITING,
	  "1 old pod to end",
	  2,
	  { DAEMONSET, DONE_3, .on_delete = true, .new_pods = 0, .new_ready = 0,
	    .old_pods = 3, .old_terminating = 1 } },
	{ "OnDelete, one came back and starts",
	  JUDGE_WAITING,
	  "1 new pod to be ready",
	  2,
	  { STATEFULSET, DONE_3, .on_delete = true, .new_pods = 1,
	    .new_ready = 0, .old_pods = 2 } },
	{ "OnDelete, the last one was deleted and is not back yet",
	  JUDGE_WAITING,
	  "1 new pod to be made",
	  0,
	  { STATEFULSET, DONE_3, .on_delete = true, .new_pods = 2,
	    .new_ready = 2 } },
	{ "OnDelete, all were deleted",
	  JUDGE_DONE,
	  "",
	  0,
	  { DAEMONSET, DONE_3, .on_delete = true } },
	{ "partition keeps the lower pods",
	  JUDGE_HELD,
	  "2 old pods to be let go of (partition)",
	  2,
	  { STATEFULSET, DONE_3, .partition = 2, .updated = 1, .new_pods = 1,
	    .new_ready = 1, .old_pods = 2, .old_below_partition = 2 } },
	{ "an old pod above the partition goes",
	  JUDGE_WAITING,
	  "1 old pod to end",
	  1,
	  { STATEFULSET, DONE_3, .partition = 1, .updated = 2, .new_pods = 2,
	    .new_ready = 2, .old_pods = 2, .old_below_partition = 1 } },
	{ "partition above all",
	  JUDGE_HELD,
	  "3 old pods to be let go of (partition)",
	  3,
	  { STATEFULSET, DONE_3, .partition = 5, .updated = 0, .new_pods = 0,
	    .new_ready = 0, .old_pods = 3, .old_below_partition = 3 } },
	{ "partition means nothing to a Deployment",
	  JUDGE_WAITING,
	  "1 old pod to end",
	  0,
	  { DEPLOYMENT, DONE_3, .partition = 2, .old_pods = 1,
	    .old_below_partition = 1 } },

	/* Failures. */
	{ "deadline",
	  JUDGE_FAILED,
	  "ProgressDeadlineExceeded",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2, .deadline_exceeded = true } },
	{ "the pod's reason wins over the deadline",
	  JUDGE_FAILED,
	  "ImagePullBackOff",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2, .deadline_exceeded = true,
	    .trouble_reason = "ImagePullBackOff", .trouble_waiting = true } },
	{ "paused in the middle",
	  JUDGE_FAILED,
	  "Paused",
	  0,
	  { DEPLOYMENT, DONE_3, .new_pods = 1, .new_ready = 1,
	    .paused = true } },
	{ "paused when all is done",
	  JUDGE_DONE,
	  "",
	  0,
	  { DEPLOYMENT, DONE_3, .paused = true } },
	{ "first crash may be nothing",
	  JUDGE_WAITING,
	  "1 new pod to be ready",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2, .trouble_reason = "Error",
	    .trouble_restarts = 1, .trouble_for_ms = 60000 } },
	{ "it crashed twice, whatever state it is in now",
	  JUDGE_FAILED,
	  "Error",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2, .trouble_reason = "Error",
	    .trouble_restarts = 2 } },
	{ "crash loop",
	  JUDGE_FAILED,
	  "CrashLoopBackOff",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2,
	    .trouble_reason = "CrashLoopBackOff", .trouble_waiting = true,
	    .trouble_restarts = 1 } },
	{ "crash loop of a pod that is not needed any more",
	  JUDGE_DONE,
	  "",
	  0,
	  { DEPLOYMENT, DONE_3, .trouble_reason = "CrashLoopBackOff",
	    .trouble_waiting = true, .trouble_restarts = 9 } },
	{ "configuration",
	  JUDGE_FAILED,
	  "CreateContainerConfigError",
	  0,
	  { STATEFULSET, DONE_3, .new_ready = 2,
	    .trouble_reason = "CreateContainerConfigError",
	    .trouble_waiting = true } },
	{ "image name",
	  JUDGE_FAILED,
	  "InvalidImageName",
	  0,
	  { DAEMONSET, DONE_3, .new_ready = 2,
	    .trouble_reason = "InvalidImageName", .trouble_waiting = true } },
	{ "a first failed pull is given time",
	  JUDGE_WAITING,
	  "1 new pod to be ready",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2,
	    .trouble_reason = "ErrImagePull", .trouble_waiting = true,
	    .trouble_for_ms = 9999 } },
	{ "a pull that goes on failing",
	  JUDGE_FAILED,
	  "ErrImagePull",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2,
	    .trouble_reason = "ErrImagePull", .trouble_waiting = true,
	    .trouble_for_ms = 10000 } },
	{ "an autoscaler may bring a node",
	  JUDGE_WAITING,
	  "1 new pod to be ready",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2,
	    .trouble_reason = "Unschedulable", .trouble_waiting = true,
	    .trouble_for_ms = 100 } },
	{ "no node takes it",
	  JUDGE_FAILED,
	  "Unschedulable",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2,
	    .trouble_reason = "Unschedulable", .trouble_waiting = true,
	    .trouble_for_ms = 10000 } },
	{ "a scheduling gate is somebody's will",
	  JUDGE_WAITING,
	  "1 new pod to be ready",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2,
	    .trouble_reason = "SchedulingGated", .trouble_waiting = true,
	    .trouble_for_ms = 99999 } },
	{ "old pods may free the quota",
	  JUDGE_WAITING,
	  "1 new pod to be made",
	  0,
	  { DEPLOYMENT, DONE_3, .new_pods = 2, .new_ready = 2,
	    .failure_reason = "FailedCreate", .failure_for_ms = 5000 } },
	{ "quota",
	  JUDGE_FAILED,
	  "FailedCreate",
	  0,
	  { DEPLOYMENT, DONE_3, .new_pods = 2, .new_ready = 2,
	    .failure_reason = "FailedCreate", .failure_for_ms = 10000 } },
	{ "a word that is not known is waited for",
	  JUDGE_WAITING,
	  "1 new pod to be ready",
	  0,
	  { DEPLOYMENT, DONE_3, .new_ready = 2,
	    .trouble_reason = "SomethingNew", .trouble_waiting = true,
	    .trouble_for_ms = 99999 } },
};

#pragma GCC diagnostic pop

static void judges(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct judge_verdict v;
		const char *text;
		bool good;

		rollout_judge(&row->facts, &v);
		text = v.state == JUDGE_FAILED ? v.reason : v.waiting_for;
		good = v.state == row->state && text &&
		       strcmp(text, row->text) == 0 &&
		       v.left_behind == row->left_behind;
		if (!good)
			printf("\n    %s: state %d, \"%s\", left %d\n",
			       row->name, (int)v.state, text ? text : "(none)",
			       v.left_behind);
		CU_ASSERT(good);
	}
}

const struct unit_suite unit_rollout = {
	.tests = { { "judges", judges } },
};
