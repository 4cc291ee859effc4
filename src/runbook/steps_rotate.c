/* What a rotation does once: the new key. */
#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"
#include "base/str.h"
#include "runbook/rotate.h"
#include "secret/wipe.h"

const char *rotation_operator(const struct rotation *rotation)
{
	for (size_t i = 0; i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		if (env->count && env->targets[0].run.operator_)
			return env->targets[0].run.operator_;
	}
	return "unknown";
}

/*
 * The ledger's head as of now, which the store's entry then remembers. NULL
 * where there is none yet, or it cannot be read: that is said when it is to be
 * written.
 */
static char *ledger_anchor_now(const struct rotation *rotation)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct ledger_anchor head;
	char text[LEDGER_ANCHOR_LEN];
	struct err *err = rotation_open_ledger(rotation, &ledger);

	if (err || !ledger || !ledger_exists(ledger)) {
		err_free(err);
		return NULL;
	}
	err = ledger_head(ledger, &head);
	if (err) {
		err_free(err);
		return NULL;
	}
	ledger_anchor_text(&head, text);
	return strdup(text);
}

static KR_FALLIBLE describe_key(const struct rotation *rotation,
				const struct secret *key,
				struct store_meta *out)
{
	const struct config *config = rotation->options.config;
	struct store_meta meta = { .role = STORE_NEW };
	char fingerprint[SECRET_FINGERPRINT_LEN];
	struct err *err = secret_fingerprint(key, fingerprint);

	if (err)
		return err;
	meta.id = strdup(rotation->id);
	meta.rotation = strdup(rotation->id);
	meta.fingerprint = strdup(fingerprint);
	meta.operator_ = strdup(rotation_operator(rotation));
	meta.service = strdup(config->service);
	meta.ledger = ledger_anchor_now(rotation);
	if (asprintf(&meta.secret, "*/%s/%s", config->secret.name,
		     config->secret.key) < 0)
		meta.secret = NULL;
	if (!meta.id || !meta.rotation || !meta.fingerprint ||
	    !meta.operator_ || !meta.service || !meta.secret) {
		store_meta_release(&meta);
		return err_no_memory();
	}
	*out = meta;
	return NULL;
}

/* The key of the rotation that the target holds; NULL: none. */
static const char *carried(const struct rotation *rotation,
			   const struct rotate_target *target)
{
	const struct kube_secret *s = target->run.secret;

	if (!s || !s->facts.owned || !str_same(s->facts.rotation, rotation->id))
		return NULL;
	return s->facts.state == RING_ADDED ? run_ring(&target->run, RING_NEXT)
					    : s->facts.fingerprint;
}

const char *rotation_carried_key(const struct rotation *rotation)
{
	const char *found = NULL;

	for (size_t i = 0; !found && i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; !found && j < env->count; j++)
			found = carried(rotation, &env->targets[j]);
	}
	return found;
}

/*
 * A rotation has one entry, called like it, and another one for each attempt
 * that the store damaged: the first that can be read back, and is what
 * clusters hold already. Where they hold none, another attempt is made.
 */
static KR_FALLIBLE take_stored(struct rotation *rotation)
{
	const char *wanted = rotation_carried_key(rotation);
	struct store_list list = { 0 };
	kr_cleanup(err_freep) struct err *damaged = NULL;
	struct err *err = store_entries(rotation->options.store, &list);

	for (size_t i = 0; !err && !rotation->key && i < list.count; i++) {
		const char *id = list.items[i].id;

		if (!rotation_is_entry(rotation->id, id))
			continue;
		err = store_prove(rotation->options.store, id, wanted,
				  &rotation->key);
		if (err && strcmp(err_reason(err), "Mismatch") == 0) {
			err_free(damaged);
			damaged = err;
			err = NULL;
		} else if (!err && !str_keep(&rotation->entry_id, id)) {
			err = err_no_memory();
		}
	}
	store_list_release(&list);
	return err || rotation->key || !wanted ? err : take_ptr(&damaged);
}

static KR_FALLIBLE make_key(struct rotation *rotation)
{
	kr_cleanup(secret_freep) struct secret *fresh = NULL;
	struct store_meta meta;
	bool was_there = false;
	struct err *err = keyspec_generate(
		&rotation->options.config->secret.format, &fresh);

	if (!err)
		err = describe_key(rotation, fresh, &meta);
	if (err)
		return err;
	err = store_ensure(rotation->options.store, &meta, fresh,
			   &rotation->key, &rotation->entry_id, &was_there);
	store_meta_release(&meta);
	return err;
}

/* Without a key at hand: what was handed over had been proved. */
static struct err *give_key(struct rotation *rotation,
			    struct rotate_target *target, const void *user)
{
	(void)user;
	readback_key_free(target->run.key);
	target->run.key = readback_key_share(rotation->key);
	target->run.proved =
		!rotation->key || readback_key_is_proved(rotation->key);
	memcpy(target->run.fingerprint, rotation->fingerprint,
	       sizeof(target->run.fingerprint));
	free(target->run.entry_id);
	target->run.entry_id = strdup(rotation->entry_id);
	return target->run.entry_id ? run_search_keys(&target->run)
				    : err_no_memory();
}

static KR_FALLIBLE share_key(struct rotation *rotation)
{
	memcpy(rotation->fingerprint, readback_key_fingerprint(rotation->key),
	       sizeof(rotation->fingerprint));
	return rotation_for_targets(rotation, NULL, true, give_key, NULL);
}

KR_FALLIBLE rotate_new_key(struct rotation *rotation)
{
	const struct rotate_handed *handed = rotation->options.handed;
	struct err *err;

	/* It is read where it is needed. */
	if (handed && str_keep(&rotation->entry_id, handed->entry))
		return rotation_for_targets(rotation, NULL, true, give_key,
					    NULL);
	err = take_stored(rotation);
	if (!err && !rotation->key)
		err = make_key(rotation);
	if (err)
		return err;
	if (!rotation->entry_id)
		return err_no_memory();
	return share_key(rotation);
}

static struct err *take_keys(struct rotation *rotation,
			     struct rotate_target *target, const void *user)
{
	(void)rotation;
	(void)user;
	run_let_keys_go(&target->run);
	return NULL;
}

void rotation_forget_key(struct rotation *rotation)
{
	err_free(rotation_for_targets(rotation, NULL, true, take_keys, NULL));
	readback_key_free(take_ptr(&rotation->key));
	wipe_stack();
}

static struct err *take_new_key(struct rotation *rotation,
				struct rotate_target *target, const void *user)
{
	(void)rotation;
	(void)user;
	readback_key_free(take_ptr(&target->run.key));
	return NULL;
}

void rotation_let_key_go(struct rotation *rotation)
{
	err_free(
		rotation_for_targets(rotation, NULL, true, take_new_key, NULL));
	readback_key_free(take_ptr(&rotation->key));
	wipe_stack();
}

KR_FALLIBLE rotation_need_key(struct rotation *rotation)
{
	struct err *err;

	if (rotation->key)
		return NULL;
	err = store_prove(rotation->options.store, rotation->entry_id,
			  rotation->fingerprint, &rotation->key);
	return err ? err : share_key(rotation);
}

/* What its Secret held, too: it is read again when its turn comes, or its
 * fingerprint is enough. */
static struct err *take_other_keys(struct rotation *rotation,
				   struct rotate_target *target,
				   const void *user)
{
	const struct rotate_env *env = user;

	if (target->env == env)
		return NULL;
	if (target->run.secret)
		kube_secret_forget(target->run.secret);
	return take_new_key(rotation, target, NULL);
}

/* Of a roll-back: each target's own. */
static struct err *read_previous(struct rotation *rotation,
				 struct rotate_target *target, const void *user)
{
	struct run *run = &target->run;

	(void)user;
	if (target->left_out || run->key || !run->entry_id)
		return NULL;
	return store_prove(rotation->options.store, run->entry_id,
			   run->fingerprint, &run->key);
}

KR_FALLIBLE rotation_hand_out(struct rotation *rotation, struct rotate_env *env)
{
	struct err *err = rotation_for_targets(rotation, NULL, true,
					       take_other_keys, env);

	if (!err && *rotation->undone)
		err = rotation_for_targets(rotation, env, true, read_previous,
					   NULL);
	if (env->end == env->count)
		readback_key_free(take_ptr(&rotation->key));
	wipe_stack();
	return err;
}
