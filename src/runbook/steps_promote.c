/* Promotion: the key that an environment runs, validated, to the next one. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "runbook/mark.h"
#include "runbook/rotate.h"

static struct rotate_env *find_env(struct rotation *rotation, const char *name)
{
	for (size_t i = 0; i < rotation->env_count; i++)
		if (strcmp(rotation->envs[i].name, name) == 0)
			return &rotation->envs[i];
	return NULL;
}

/* The one that it requires, else the one that stands before it. */
static struct rotate_env *env_before(struct rotation *rotation,
				     struct rotate_env *env)
{
	if (env->config->requires)
		return find_env(rotation, env->config->requires);
	return env > rotation->envs ? env - 1 : NULL;
}

KR_FALLIBLE rotation_promote(struct rotation *rotation, const char *to)
{
	struct rotate_env *env = find_env(rotation, to);
	struct cJSON *document = rotation->options.result->document;

	if (!env)
		return err_new(KR_EUSAGE,
			       "there is no environment %s to "
			       "promote to",
			       to);
	rotation->from = env_before(rotation, env);
	if (!rotation->from)
		return err_hint(err_new(KR_EUSAGE,
					"%s is the first environment: no key "
					"comes to it by promotion",
					to),
				"kubectl keyrot rotate");
	if (to != rotation->to)
		(void)snprintf(rotation->to, sizeof(rotation->to), "%s", to);
	for (size_t i = 0; i < rotation->env_count; i++) {
		struct rotate_env *other = &rotation->envs[i];

		other->bystander = other != env;
		for (size_t j = 0; j < other->count; j++)
			other->targets[j].left_out = other->bystander;
	}
	json_set_str(document, "from", rotation->from->name);
	json_set_str(document, "to", env->name);
	return NULL;
}

static struct err *look_at(struct rotation *rotation,
			   struct rotate_target *target, const void *user)
{
	struct run *run = &target->run;
	kr_cleanup(kube_secret_freep) struct kube_secret *now = NULL;
	struct err *err =
		kube_secret_get(target->kube, &run->options.target, &now);

	(void)rotation;
	(void)user;
	if (err)
		return err;
	/* Its fingerprint and its marks are what is needed. */
	secret_free(take_ptr(&now->live));
	kube_secret_free(run->secret);
	run->secret = take_ptr(&now);
	return NULL;
}

/* One key in all of it, written by this program, and proven there. */
static KR_FALLIBLE check_source(const struct rotation *rotation,
				struct rotate_env *to,
				const struct rotate_target *target)
{
	const struct rotate_env *from = rotation->from;
	const struct kube_secret *s = target->run.secret;
	const char *first = from->targets[0].run.secret->live_fingerprint;
	struct err *err;

	if (!*s->live_fingerprint)
		return err_new(KR_ENOTFOUND, "%s has no key to promote",
			       target->context);
	if (strcmp(s->live_fingerprint, first) != 0) {
		err = err_new(
			KR_EREFUSED,
			"the targets of environment %s run different keys, %.12s and %.12s",
			from->name, first, s->live_fingerprint);
		return err_set_reason(err, "Drift");
	}
	if (mark_is_proof(s->facts.validated, first, to->config->within_ms))
		return NULL;
	if (rotation->options.allow_unvalidated) {
		rotate_set_aside(to, OVERRIDE_UNVALIDATED);
		return NULL;
	}
	err = err_new(
		KR_EREFUSED,
		"environment %s has not validated the key it runs (%.12s) recently enough",
		from->name, first);
	err = err_set_reason(err, "NotProven");
	return err_hint(
		err,
		"validate it there (kubectl keyrot validate --env %s); if it is meant all the same: --allow-unvalidated",
		from->name);
}

static KR_FALLIBLE find_entry(struct rotation *rotation)
{
	struct store_list list = { 0 };
	struct err *err = store_entries(rotation->options.store, &list);

	/* The newest of them, should there be several. */
	for (size_t i = list.count; !err && !rotation->entry_id && i-- > 0;) {
		if (strcmp(list.items[i].fingerprint, rotation->fingerprint) !=
		    0)
			continue;
		rotation->entry_id = strdup(list.items[i].id);
		if (!rotation->entry_id)
			err = err_no_memory();
	}
	store_list_release(&list);
	if (err || rotation->entry_id)
		return err;
	return err_set_reason(
		err_new(KR_ESTORE, "the key that %s runs (%.12s) is not in %s",
			rotation->from->name, rotation->fingerprint,
			store_where(rotation->options.store)),
		"EntryNotFound");
}

KR_FALLIBLE rotate_find_promoted(struct rotation *rotation)
{
	struct rotate_env *to = find_env(rotation, rotation->to);
	struct rotate_env *from = rotation->from;
	struct err *err =
		rotation_for_targets(rotation, from, false, look_at, NULL);

	for (size_t i = 0; !err && i < from->count; i++)
		err = check_source(rotation, to, &from->targets[i]);
	if (err)
		return err;
	memcpy(rotation->fingerprint,
	       from->targets[0].run.secret->live_fingerprint,
	       sizeof(rotation->fingerprint));
	for (size_t i = 0; i < from->count; i++)
		memcpy(from->targets[i].run.fingerprint, rotation->fingerprint,
		       sizeof(rotation->fingerprint));
	json_set_str(rotation->options.result->document, "fingerprint",
		     rotation->fingerprint);
	return find_entry(rotation);
}

/* By its fingerprint, as a new process or connection gives it back. */
KR_FALLIBLE rotate_promoted_key(struct rotation *rotation)
{
	return rotation_need_key(rotation);
}
