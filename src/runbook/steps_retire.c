/*
 * The end of the previous key in a keyring: what still needs it, encrypting
 * anew what was encrypted with it, and dropping it.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "runbook/mark.h"
#include "runbook/rotate.h"

/* Starts and writes are told by different clocks, in whole seconds. */
#define CLOCK_MARGIN_MS 2000

static KR_FALLIBLE refuse(struct err *take_err, const char *reason,
			  const char *override)
{
	take_err = err_set_reason(take_err, reason);
	return override ? err_hint(take_err, "if it is meant all the same: %s",
				   override)
			: err_hint(take_err, "kubectl keyrot status");
}

/*
 * A pod that this program did not restart (a Job's, a bare one) has the keys
 * of now where it started after they were written. Not known: it may need it.
 */
static bool may_need(const struct run *run, const struct kube_pod *pod)
{
	const struct kube_key_facts *facts = &run->secret->facts;

	if (pod->finished || !pod->entry_how ||
	    str_equal(pod->rotation, facts->mark))
		return false;
	return pod->rotation || !facts->written_ms || !pod->created_ms ||
	       pod->created_ms < facts->written_ms + CLOCK_MARGIN_MS;
}

static KR_FALLIBLE check_pods(const struct rotation *rotation,
			      struct rotate_target *target)
{
	const struct kube_pods *pods = &target->run.consumers->pods;
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < pods->count; i++) {
		if (!may_need(&target->run, &pods->items[i]))
			continue;
		first = first ? first : pods->items[i].name;
		n++;
	}
	if (n && rotation->options.allow_older_pods)
		target->run.overrides |= OVERRIDE_OLDER_PODS;
	if (!n || rotation->options.allow_older_pods)
		return NULL;
	return refuse(
		err_new(KR_EREFUSED,
			"%zu pod%s may need the previous key: started before the current one was promoted, or not known (%s)",
			n, n == 1 ? "" : "s", first),
		"PodsNeedPrevious", "--allow-older-pods");
}

static bool has_way(const struct config_check *check)
{
	return check->run || check->job;
}

static KR_FALLIBLE check_reencrypted(const struct rotation *rotation,
				     struct rotate_target *target)
{
	const struct config *config = rotation->options.config;
	const struct kube_secret *s = target->run.secret;

	if (mark_is_proof(s->facts.reencrypted, s->live_fingerprint, -1))
		return NULL;
	if (rotation->options.allow_not_reencrypted &&
	    (has_way(&config->reencrypt) || !has_way(&config->retire)))
		target->run.overrides |= OVERRIDE_NOT_REENCRYPTED;
	if (rotation->options.allow_not_reencrypted)
		return NULL;
	if (has_way(&config->reencrypt))
		return refuse(
			err_new(KR_EREFUSED,
				"it is not recorded that data were encrypted anew with key %.12s",
				s->live_fingerprint),
			"NotReencrypted", "--allow-not-reencrypted");
	/* The probe is asked next. */
	if (has_way(&config->retire))
		return NULL;
	return refuse(
		err_new(KR_EREFUSED,
			"nothing tells whether data are still encrypted with the previous key: keyrot.yaml has neither reencrypt: nor retire:"),
		"NotReencrypted", "--allow-not-reencrypted");
}

static KR_FALLIBLE check_state(const struct kube_secret *s)
{
	const struct kube_ring_entry *previous = &s->ring[RING_PREVIOUS];

	if (kube_ring_has(s, RING_NEXT) || s->facts.state == RING_ADDED)
		return refuse(
			err_new(KR_EREFUSED,
				"Secret %s/%s is in the midst of rotation %s: another key was added, and is not the current one yet",
				s->ns, s->name,
				s->facts.rotation ? s->facts.rotation : "?"),
			"NextTaken", NULL);
	if (!previous->ours || previous->foreign)
		return refuse(
			err_new(KR_EREFUSED,
				"entry %s of Secret %s/%s is owned by \"%s\": it is not this tool's to drop",
				previous->name, s->ns, s->name,
				previous->foreign ? previous->foreign
						  : "nobody"),
			"FieldOwned", NULL);
	if (!s->facts.owned || !s->facts.mark ||
	    !str_equal(s->facts.fingerprint, s->live_fingerprint))
		return refuse(
			err_new(KR_EREFUSED,
				"the current key of Secret %s/%s was put there by \"%s\": which pods run it cannot be told",
				s->ns, s->name,
				s->facts.owner ? s->facts.owner : "somebody"),
			"NotRotated", NULL);
	return NULL;
}

static struct err *check_target(struct rotation *rotation,
				struct rotate_target *target, const void *user)
{
	const struct kube_secret *s = target->run.secret;
	struct err *err;

	(void)user;
	if (!s->exists || !kube_secret_has_entry(s) ||
	    !kube_ring_has(s, RING_PREVIOUS)) {
		/* Dropped before; pods may still have it. */
		target->left_out = !kube_secret_has_entry(s) ||
				   s->facts.state != RING_RETIRED;
		return NULL;
	}
	err = check_state(s);
	if (!err)
		err = check_pods(rotation, target);
	return err ? err : check_reencrypted(rotation, target);
}

/* Ends with 0 where nobody needs it; an answer that cannot be had is none. */
static struct err *ask_probe(struct rotation *rotation,
			     struct rotate_target *target, const void *user)
{
	struct config_check check = rotation->options.config->retire;
	char name[] = "retire probe";
	struct err *err;

	(void)user;
	if (target->left_out || !has_way(&check) ||
	    !kube_ring_has(target->run.secret, RING_PREVIOUS))
		return NULL;
	if (rotation->options.allow_needed_previous) {
		target->run.overrides |= OVERRIDE_NEEDED_PREVIOUS;
		return NULL;
	}
	check.name = name;
	err = rotation_check(rotation, target, &check, false);
	if (!err_is(err, KR_EGATE))
		return err;
	return refuse(err_as(err_wrap(err, "the previous key is needed still"),
			     KR_EREFUSED),
		      "PreviousNeeded", "--allow-needed-previous");
}

KR_FALLIBLE rotate_needed(struct rotation *rotation)
{
	struct err *err =
		rotation_for_targets(rotation, NULL, true, check_target, NULL);
	size_t n = 0;

	for (size_t i = 0; !err && i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++)
			n += !env->targets[j].left_out;
	}
	if (!err && !n)
		err = err_set_reason(
			err_new(KR_EREFUSED,
				"no Secret holds a previous key: there is nothing to retire"),
			"NothingToRetire");
	return err ? err
		   : rotation_for_targets(rotation, NULL, true, ask_probe,
					  NULL);
}

KR_FALLIBLE rotate_still_needed(struct rotation *rotation,
				struct rotate_env *env)
{
	return rotation_for_targets(rotation, env, true, check_target, NULL);
}

KR_FALLIBLE step_is_dropped(struct run *run, bool *out_done)
{
	const struct kube_key_facts *facts = &run->secret->facts;

	*out_done = !kube_ring_has(run->secret, RING_PREVIOUS);
	(void)snprintf(run->mark, sizeof(run->mark), "%s%s", facts->rotation,
		       kube_ring_suffix(RING_RETIRED));
	(void)snprintf(run->fingerprint, sizeof(run->fingerprint), "%s",
		       run->secret->live_fingerprint);
	if (*out_done) {
		run->written = true;
		run_detail(run, "it is not there any more");
	}
	return kube_consumers_choose(run->consumers,
				     kube_access_of(run->options.kube)->context,
				     run->mark);
}

KR_FALLIBLE step_drop(struct run *run)
{
	const struct kube_secret *s = run->secret;
	struct kube_secret_write write = {
		.key = run->current_key,
		.mark = run->mark,
		.operator_ = s->facts.operator_,
		.rotated_at = s->facts.rotated_at,
	};
	struct err *err;

	if (!run->current_key ||
	    strcmp(readback_key_fingerprint(run->current_key),
		   s->live_fingerprint) != 0)
		return err_set_reason(
			err_new(KR_ECONFLICT,
				"Secret %s/%s was changed by someone else while this ran",
				s->ns, s->name),
			"ObjectModified");
	err = run_write(run, &write);
	run->written = !err;
	return err;
}

static struct err *reencrypt_target(struct rotation *rotation,
				    struct rotate_target *target,
				    const void *user)
{
	const struct kube_secret *s = target->run.secret;
	struct config_check check = rotation->options.config->reencrypt;
	char name[] = "re-encrypt";
	struct err *err;

	(void)user;
	/* Another run may have done it, and recorded it there. */
	if (mark_is_proof(s->facts.reencrypted, rotation->fingerprint, -1))
		return NULL;
	check.name = name;
	err = rotation_check(rotation, target, &check, true);
	if (err_is(err, KR_EGATE))
		err = err_set_reason(err, "ReencryptFailed");
	return err ? err
		   : mark_key(target->kube, &target->run.options.target,
			      NOTE_REENCRYPTED, rotation->fingerprint);
}

KR_FALLIBLE rotate_reencrypt(struct rotation *rotation, struct rotate_env *env)
{
	if (!has_way(&rotation->options.config->reencrypt))
		return NULL;
	return rotation_for_targets(rotation, env, true, reencrypt_target,
				    NULL);
}
