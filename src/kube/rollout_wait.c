/* Waiting for a rollout: until it is done, has failed, or the time is over. */
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/str.h"
#include "kube/rollout_internal.h"

#define TICK_MS 250
/* After the first failure the others are given this long to fail too. */
#define LAST_LOOK_MS 2000
/* How often events are asked for while pods are not made. */
#define EVENTS_EVERY_MS 10000

/*
 * StatefulSets and DaemonSets have no condition for pods that may not be made
 * (quota, admission): only an event tells.
 */
static struct err *ask_for_events(struct rollout *r)
{
	int64_t now = clock_boot_ms();

	for (size_t i = 0; i < r->count; i++) {
		const struct consumer *item = &r->c->items[i];
		struct follow *f = &r->follows[i];
		char *text = NULL;
		struct err *err;

		if (!f->followed || f->done || f->failed || f->message ||
		    item->kube_kind == KIND_DEPLOYMENT || !f->lacking_since ||
		    now - f->lacking_since < r->options.grace_ms ||
		    (f->events_asked_ms &&
		     now - f->events_asked_ms < EVENTS_EVERY_MS))
			continue;
		f->events_asked_ms = now;
		err = rollout_warning(r, item->kind, item->name, "FailedCreate",
				      &text);
		if (err)
			return err;
		f->message = text;
		/* It has been failing for as long as pods are lacking. */
		f->failure_since = text ? f->lacking_since : 0;
	}
	return NULL;
}

static bool is_over(const struct rollout *r)
{
	bool waiting = false;

	if (rollout_is_halfway(r))
		return false;
	for (size_t i = 0; i < r->count; i++) {
		const struct follow *f = &r->follows[i];

		waiting |= f->followed && !f->done && !f->failed && !f->held;
	}
	if (!waiting)
		return true;
	return r->failed_ms && clock_boot_ms() - r->failed_ms >= LAST_LOOK_MS;
}

static struct err *failure_of(const struct rollout *r, size_t i)
{
	const struct consumer *item = &r->c->items[i];
	const struct follow *f = &r->follows[i];
	struct err *err;

	err = err_new(KR_EROLLOUT, "%s %s: %s%s%s%s%s%s%s%s", item->kind,
		      item->name, f->pod ? "pod " : "", f->pod ? f->pod : "",
		      f->container ? ", container " : "",
		      f->container ? f->container : "", f->pod ? ": " : "",
		      f->reason, f->message ? ": " : "",
		      f->message ? f->message : "");
	return err_set_reason(err, f->reason);
}

/* The pod that a consumer waits for, for the time-out's sentence. */
static const struct kube_pod *waited_for(const struct rollout *r, size_t i)
{
	const struct follow *f = &r->follows[i];
	bool want_new = f->facts.new_ready < f->facts.new_pods;

	/* Of those that are not made there is none to name. */
	if (!want_new && !f->facts.on_delete &&
	    f->facts.new_pods + f->facts.partition < f->facts.desired)
		return NULL;
	for (size_t p = 0; p < r->c->pods.count; p++) {
		const struct kube_pod *pod = &r->c->pods.items[p];

		if (pod->consumer == i &&
		    rollout_pod_is_new(r, pod) == want_new &&
		    (!want_new || !pod->ready))
			return pod;
	}
	return NULL;
}

static struct err *timed_out(struct rollout *r, size_t i)
{
	const struct consumer *item = &r->c->items[i];
	struct follow *f = &r->follows[i];
	const struct kube_pod *pod = waited_for(r, i);
	char waited[CLOCK_SHORT_LEN];
	char *text = NULL;
	struct err *err;

	clock_short(r->options.timeout_ms, waited);
	f->failed = true;
	if (!str_keep(&f->reason, "Timeout") ||
	    (pod && !str_keep(&f->pod, pod->name)))
		return err_no_memory();
	/* A reason is worth a request, but not an error of its own. */
	if (!f->pod && item->state.failure_message)
		text = strdup(item->state.failure_message);
	else
		err_free(rollout_warning(r, f->pod ? "Pod" : item->kind,
					 f->pod ? f->pod : item->name, NULL,
					 &text));
	/* Events came meanwhile, and the items may have moved. */
	item = &r->c->items[i];
	free(f->message);
	f->message = text;
	err = err_new(KR_EROLLOUT,
		      "%s %s did not finish in %s: it waits for %s%s%s%s%s%s",
		      item->kind, item->name, waited, f->verdict.waiting_for,
		      f->pod ? " (" : "", f->pod ? f->pod : "",
		      f->pod ? ")" : "", text ? ": " : "", text ? text : "");
	rollout_tell(r, i, true);
	return err_set_reason(err, "Timeout");
}

static struct err *result_of(struct rollout *r, bool late)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->follows[i].followed && r->follows[i].failed)
			return failure_of(r, i);
	}
	for (size_t i = 0; late && i < r->count; i++) {
		const struct follow *f = &r->follows[i];
		struct err *err;

		if (!f->followed || f->done || f->held)
			continue;
		err = rollout_lost(r, i);
		return err ? err : timed_out(r, i);
	}
	for (size_t i = 0; i < r->count; i++) {
		if (r->follows[i].followed && r->follows[i].held)
			return rollout_held(r, i);
	}
	return NULL;
}

static struct err *drive(struct rollout *r)
{
	struct kube_watch *watches[ROLLOUT_WATCHES];
	int64_t wake = deadline_in_ms(TICK_MS);

	for (size_t i = 0; i < r->watch_count; i++)
		watches[i] = r->watches[i].watch;
	if (r->deadline_ms < wake)
		wake = r->deadline_ms;
	return kube_watches_drive(r->kube, watches, r->watch_count, wake);
}

/* Pods of this rotation will not come from a template of another one. */
static struct err *ask_if_overtaken(struct rollout *r)
{
	bool overtaken = false;
	struct err *err = NULL;

	for (size_t i = 0; i < r->count; i++) {
		const struct consumer_state *s = &r->c->items[i].state;
		struct follow *f = &r->follows[i];

		if (!f->followed || f->deleted ||
		    s->generation < f->wanted_generation ||
		    s->generation == f->overtaken_generation ||
		    str_equal(s->template_rotation, r->rotation))
			continue;
		overtaken = true;
	}
	if (overtaken && r->options.on_overtaken)
		err = r->options.on_overtaken(r->options.user);
	for (size_t i = 0; !err && i < r->count; i++)
		r->follows[i].overtaken_generation =
			r->c->items[i].state.generation;
	return err;
}

/* What the watches alone do not tell. */
static struct err *ask(struct rollout *r)
{
	struct err *err = kube_consumers_resolve(r->c, r->kube);

	if (!err)
		err = ask_for_events(r);
	if (!err && !rollout_is_halfway(r))
		err = ask_if_overtaken(r);
	return rollout_asked(r, err);
}

KR_FALLIBLE rollout_wait(struct rollout *r)
{
	for (;;) {
		struct err *err = stop_check();

		/* Before what came with the answer is looked at. */
		rollout_tell_silence(r);
		if (!err)
			err = ask(r);
		if (!err)
			err = rollout_look(r);
		if (err)
			return err;
		if (is_over(r))
			return result_of(r, false);
		if (deadline_over(r->deadline_ms))
			return result_of(r, true);
		if (r->options.on_tick)
			r->options.on_tick(r->options.user);
		err = drive(r);
		if (err)
			return err;
	}
}
