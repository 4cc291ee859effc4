/* What a run knows, written into its document; after a failure, too. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "runbook/run.h"

static struct result_counts counts_of(const struct run *run, size_t index)
{
	const struct consumer_state *s = &run->consumers->items[index].state;
	struct result_counts counts = {
		.desired = s->desired,
		.updated = s->updated,
		.ready = s->ready,
		.old = s->replicas > s->updated ? s->replicas - s->updated : 0,
	};
	struct rollout_result r;

	if (!run->waited)
		return counts;
	r = rollout_result(run->rollout, index);
	if (!r.followed)
		return counts;
	return (struct result_counts){
		.desired = r.desired,
		.updated = r.updated,
		.ready = r.ready,
		.old = r.old,
	};
}

static void fill_pods(const struct run *run, size_t index,
		      struct cJSON *document)
{
	const struct kube_pods *pods = &run->consumers->pods;

	for (size_t i = 0; i < pods->count; i++) {
		const struct kube_pod *pod = &pods->items[i];

		if (pod->consumer != index || pod->finished)
			continue;
		result_add_pod(document, pod->name,
			       kube_pod_fingerprint(pod, &run->secret->facts),
			       pod->ready);
	}
}

static void fill_failure(const struct run *run, size_t index,
			 struct cJSON *document)
{
	struct rollout_result r = rollout_result(run->rollout, index);
	char since[CLOCK_RFC3339_LEN];

	if (r.failed) {
		json_set_str(document, "reason", r.reason);
		json_set_str(document, "failedPod", r.pod);
	}
	if (r.waiting_for)
		json_set_str(document, "waitingFor", r.waiting_for);
	if (r.followed && run->waited && rollout_lost_ms(run->rollout)) {
		clock_rfc3339(rollout_lost_ms(run->rollout), since);
		json_set_str(document, "asOf", since);
	}
}

static void fill_consumer(const struct run *run, size_t index)
{
	const struct consumer *c = &run->consumers->items[index];
	struct cJSON *document =
		result_add_consumer(run->document, c->kind, c->name);
	struct result_counts counts;
	bool restarted = false;

	if (run->rollout) {
		struct rollout_result r = rollout_result(run->rollout, index);

		/* A template alone restarts nothing. */
		restarted = r.restarted && !r.waits_for_delete;
	}
	result_put_bool(document, "restarted", restarted);
	/* What was counted before a restart says nothing after it. */
	if (c->role == CONSUMER_RESTARTED && (run->waited || !restarted)) {
		counts = counts_of(run, index);
		result_put_counts(document, &counts);
	}
	if (run->rollout)
		fill_failure(run, index, document);
	fill_pods(run, index, document);
}

static void fill_store(const struct run *run)
{
	struct result_store store = {
		.type = store_type(run->options.store),
		.where = store_where(run->options.store),
		.entry = run->entry_id,
		.previous_entry = run->previous_entry_id,
		.proved = run->proved ||
			  (run->key && readback_key_is_proved(run->key)),
	};

	result_set_store(run->options.result, &store);
}

/* Somebody else's key may be there, too. */
static const char *which_key(const struct run *run, const char *live)
{
	const bool back = run->options.goes_back;

	if (run->secret->facts.state == RING_RETIRED)
		return "the current";
	if (*run->fingerprint && strcmp(live, run->fingerprint) == 0)
		return back ? "the previous" : "the new";
	if (strcmp(live, run->first_fingerprint) == 0)
		return back ? "the newer" : "the old";
	return "somebody else's";
}

/* How far the restarts came that nobody has followed. */
static void add_restarts(const struct run *run, struct buf *text)
{
	bool under_way = false;

	for (size_t i = 0; i < run->consumers->count; i++) {
		const struct consumer *c = &run->consumers->items[i];
		struct rollout_result r = rollout_result(run->rollout, i);

		under_way |= r.restarted;
		if (!c->restart || r.restarted)
			continue;
		if (r.failed)
			buf_printf(
				text,
				"; %s %s was not restarted (%s): its pods stay on the key they started with",
				c->kind, c->name, r.reason);
		else
			buf_printf(text,
				   "; whether %s %s was restarted is not known",
				   c->kind, c->name);
	}
	if (under_way)
		buf_puts(text,
			 "; restarts are under way, nobody waited for them");
}

static void add_pods(const struct run *run, struct buf *text)
{
	const int64_t lost_ms = rollout_lost_ms(run->rollout);
	char since[CLOCK_TIME_LEN];

	if (lost_ms) {
		clock_time(lost_ms, since);
		buf_printf(text, "; as of %s or before: no answer since",
			   since);
	}
	for (size_t i = 0; i < run->consumers->count; i++) {
		const struct consumer *c = &run->consumers->items[i];
		struct rollout_result r = rollout_result(run->rollout, i);

		if (r.followed)
			buf_printf(text,
				   "; %s %s: %d of %d pods run it, %d older",
				   c->kind, c->name, r.ready, r.desired, r.old);
	}
}

/* "the Secret holds 3fa91c20b7e4; Deployment x: 1 of 3 pods new, 2 old" */
static void fill_state(const struct run *run)
{
	struct buf text = BUF_INIT(16 * 1024);
	const char *live =
		run->written ? run->fingerprint : run->secret->live_fingerprint;

	if (run->fate_unknown)
		buf_puts(
			&text,
			"whether the Secret holds this key or the one before is not known");
	else if (!run->secret->exists && !run->written)
		buf_puts(&text, "the Secret is not there");
	else if (*live)
		buf_printf(&text, "the Secret holds %s key %.12s",
			   which_key(run, live), live);
	else
		buf_puts(&text, "the Secret has no such entry");
	if (*run_ring(run, RING_NEXT))
		buf_printf(&text, ", and %.12s as the next one",
			   run_ring(run, RING_NEXT));
	if (*run_ring(run, RING_PREVIOUS))
		buf_printf(&text, ", and %.12s as the previous one",
			   run_ring(run, RING_PREVIOUS));
	if (run->waited)
		add_pods(run, &text);
	else if (run->rollout)
		add_restarts(run, &text);
	result_put_str(run->document, "state", buf_str(&text));
	buf_release(&text);
}

/* The key that the Secret holds now (would hold, in a dry run), or "". */
static const char *key_now(const struct run *run)
{
	if (run->fate_unknown)
		return "";
	return run->written || run->options.dry != DRY_NONE
		       ? run->fingerprint
		       : run->secret->live_fingerprint;
}

/* How long pods of both keys ran side by side, where that was watched. */
static void fill_mixed(const struct run *run)
{
	struct rollout_mixed mixed = rollout_mixed(run->rollout);
	struct cJSON *object = json_object();

	json_set_int(object, "pods", mixed.pods);
	json_set_int(object, "ms", mixed.ms);
	json_set_bool(object, "over", !mixed.open);
	json_set(run->document, "mixedKeys", object);
}

void run_fill_result(struct run *run)
{
	struct cJSON *d = run->document;

	result_set_rotation(run->options.result, run->rotation);
	fill_store(run);
	if (!run->secret)
		return;
	if (*key_now(run))
		result_put_str(d, "fingerprint", key_now(run));
	if (*run->first_fingerprint)
		result_put_str(d, "previousFingerprint",
			       run->first_fingerprint);
	if (*run->fingerprint && !run->fate_unknown)
		result_put_bool(d, "changed",
				strcmp(key_now(run), run->first_fingerprint) !=
					0);
	if (run->resource_version)
		result_put_str(d, "resourceVersion", run->resource_version);
	fill_state(run);
	if (run->options.target.keyring)
		result_put_keyring(d, key_now(run), run_ring(run, RING_NEXT),
				   run_ring(run, RING_PREVIOUS));
	else if (run->waited)
		fill_mixed(run);
	for (size_t i = 0; run->consumers && i < run->consumers->count; i++)
		fill_consumer(run, i);
}
