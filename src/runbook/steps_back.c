/* Roll-back: the proven previous key, everywhere the new one went. */
#include <stdio.h>
#include <string.h>

#include "runbook/rotate.h"

static bool is_of(const struct run *run, const char *rotation)
{
	return run->secret && kube_secret_has_entry(run->secret) &&
	       run->secret->facts.rotation &&
	       strcmp(run->secret->facts.rotation, rotation) == 0;
}

/* What the rotation wrote is there untouched: nobody put another key there. */
static bool is_untouched(const struct kube_secret *s)
{
	return s->facts.owned && s->facts.fingerprint &&
	       strcmp(s->facts.fingerprint, s->live_fingerprint) == 0;
}

static KR_FALLIBLE foreign(const struct rotate_target *target)
{
	const struct kube_secret *s = target->run.secret;
	struct err *err = err_new(
		KR_ECONFLICT,
		"%s: Secret %s/%s was changed by someone else since the rotation wrote it (it holds %.12s now): that key is not overwritten",
		target->context, s->ns, s->name, s->live_fingerprint);

	err = err_set_reason(err, "ObjectModified");
	return err_hint(err, "kubectl keyrot status");
}

static KR_FALLIBLE no_previous(const struct rotate_target *target)
{
	struct err *err = err_new(
		KR_EREFUSED,
		"%s: which key was replaced there is not known, so none is put back",
		target->context);

	err = err_set_reason(err, "PreviousUnknown");
	return err_hint(
		err,
		"put a key of your choice there: kubectl keyrot apply --context %s --from-store=ENTRY",
		target->context);
}

static KR_FALLIBLE find_in_store(struct rotation *rotation,
				 struct rotate_target *target,
				 const char *fingerprint)
{
	struct store_list list = { 0 };
	struct run *run = &target->run;
	struct err *err = store_entries(rotation->options.store, &list);

	for (size_t i = 0; !err && i < list.count; i++) {
		if (strcmp(list.items[i].fingerprint, fingerprint) != 0)
			continue;
		free(run->entry_id);
		run->entry_id = strdup(list.items[i].id);
		if (!run->entry_id)
			err = err_no_memory();
		break;
	}
	store_list_release(&list);
	if (err)
		return err;
	if (!run->entry_id) {
		err = err_new(KR_ESTORE,
			      "the key that was replaced (%.12s) is not in %s",
			      fingerprint,
			      store_where(rotation->options.store));
		return err_set_reason(err, "EntryNotFound");
	}
	err = store_prove(rotation->options.store, run->entry_id, fingerprint,
			  &run->key);
	if (err)
		return err;
	run->proved = readback_key_is_proved(run->key);
	(void)snprintf(run->fingerprint, sizeof(run->fingerprint), "%s",
		       fingerprint);
	return NULL;
}

/*
 * The key that is put back; NULL: it is not known. Where a keyring was only
 * added to, the current key is still the one from before, unless it was the
 * roll-back itself that added.
 */
static const char *key_before(const struct rotation *rotation,
			      const struct run *run)
{
	const struct kube_secret *s = run->secret;

	if (is_of(run, rotation->id))
		return s->facts.state == RING_ADDED ? run_ring(run, RING_NEXT)
						    : s->facts.fingerprint;
	return s->facts.state == RING_ADDED ? s->live_fingerprint
					    : s->facts.replaced;
}

static struct err *previous_of(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	struct err *err;

	(void)user;
	if (target->left_out)
		return NULL;
	err = find_in_store(rotation, target,
			    key_before(rotation, &target->run));
	if (!err)
		err = run_search_keys(&target->run);
	/* It has its turn after others, and gets it then. */
	if (target->env != &rotation->envs[rotation->env_count - 1])
		readback_key_free(take_ptr(&target->run.key));
	return err;
}

KR_FALLIBLE rotate_previous_key(struct rotation *rotation)
{
	return rotation_for_targets(rotation, NULL, true, previous_of, NULL);
}

bool rotation_leave_unreached(struct rotation *rotation,
			      struct rotate_target *target, struct err *err)
{
	if (!*rotation->undone || target->progress != PROGRESS_NOT_BEGUN ||
	    !(err_is(err, KR_ECLUSTER) || err_is(err, KR_ETIMEOUT) ||
	      err_is(err, KR_EAUTH) || err_is(err, KR_EFORBIDDEN)))
		return false;
	target->unreached = true;
	target->progress = PROGRESS_UNKNOWN;
	target->failure = strdup(err_message(err));
	run_warn(
		&target->run,
		"not reached: whether it holds the key of rotation %s is not known, and nothing is changed there (%s)",
		rotation->undone, err_message(err));
	err_free(err);
	return true;
}

KR_FALLIBLE rotate_check_reached(const struct rotate_env *env)
{
	for (size_t i = env->first; i < env->end; i++) {
		const struct rotate_target *target = &env->targets[i];

		if (target->unreached)
			return err_set_reason(
				err_new(KR_ECLUSTER,
					"%s: not reached, so the key may still be there: %s",
					target->context,
					target->failure ? target->failure : ""),
				"NotReached");
	}
	return NULL;
}

/* The rotation that was put back has ended, too: nobody goes on with it. */
KR_FALLIBLE rotation_close_undone(const struct rotation *rotation)
{
	const struct journal_line line = {
		.event = JOURNAL_ENDED,
		.detail = "rolled-back",
	};
	kr_cleanup(journal_closep) struct journal *journal = NULL;
	struct err *err = journal_open(rotation->options.config->service,
				       rotation->undone, &journal);

	return err ? err : journal_add(journal, &line);
}

/*
 * The fingerprint of the key that is undone, where it is still to be seen; and
 * the first environment that the rotation gave it.
 */
static const char *undone_key(const struct rotation *rotation,
			      size_t *out_first)
{
	for (size_t i = 0; i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		*out_first = i;

		for (size_t j = 0; j < env->count; j++) {
			const struct run *run = &env->targets[j].run;

			if (is_of(run, rotation->undone))
				return run->secret->facts.fingerprint;
		}
	}
	return NULL;
}

/*
 * The same key behind it, where an `apply` by hand put it: what was there
 * before is not this rotation's to know, and a roll-back that leaves it there
 * would leave production alone with it. (The environments before it are where
 * a promotion has its key from.)
 */
static KR_FALLIBLE check_left_out(const struct rotation *rotation)
{
	size_t first = 0;
	const char *key = undone_key(rotation, &first);

	for (size_t i = first; key && i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++) {
			const struct rotate_target *target = &env->targets[j];
			const struct kube_secret *s = target->run.secret;

			if (!target->left_out || !s ||
			    !kube_secret_has_entry(s) ||
			    strcmp(s->live_fingerprint, key) != 0)
				continue;
			return err_hint(
				err_set_reason(
					err_new(KR_ECONFLICT,
						"%s: Secret %s/%s holds the key of rotation %s, too, and was not given it by that rotation: nothing was put back anywhere",
						target->context, s->ns, s->name,
						rotation->undone),
					"ObjectModified"),
				"give it its previous key first: kubectl keyrot apply --context %s -n %s --from-store=ENTRY",
				target->context, s->ns);
		}
	}
	return NULL;
}

/*
 * Which targets have the new key, and what was there before. None of them:
 * there is nothing to put back, and that is an answer.
 */
KR_FALLIBLE rotate_find_previous(struct rotation *rotation)
{
	const struct rotate_env *unreached = NULL;
	size_t touched = 0;

	for (size_t i = 0; i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++) {
			struct rotate_target *target = &env->targets[j];

			if (target->unreached) {
				unreached = env;
				continue;
			}
			target->left_out =
				!is_of(&target->run, rotation->undone) &&
				!is_of(&target->run, rotation->id);
			target->run.options.goes_back = !target->left_out;
			if (!target->left_out &&
			    !is_untouched(target->run.secret))
				return foreign(target);
			if (target->left_out) {
				run_say(&target->run,
					"the key of rotation %s is not there",
					rotation->undone);
				continue;
			}
			if (!key_before(rotation, &target->run))
				return no_previous(target);
			touched++;
		}
	}
	if (touched)
		return check_left_out(rotation);
	if (unreached)
		return rotate_check_reached(unreached);
	return err_set_reason(
		err_new(KR_EREFUSED,
			"no cluster holds the key of rotation %s: there is nothing to put back",
			rotation->undone),
		"NothingToRollBack");
}
