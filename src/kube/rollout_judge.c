#include "kube/rollout_judge.h"

#include <stdio.h>
#include <string.h>

/* A looping container waits twice before it is called broken: once it may
 * have come before something that it needs. */
#define CRASHES_ENOUGH 2

static void wait_text(struct judge_verdict *v, const char *text)
{
	v->state = JUDGE_WAITING;
	(void)snprintf(v->waiting_for, sizeof(v->waiting_for), "%s", text);
}

static void wait_pods(struct judge_verdict *v, int n, const char *which,
		      const char *what)
{
	v->state = JUDGE_WAITING;
	(void)snprintf(v->waiting_for, sizeof(v->waiting_for),
		       "%d %s pod%s to %s", n, which, n == 1 ? "" : "s", what);
}

static void fail(struct judge_verdict *v, const char *reason)
{
	v->state = JUDGE_FAILED;
	v->reason = reason;
	v->waiting_for[0] = '\0';
}

static bool is_one_of(const char *reason, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(reason, *names) == 0)
			return true;
	}
	return false;
}

/* Waiting longer does not help, or has not helped for the grace. */
static bool is_hopeless(const struct judge_facts *f)
{
	static const char *const at_once[] = {
		"CreateContainerConfigError",
		"InvalidImageName",
		"ErrImageNeverPull",
		NULL,
	};
	/* A registry, a node or an autoscaler may need a moment. */
	static const char *const after_grace[] = {
		"Unschedulable",       "ErrImagePull",
		"RegistryUnavailable", "CreateContainerError",
		"RunContainerError",   NULL,
	};
	const char *reason = f->trouble_reason;

	if (!reason)
		return false;
	if (!f->trouble_waiting)
		return f->trouble_restarts >= CRASHES_ENOUGH;
	if (strcmp(reason, "CrashLoopBackOff") == 0)
		return f->trouble_restarts >= 1;
	/* The kubelet tried to pull, failed, and tried again. */
	if (strcmp(reason, "ImagePullBackOff") == 0)
		return true;
	if (is_one_of(reason, at_once))
		return true;
	return is_one_of(reason, after_grace) &&
	       f->trouble_for_ms >= f->grace_ms;
}

/* The controller has not seen the template that was written. */
static bool is_stale(const struct judge_facts *f)
{
	return f->generation < f->wanted_generation ||
	       f->observed_generation < f->generation;
}

/* Pods that stay behind by the workload's own configuration. */
static int left_behind(const struct judge_facts *f)
{
	if (f->on_delete)
		return f->old_pods - f->old_terminating;
	if (f->kind == JUDGE_STATEFULSET && f->partition > 0)
		return f->old_below_partition;
	return 0;
}

static int wanted_new(const struct judge_facts *f)
{
	int held = 0;

	if (f->on_delete)
		held = f->old_pods;
	else if (f->kind == JUDGE_STATEFULSET)
		held = f->partition;
	return f->desired > held ? f->desired - held : 0;
}

/* The controller's own counters, once it has seen the template. */
static bool counters_agree(const struct judge_facts *f, int wanted)
{
	if (f->on_delete)
		return true;
	if (f->updated < wanted)
		return false;
	/* minReadySeconds: ready is not yet available. */
	if (f->kind == JUDGE_STATEFULSET)
		return f->ready >= f->desired;
	if (f->available < f->desired)
		return false;
	return f->kind != JUDGE_DEPLOYMENT || f->replicas <= f->updated;
}

/* Nothing moves any more, and that is not the end. */
static void hold(struct judge_verdict *v, const struct judge_facts *f, int n)
{
	v->state = JUDGE_HELD;
	(void)snprintf(v->waiting_for, sizeof(v->waiting_for),
		       "%d old pod%s to be %s", n, n == 1 ? "" : "s",
		       f->on_delete ? "deleted (updateStrategy OnDelete)"
				    : "let go of (partition)");
}

static void judge_pods(const struct judge_facts *f, struct judge_verdict *v)
{
	int wanted = wanted_new(f);
	int staying = left_behind(f);
	int leaving = f->old_pods - staying;

	/* A controller makes no more until those that it made are ready. */
	if (f->new_ready < f->new_pods)
		wait_pods(v, f->new_pods - f->new_ready, "new", "be ready");
	else if (f->new_pods < wanted)
		wait_pods(v, wanted - f->new_pods, "new", "be made");
	else if (leaving > 0)
		wait_pods(v, leaving, "old", "end");
	else if (!counters_agree(f, wanted))
		wait_text(v, "the controller to count them");
	else if (staying > 0)
		hold(v, f, staying);
	else
		v->state = JUDGE_DONE;
	v->left_behind = staying;
}

void rollout_judge(const struct judge_facts *f, struct judge_verdict *out)
{
	struct judge_verdict v = { .state = JUDGE_WAITING };

	if (f->deleted) {
		fail(&v, "Deleted");
	} else if (is_stale(f)) {
		/* Conditions and counters speak of an older template. */
		wait_text(&v, "the controller to see the change");
	} else {
		judge_pods(f, &v);
		if (v.state == JUDGE_WAITING) {
			if (f->paused)
				fail(&v, "Paused");
			else if (f->deadline_exceeded)
				fail(&v, "ProgressDeadlineExceeded");
			else if (f->failure_reason &&
				 f->failure_for_ms >= f->grace_ms)
				fail(&v, f->failure_reason);
			/* The pod's own reason says more than either. */
			if (is_hopeless(f))
				fail(&v, f->trouble_reason);
		}
	}
	*out = v;
}
