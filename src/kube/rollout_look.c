/* Looking at what the watches brought: pods counted, consumers judged. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "kube/rollout_internal.h"

bool rollout_pod_is_new(const struct rollout *r, const struct kube_pod *pod)
{
	return str_equal(pod->rotation, r->rotation);
}

/* How bad a trouble is: the worst one of a consumer's pods is told. */
static int badness(const struct kube_pod *pod)
{
	if (!pod->trouble.reason)
		return 0;
	if (!pod->scheduled)
		return 1;
	return pod->trouble.waiting ? 3 : 2;
}

static void count_pod(const struct rollout *r, const struct kube_pod *pod,
		      struct judge_facts *facts, const struct kube_pod **worst)
{
	const struct consumer *item = &r->c->items[pod->consumer];
	const char *dash = strrchr(pod->name, '-');

	if (!rollout_pod_is_new(r, pod)) {
		facts->old_pods++;
		facts->old_terminating += pod->terminating;
		facts->old_below_partition +=
			item->state.partition > 0 && dash &&
			atoi(dash + 1) < item->state.partition;
		return;
	}
	if (pod->terminating)
		return;
	facts->new_pods++;
	facts->new_ready += pod->ready;
	if (!pod->ready && badness(pod) > (*worst ? badness(*worst) : 0))
		*worst = pod;
}

static enum judge_kind judge_kind_of(enum kube_kind kind)
{
	return kind == KIND_STATEFULSET ? JUDGE_STATEFULSET
	       : kind == KIND_DAEMONSET ? JUDGE_DAEMONSET
					: JUDGE_DEPLOYMENT;
}

static void fill_facts(const struct rollout *r, size_t i)
{
	const struct consumer *item = &r->c->items[i];
	const struct consumer_state *s = &item->state;

	r->follows[i].facts = (struct judge_facts){
		.kind = judge_kind_of(item->kube_kind),
		.deleted = r->follows[i].deleted,
		.paused = s->paused,
		.on_delete = s->strategy == STRATEGY_ON_DELETE,
		.partition = s->partition,
		.wanted_generation = r->follows[i].wanted_generation,
		.generation = s->generation,
		.observed_generation = s->observed_generation,
		.desired = s->desired,
		.replicas = s->replicas,
		.updated = s->updated,
		.ready = s->ready,
		.available = s->available,
		.deadline_exceeded = s->deadline_exceeded,
		.failure_reason = s->failure_reason,
		.grace_ms = r->options.grace_ms,
	};
}

/* Milliseconds since `*since` was set; sets or clears it. */
static int64_t age(int64_t *since, bool there, int64_t now)
{
	if (!there)
		*since = 0;
	else if (!*since)
		*since = now;
	return there ? now - *since : 0;
}

static struct err *note_trouble(struct follow *f, const struct kube_pod *worst,
				int64_t now)
{
	const char *reason = worst ? worst->trouble.reason : NULL;

	if (!str_equal(reason, f->trouble_reason))
		f->trouble_since = 0;
	f->facts.trouble_for_ms = age(&f->trouble_since, worst != NULL, now);
	if (!str_keep(&f->trouble_reason, reason))
		return err_no_memory();
	if (!worst)
		return NULL;
	f->facts.trouble_reason = f->trouble_reason;
	f->facts.trouble_waiting = worst->trouble.waiting;
	f->facts.trouble_restarts = worst->trouble.restarts;
	return NULL;
}

/* Remembers the failure: the objects that tell it may change or go. */
static struct err *keep_failure(struct rollout *r, size_t i,
				const struct kube_pod *worst)
{
	struct follow *f = &r->follows[i];
	const struct consumer_state *s = &r->c->items[i].state;
	bool of_pod =
		worst && str_equal(f->verdict.reason, worst->trouble.reason);
	const char *message = of_pod ? worst->trouble.message : NULL;
	char text[128] = "";

	if (str_equal(f->verdict.reason, s->failure_reason))
		message = s->failure_message;
	if (of_pod && worst->trouble.restarts)
		(void)snprintf(text, sizeof(text), "exit code %d, %d restart%s",
			       worst->trouble.exit_code,
			       worst->trouble.restarts,
			       worst->trouble.restarts == 1 ? "" : "s");
	f->failed = true;
	if (!r->failed_ms)
		r->failed_ms = clock_boot_ms();
	/* The back-off of a loop says less than how its run ended. */
	if (*text)
		message = text;
	if (!str_keep(&f->reason, f->verdict.reason) ||
	    (message && !str_keep(&f->message, message)) ||
	    !str_keep(&f->pod, worst ? worst->name : NULL) ||
	    !str_keep(&f->container, worst ? worst->trouble.container : NULL))
		return err_no_memory();
	return NULL;
}

static bool same_counts(const struct judge_facts *a,
			const struct judge_facts *b)
{
	return a->desired == b->desired && a->new_pods == b->new_pods &&
	       a->new_ready == b->new_ready && a->old_pods == b->old_pods;
}

/* NULL: for nothing. */
static const char *waiting_for(const struct rollout *r, const struct follow *f,
			       char *text, size_t size)
{
	const char *waits = f->verdict.waiting_for;
	char since[CLOCK_TIME_LEN];

	if (r->silent && !f->done) {
		clock_time(rollout_lost_ms(r), since);
		(void)snprintf(text, size,
			       "the cluster, which does not answer since %s",
			       since);
		return text;
	}
	if (!r->back || !*waits)
		return *waits ? waits : NULL;
	(void)snprintf(text, size, "%s; the cluster answers again", waits);
	return text;
}

void rollout_tell(struct rollout *r, size_t i, bool changed)
{
	struct follow *f = &r->follows[i];
	char text[sizeof(f->verdict.waiting_for) + 64];
	struct rollout_progress p = {
		.kind = r->c->items[i].kind,
		.name = r->c->items[i].name,
		.desired = f->facts.desired,
		.updated = f->facts.new_pods,
		.ready = f->facts.new_ready,
		.old = f->facts.old_pods,
		.waiting_for = waiting_for(r, f, text, sizeof(text)),
		.done = f->done,
		.failed = f->failed,
		.elapsed_ms = clock_boot_ms() - r->started_ms,
		.timeout_ms = r->options.timeout_ms,
	};

	if (f->told_once && !changed && same_counts(&f->facts, &f->told))
		return;
	f->told = f->facts;
	f->told_once = true;
	if (r->options.on_progress)
		r->options.on_progress(r->options.user, &p);
}

static struct err *judge_one(struct rollout *r, size_t i,
			     const struct kube_pod *worst, int64_t now)
{
	struct follow *f = &r->follows[i];
	struct judge_verdict verdict;
	struct err *err = note_trouble(f, worst, now);
	bool changed;

	if (err)
		return err;
	/* An event told it, see ask_for_events(), and pods still lack. */
	if (f->message && f->facts.new_pods < f->facts.desired)
		f->facts.failure_reason = "FailedCreate";
	else if (f->message)
		(void)str_keep(&f->message, NULL);
	f->facts.failure_for_ms =
		age(&f->failure_since, f->facts.failure_reason != NULL, now);
	rollout_judge(&f->facts, &verdict);
	(void)age(&f->lacking_since,
		  f->facts.new_pods < f->facts.desired &&
			  f->facts.observed_generation >= f->wanted_generation,
		  now);
	changed = verdict.state != f->verdict.state ||
		  strcmp(verdict.waiting_for, f->verdict.waiting_for) != 0;
	f->verdict = verdict;
	f->done = verdict.state == JUDGE_DONE;
	f->held = verdict.state == JUDGE_HELD;
	if (verdict.state == JUDGE_FAILED)
		err = keep_failure(r, i, worst);
	rollout_tell(r, i, changed);
	return err;
}

bool rollout_is_halfway(const struct rollout *r)
{
	if (r->c->unresolved)
		return true;
	for (size_t i = 0; i < r->watch_count; i++) {
		if (r->watches[i].listing)
			return true;
	}
	return false;
}

KR_FALLIBLE rollout_look(struct rollout *r)
{
	const struct kube_pod **worst;
	int64_t now = clock_boot_ms();
	struct err *err = NULL;

	if (rollout_is_halfway(r))
		return NULL;
	worst = calloc(r->count + 1, sizeof(*worst));
	if (!worst)
		return err_no_memory();
	for (size_t i = 0; i < r->count; i++)
		fill_facts(r, i);
	for (size_t i = 0; i < r->c->pods.count; i++) {
		const struct kube_pod *pod = &r->c->pods.items[i];

		if (pod->consumer < r->count)
			count_pod(r, pod, &r->follows[pod->consumer].facts,
				  &worst[pod->consumer]);
	}
	for (size_t i = 0; !err && i < r->count; i++) {
		if (r->follows[i].followed && !r->follows[i].failed)
			err = judge_one(r, i, worst[i], now);
	}
	free(worst);
	rollout_mixed_look(r);
	return err;
}
