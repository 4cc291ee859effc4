/*
 * keyring mode: the new key is added beside the current one, and takes its
 * place once every pod can read with it. The key that it replaces stays beside
 * it until `retire`. What the Secret holds says how far that came.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "runbook/run.h"

static bool is_key(const struct run *run, const char *fingerprint)
{
	return *run->fingerprint && strcmp(fingerprint, run->fingerprint) == 0;
}

static KR_FALLIBLE refuse(const char *reason, const char *hint,
			  struct err *take_err)
{
	return err_hint(err_set_reason(take_err, reason), "%s", hint);
}

/* The other entries of the keyring are nobody's, or the tool's own. */
static KR_FALLIBLE check_owners(const struct run *run)
{
	for (size_t i = 0; i < RING_COUNT; i++) {
		const struct kube_ring_entry *e = &run->secret->ring[i];

		if (kube_ring_has(run->secret, i) && e->foreign)
			return refuse(
				"FieldOwned", "kubectl keyrot status",
				err_new(KR_EREFUSED,
					"entry %s of Secret %s/%s is owned by \"%s\": it is not this tool's to write or drop",
					e->name, run->secret->ns,
					run->secret->name, e->foreign));
	}
	return NULL;
}

static KR_FALLIBLE check_options(const struct run *run)
{
	const struct run_options *o = &run->options;

	if (o->no_restart || o->no_wait)
		return refuse(
			"KeyringNeedsRollout",
			"leave --no-restart and --no-wait out",
			err_new(KR_EREFUSED,
				"in keyring mode a key becomes the current one only after every pod was started with it"));
	if (!store_can_prove(o->store))
		return refuse(
			"StoreCannotProve", "name a store: --store TYPE",
			err_new(KR_EREFUSED,
				"in keyring mode every key that is written comes from a store, and \"none\" keeps nothing"));
	return NULL;
}

/* A rotation that stopped half-way: whose, and what to type. */
static KR_FALLIBLE next_is_taken(const struct run *run)
{
	const struct kube_secret *s = run->secret;
	struct err *err = err_new(
		KR_EREFUSED,
		"Secret %s/%s holds another key (%.12s) as %s already, added by %s",
		s->ns, s->name, run_ring(run, RING_NEXT),
		s->ring[RING_NEXT].name,
		s->facts.rotation ? s->facts.rotation : "somebody");

	err = err_set_reason(err, "NextTaken");
	if (!s->facts.rotation)
		return err_hint(err, "kubectl keyrot status");
	return err_hint(err, "kubectl keyrot rollback %s", s->facts.rotation);
}

KR_FALLIBLE step_check_ring(struct run *run)
{
	const struct kube_secret *s = run->secret;
	bool ours = str_equal(s->facts.rotation, run->rotation);
	bool live = is_key(run, s->live_fingerprint);
	struct err *err = check_options(run);

	if (!err)
		err = check_owners(run);
	if (err)
		return err;
	if (kube_ring_has(s, RING_NEXT) && !ours &&
	    !is_key(run, run_ring(run, RING_NEXT)))
		return next_is_taken(run);
	if (kube_ring_has(s, RING_PREVIOUS) && !ours && !live &&
	    !is_key(run, run_ring(run, RING_PREVIOUS)))
		return refuse(
			"PreviousNotRetired", "kubectl keyrot retire",
			err_new(KR_EREFUSED,
				"Secret %s/%s still holds %s (%.12s): data may be encrypted with it, and a rotation would put the current key in its place",
				s->ns, s->name, s->ring[RING_PREVIOUS].name,
				run_ring(run, RING_PREVIOUS)));
	run_detail(run, "%s",
		   kube_ring_has(s, RING_PREVIOUS)
			   ? "the key before is kept beside"
			   : "nothing stands against it");
	return NULL;
}

KR_FALLIBLE run_check_single(const struct run *run)
{
	const struct kube_secret *s = run->secret;

	for (size_t i = 0; i < RING_COUNT; i++) {
		if (!kube_ring_has(s, i) || !s->ring[i].ours)
			continue;
		return refuse(
			"KeyringInUse",
			"say secret.mode: keyring in keyrot.yaml",
			err_new(KR_EREFUSED,
				"Secret %s/%s is a keyring: it holds %s, which a write in single mode would drop",
				s->ns, s->name, s->ring[i].name));
	}
	return NULL;
}

static KR_FALLIBLE moved_on(const struct run *run)
{
	struct err *err = err_new(
		KR_ECONFLICT,
		"Secret %s/%s does not hold the keys that this rotation put there: somebody changed it since",
		run->secret->ns, run->secret->name);

	return refuse("ObjectModified", "kubectl keyrot status", err);
}

/* Whose state the Secret is in: what is there is gone on with. */
static void adopt(struct run *run)
{
	(void)snprintf(run->rotation, sizeof(run->rotation), "%s",
		       run->secret->facts.rotation);
}

static void forget_rollout(struct run *run)
{
	rollout_free(take_ptr(&run->rollout));
	run->waited = false;
}

/* The new key stands beside the current one, written by this program. */
static bool is_added(const struct run *run)
{
	const struct kube_secret *s = run->secret;

	return s->facts.state == RING_ADDED && s->facts.owned &&
	       is_key(run, run_ring(run, RING_NEXT)) &&
	       str_equal(s->facts.fingerprint, s->live_fingerprint);
}

KR_FALLIBLE step_is_added(struct run *run, bool *out_done)
{
	const struct kube_secret *s = run->secret;
	struct err *err = run_check_foreign(run);

	if (err)
		return err;
	forget_rollout(run);
	/* Also the way back after a promotion: everyone has the key still. */
	run->needs_no_next = !kube_secret_has_entry(s) ||
			     is_key(run, s->live_fingerprint) ||
			     is_key(run, run_ring(run, RING_PREVIOUS));
	*out_done = run->needs_no_next || is_added(run);
	if (run->needs_no_next) {
		run_detail(run, "every pod that needs it has it");
		return NULL;
	}
	if (*out_done) {
		adopt(run);
		run_detail(run, "it is there already");
	} else if (kube_ring_has(s, RING_NEXT) ||
		   kube_ring_has(s, RING_PREVIOUS)) {
		return moved_on(run);
	}
	run_mark(run, RING_ADDED);
	return kube_consumers_choose(run->consumers,
				     kube_access_of(run->options.kube)->context,
				     run->mark);
}

/* What is kept must be the key that was proved, and no other. */
static KR_FALLIBLE check_proved(const struct run *run)
{
	if (run->options.dry != DRY_NONE)
		return NULL;
	if (run->current_key &&
	    strcmp(readback_key_fingerprint(run->current_key),
		   run->secret->live_fingerprint) == 0)
		return NULL;
	return moved_on(run);
}

KR_FALLIBLE step_add(struct run *run)
{
	struct kube_secret_write write = {
		.key = run->current_key,
		.next = run->key,
		.mark = run->mark,
		.operator_ = run->secret->facts.operator_,
		.rotated_at = run->secret->facts.rotated_at,
	};
	struct err *err = check_proved(run);

	return err ? err : run_write(run, &write);
}

KR_FALLIBLE step_is_next_restarted(struct run *run, bool *out_done)
{
	*out_done = run->needs_no_next;
	return *out_done ? NULL : step_is_restarted(run, out_done);
}

KR_FALLIBLE step_is_next_there(struct run *run, bool *out_done)
{
	*out_done = run->needs_no_next;
	return NULL;
}

/* The rollout took its time: what is there now? */
static KR_FALLIBLE refresh(struct run *run)
{
	struct kube_secret *now = NULL;
	struct err *err =
		kube_secret_get(run->options.kube, &run->options.target, &now);

	if (err)
		return err;
	kube_secret_free(run->secret);
	run->secret = now;
	if (!is_added(run) || !str_equal(now->facts.rotation, run->rotation))
		return moved_on(run);
	return check_proved(run);
}

KR_FALLIBLE step_is_promoted(struct run *run, bool *out_done)
{
	const struct kube_secret *s;
	struct err *err = NULL;

	if (!run->needs_no_next && run->options.dry == DRY_NONE)
		err = refresh(run);
	if (err)
		return err;
	forget_rollout(run);
	s = run->secret;
	*out_done = kube_secret_has_entry(s) &&
		    is_key(run, s->live_fingerprint) &&
		    !kube_ring_has(s, RING_NEXT) && s->facts.owned &&
		    s->facts.mark &&
		    str_equal(s->facts.fingerprint, s->live_fingerprint);
	run_mark(run, RING_CURRENT);
	if (*out_done) {
		adopt(run);
		(void)snprintf(run->mark, sizeof(run->mark), "%s",
			       s->facts.mark);
		run->written = true;
		run_detail(run, "it is the current key already");
		err = run_keep_version(run, s->facts.resource_version);
	}
	return err ? err
		   : kube_consumers_choose(
			     run->consumers,
			     kube_access_of(run->options.kube)->context,
			     run->mark);
}

KR_FALLIBLE step_promote(struct run *run)
{
	const struct kube_secret *s = run->secret;
	bool replaces =
		kube_secret_has_entry(s) && !is_key(run, s->live_fingerprint);
	struct kube_secret_write write = {
		.key = run->key,
		.previous = replaces ? run->current_key : NULL,
		.mark = run->mark,
	};
	struct err *err = replaces ? check_proved(run) : NULL;

	/* A key that came from elsewhere would be dropped unseen. */
	if (!err && !replaces && kube_ring_has(s, RING_PREVIOUS))
		err = moved_on(run);
	if (!err)
		err = run_write(run, &write);
	run->written = !err && run->options.dry == DRY_NONE;
	return err;
}
