/* Writing the Secret, and what is known after it. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "kube/annotations.h"
#include "kube/secretnote.h"
#include "runbook/run.h"

void run_mark(struct run *run, enum kube_ring_state state)
{
	(void)snprintf(run->mark, sizeof(run->mark), "%s%s", run->rotation,
		       kube_ring_suffix(state));
}

const char *run_ring(const struct run *run, enum kube_ring which)
{
	return run->secret->ring[which].fingerprint;
}

KR_FALLIBLE run_keep_version(struct run *run, const char *version)
{
	return str_keep(&run->resource_version, version) ? NULL
							 : err_no_memory();
}

KR_FALLIBLE run_check_foreign(const struct run *run)
{
	const struct kube_secret *s = run->secret;
	struct err *err;

	if (!kube_secret_has_entry(s) ||
	    !str_equal(s->facts.rotation, run->rotation) ||
	    str_equal(s->live_fingerprint, run->fingerprint) ||
	    str_equal(s->live_fingerprint, s->facts.fingerprint))
		return NULL;
	err = err_new(
		KR_ECONFLICT,
		"Secret %s/%s was written by rotation %s and holds another key now (%.12s): somebody changed it since",
		s->ns, s->name, run->rotation, s->live_fingerprint);
	err = err_set_reason(err, "ObjectModified");
	return err_hint(err, "kubectl keyrot status");
}

static void renew_ring(struct kube_ring_entry *entry,
		       const struct readback_key *key)
{
	const char *fingerprint = key ? readback_key_fingerprint(key) : "";

	(void)snprintf(entry->fingerprint, sizeof(entry->fingerprint), "%s",
		       fingerprint);
	entry->ours = key != NULL;
}

/* What the Secret says from now on, so that pods can be told apart. */
static KR_FALLIBLE renew_facts(struct run *run,
			       const struct kube_secret_write *write)
{
	struct kube_key_facts *f = &run->secret->facts;
	struct err *err = NULL;

	if (f->owned && !str_equal(f->mark, write->mark) &&
	    !str_keep(&f->previous, f->mark))
		err = err_no_memory();
	if (!err)
		err = kube_key_facts_mark(f, write->mark);
	if (!err &&
	    !str_keep(&f->fingerprint, readback_key_fingerprint(write->key)))
		err = err_no_memory();
	renew_ring(&run->secret->ring[RING_NEXT], write->next);
	renew_ring(&run->secret->ring[RING_PREVIOUS], write->previous);
	f->owned = true;
	f->written_ms = clock_wall_ms() + kube_clock_skew_ms(run->options.kube);
	return err;
}

static KR_FALLIBLE write_dry(struct run *run)
{
	struct err *err;

	run->not_done = true;
	if (run->options.dry == DRY_CLIENT) {
		run_detail(run, "not asked of the server (client dry run)");
		return NULL;
	}
	err = kube_secret_dry_run(run->options.kube, run->secret, run->force,
				  run->options.create);
	if (!err)
		run_detail(run, "the server would take it (server dry run)");
	return err;
}

/* Somebody else wrote: what is there now is what has to be said. */
static void look_again(struct run *run)
{
	struct kube_secret *now = NULL;
	struct err *err =
		kube_secret_get(run->options.kube, &run->options.target, &now);

	run->fate_unknown = err != NULL;
	err_free(err);
	if (!now)
		return;
	kube_secret_free(run->secret);
	run->secret = now;
}

/* By another rotation, or by hand; annotations alone may come and go. */
static bool is_ours(const struct run *run, const struct kube_secret *now)
{
	const struct kube_key_facts *mine = &run->secret->facts;

	return str_equal(now->live_fingerprint, mine->fingerprint) &&
	       (!now->facts.mark || str_equal(now->facts.mark, mine->mark));
}

static KR_FALLIBLE overtaken(struct run *run, struct kube_secret *take_now)
{
	const bool holds = kube_secret_has_entry(take_now);
	struct err *err = err_new(
		KR_ECONFLICT,
		"Secret %s/%s was changed by someone else before the rollout ended: it holds %s%.12s now",
		take_now->ns, take_now->name, holds ? "key " : "no key",
		take_now->live_fingerprint);

	kube_secret_free(run->secret);
	run->secret = take_now;
	run->written = false;
	err = err_set_reason(err, "ObjectModified");
	return err_hint(err, "kubectl keyrot status");
}

KR_FALLIBLE run_check_held(struct run *run)
{
	const struct kube_target *target = &run->options.target;
	struct kube_key_facts facts = { 0 };
	kr_cleanup(kube_secret_freep) struct kube_secret *now = NULL;
	struct err *err = kube_secret_facts(run->options.kube, target, &facts);
	const bool held = !err && facts.owned &&
			  str_equal(facts.mark, run->secret->facts.mark);

	kube_key_facts_release(&facts);
	if (held || (err && !err_is(err, KR_ENOTFOUND)))
		return err;
	err_free(err);
	err = kube_secret_get(run->options.kube, target, &now);
	if (err)
		return err;
	if (is_ours(run, now))
		return NULL;
	err = run_keep_version(run, now->facts.resource_version);
	return err ? err : overtaken(run, take_ptr(&now));
}

KR_FALLIBLE run_write(struct run *run, struct kube_secret_write *write)
{
	struct kube_secret_written written = { 0 };
	char now[CLOCK_RFC3339_LEN];
	struct err *err;

	if (run->options.dry != DRY_NONE)
		return write_dry(run);
	/* It was there, and the key let go of; then somebody changed it. */
	if (!write->key)
		return err_set_reason(
			err_new(KR_ECONFLICT,
				"Secret %s/%s was changed by someone else while this ran",
				run->secret->ns, run->secret->name),
			"ObjectModified");
	clock_rfc3339(clock_wall_ms(), now);
	/* A key that stays as it is stays that of who put it there. */
	if (!write->operator_)
		write->operator_ = run->operator_;
	if (!write->rotated_at)
		write->rotated_at = now;
	write->force = run->force;
	write->create = run->options.create;
	err = kube_secret_apply(run->options.kube, run->secret, write,
				&written);
	run->fate_unknown = err && str_equal(err_reason(err), "Unknown");
	run->changed = run->changed || !err || run->fate_unknown;
	if (err_is(err, KR_ECONFLICT))
		look_again(run);
	if (err)
		return err;
	if (written.made_namespace)
		run_warn(run, "namespace %s was not there: it was made",
			 run->secret->ns);
	run_detail(run, "resourceVersion %s%s%s", written.resource_version,
		   written.created ? ", created" : "",
		   written.found_by_reading
			   ? ", the answer was lost and a read settled it"
			   : "");
	err = run_keep_version(run, written.resource_version);
	free(written.resource_version);
	return err ? err : renew_facts(run, write);
}
