/*
 * Which rotation is to be gone on with, where no journal is at hand: the
 * Leases know; the Secrets' annotations and the store know where those were
 * lost. What cannot be known for certain is asked of the one who types.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/secretnote.h"
#include "runbook/rotate.h"

/* What the targets say of one rotation. */
struct evidence {
	size_t targets;
	size_t on_it;	/* hold its key, written by it */
	size_t proven;	/* ... and every gate behind it was passed */
	size_t past_it; /* were written by another one after it */
	size_t behind;	/* of the last environment, not proven */
};

static struct err *read_lease(struct rotation *rotation,
			      struct rotate_target *target, const void *user)
{
	(void)rotation;
	(void)user;
	return kube_lease_read(target->kube, &target->run.options.target,
			       &target->lease_facts);
}

static struct err *read_facts(struct rotation *rotation,
			      struct rotate_target *target, const void *user)
{
	(void)rotation;
	(void)user;
	return kube_secret_facts(target->kube, &target->run.options.target,
				 &target->key_facts);
}

/*
 * The holder is at work, or died at it; the trace is what stopped before.
 * *out_certain: the trace says so, which only what had begun leaves.
 */
static bool from_lease(const struct kube_lease_facts *facts,
		       struct rotate_found *out, bool *out_certain)
{
	const char *id = facts->rotation && rotation_is_valid(facts->rotation)
				 ? facts->rotation
				 : facts->open;

	if (!id || !rotation_is_valid(id))
		return false;
	(void)snprintf(out->id, sizeof(out->id), "%s", id);
	*out_certain = *out_certain || str_same(id, facts->open);
	if (str_same(id, facts->open) && facts->undone &&
	    rotation_is_valid(facts->undone))
		(void)snprintf(out->undone, sizeof(out->undone), "%s",
			       facts->undone);
	if (str_same(id, facts->open) && facts->to)
		(void)snprintf(out->to, sizeof(out->to), "%s", facts->to);
	return true;
}

static KR_FALLIBLE several(struct rotation *rotation,
			   const struct rotate_found *a,
			   const struct rotate_found *b)
{
	struct err *err = err_new(
		KR_EREFUSED,
		"several rotations have not ended (%s and %s): say which one",
		a->id, b->id);

	result_next(rotation->options.result, "kubectl keyrot resume %s",
		    a->id);
	result_next(rotation->options.result, "kubectl keyrot resume %s",
		    b->id);
	return err_set_reason(err, "SeveralOpen");
}

/* id NULL: whichever. *out stays empty where the Leases say nothing. */
static KR_FALLIBLE ask_leases(struct rotation *rotation, const char *id,
			      struct rotate_found *out, bool *out_certain)
{
	struct err *err =
		rotation_for_targets(rotation, NULL, false, read_lease, NULL);

	for (size_t i = 0; !err && i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; !err && j < env->count; j++) {
			struct rotate_found found = { 0 };

			if (!from_lease(&env->targets[j].lease_facts, &found,
					out_certain) ||
			    (id && strcmp(found.id, id) != 0))
				continue;
			if (*out->id && strcmp(found.id, out->id) != 0)
				err = several(rotation, out, &found);
			else if (!*out->id || *found.undone)
				*out = found;
		}
	}
	return err;
}

static bool may_be_rotations(const struct store_meta *meta)
{
	return meta->role == STORE_NEW && rotation_is_valid(meta->rotation) &&
	       rotation_is_entry(meta->rotation, meta->id);
}

/* Another rotation wrote there when this one had its key already. */
static bool came_after(const struct kube_key_facts *facts, const char *id,
		       const char *created_at)
{
	int64_t rotated = 0, created = 0;

	/* Behind the id may stand the state of a keyring. */
	if (facts->previous && strncmp(facts->previous, id, strlen(id)) == 0)
		return true;
	/* The annotation has whole seconds. */
	return facts->rotated_at && created_at &&
	       clock_parse_rfc3339(facts->rotated_at, &rotated) &&
	       clock_parse_rfc3339(created_at, &created) && rotated > created;
}

static void weigh(const struct kube_key_facts *facts,
		  const struct store_meta *meta, bool last, struct evidence *e)
{
	size_t n = strlen(meta->fingerprint);
	size_t proven = e->proven;

	e->targets++;
	if (facts->owned && str_same(facts->rotation, meta->rotation) &&
	    str_same(facts->fingerprint, meta->fingerprint)) {
		e->on_it++;
		e->proven +=
			facts->validated &&
			strncmp(facts->validated, meta->fingerprint, n) == 0;
	} else if (!str_same(facts->rotation, meta->rotation) &&
		   came_after(facts, meta->rotation, meta->created_at)) {
		/* Its own, with another key: a keyring that it added to. */
		e->past_it++;
	}
	e->behind += last && e->proven == proven;
}

static KR_FALLIBLE refuse(const char *reason, const char *format,
			  const char *id)
{
	struct err *err = err_new(KR_EREFUSED, "%s%s", format, id);

	err = err_set_reason(err, reason);
	/* It shows the key of every target, and the rotation that wrote it. */
	return err_hint(err, "kubectl keyrot status");
}

static KR_FALLIBLE judge(const struct evidence *e,
			 const struct store_meta *meta,
			 struct rotate_found *out)
{
	/* Where it had come to its end, what was written since is no matter. */
	if (e->past_it && e->on_it && e->behind)
		return refuse(
			"SeveralOpen",
			"some targets hold the key of this rotation and others were written after it, so whether it is to be gone on with or undone is not known; name it: ",
			meta->rotation);
	if (e->past_it || e->proven == e->targets)
		return refuse(
			"NothingToResume",
			"nothing is in progress: no Lease names a rotation, and the newest one has ended as far as the clusters show: ",
			meta->rotation);
	(void)snprintf(out->id, sizeof(out->id), "%s", meta->rotation);
	return NULL;
}

static KR_FALLIBLE ask_secrets(struct rotation *rotation,
			       const struct store_meta *meta,
			       struct rotate_found *out)
{
	struct evidence e = { 0 };
	struct err *err =
		rotation_for_targets(rotation, NULL, false, read_facts, NULL);

	if (err)
		return err;
	for (size_t i = 0; i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++)
			weigh(&env->targets[j].key_facts, meta,
			      i + 1 == rotation->env_count, &e);
	}
	return judge(&e, meta, out);
}

/*
 * The newest entry of a rotation, or the one of `id`; NULL: none. Entries that
 * were made for all clusters are a rotation's.
 */
static KR_FALLIBLE find_entry(const struct rotation *rotation, const char *id,
			      struct store_list *out_list,
			      const struct store_meta **out)
{
	struct store *store = rotation->options.store;
	struct err *err = store_entries(store, out_list);

	for (size_t i = out_list->count; !err && !*out && i-- > 0;) {
		struct store_meta *meta = &out_list->items[i];

		if (!may_be_rotations(meta) ||
		    (id && strcmp(meta->rotation, id) != 0))
			continue;
		err = store_tell(store, meta);
		if (!err && strncmp(meta->secret, "*/", 2) == 0)
			*out = meta;
	}
	return err;
}

static KR_FALLIBLE ask_store(struct rotation *rotation, const char *id,
			     struct rotate_found *out)
{
	struct store_list list = { 0 };
	const struct store_meta *meta = NULL;
	struct err *err = find_entry(rotation, id, &list, &meta);

	if (!err && !meta && id)
		err = refuse(
			"RotationUnknown",
			"neither a Lease nor the store knows this rotation: ",
			id);
	else if (!err && !meta)
		err = refuse(
			"NothingToResume",
			"nothing is in progress: neither a Lease nor the store knows a rotation of ",
			rotation->options.config->service);
	else if (!err && id)
		(void)snprintf(out->id, sizeof(out->id), "%s", meta->rotation);
	else if (!err)
		err = ask_secrets(rotation, meta, out);
	store_list_release(&list);
	return err;
}

KR_FALLIBLE rotation_find_newest(struct rotation *rotation,
				 char out_id[ROTATION_LEN])
{
	struct store_list list = { 0 };
	const struct store_meta *meta = NULL;
	struct err *err = find_entry(rotation, NULL, &list, &meta);

	if (!err && meta)
		(void)snprintf(out_id, ROTATION_LEN, "%s", meta->rotation);
	else if (!err)
		err = refuse(
			"NothingToRollBack",
			"neither a journal nor the store knows a rotation of ",
			rotation->options.config->service);
	store_list_release(&list);
	return err;
}

/*
 * A holder alone may have died before its key was stored, or have been at
 * something else: then there is nothing to go on with.
 */
static KR_FALLIBLE check_holder(struct rotation *rotation,
				struct rotate_found *found)
{
	struct store_list list = { 0 };
	const struct store_meta *meta = NULL;
	struct err *err = find_entry(rotation, found->id, &list, &meta);

	if (!err && !meta)
		memset(found, 0, sizeof(*found));
	store_list_release(&list);
	return err;
}

KR_FALLIBLE rotation_find(struct rotation *rotation, const char *id,
			  struct rotate_found *out)
{
	const struct reporter *r = rotation->options.reporter;
	struct rotate_found found = { 0 };
	char text[128];
	bool certain = false;
	struct err *err = ask_leases(rotation, id, &found, &certain);

	if (!err && *found.id && !certain)
		err = check_holder(rotation, &found);
	if (!err && !*found.id)
		err = ask_store(rotation, id, &found);
	if (err)
		return err;
	(void)snprintf(
		text, sizeof(text),
		"the journal is not here; the clusters and the store know rotation %s",
		found.id);
	if (r->message)
		r->message(r->user, REPORT_INFO, text);
	*out = found;
	return NULL;
}

KR_FALLIBLE rotation_if_unknown(struct rotation *rotation, struct err *take_err)
{
	kr_cleanup(err_freep) struct err *nothing = take_err;
	const char *service = rotation->options.config->service;
	kr_cleanup(str_freep) char *undone = NULL;
	kr_cleanup(str_freep) char *to = NULL;
	struct rotate_found found = { 0 };
	bool known = false, certain = false;
	struct err *err;

	if (!err_is(nothing, KR_EREFUSED) ||
	    strcmp(err_reason(nothing), "NothingToRollBack") != 0)
		return take_ptr(&nothing);
	err = journal_look(service, rotation->undone, &known, &undone, &to);
	if (!err && !known)
		err = ask_leases(rotation, rotation->undone, &found, &certain);
	if (!err && !known && !*found.id)
		err = ask_store(rotation, rotation->undone, &found);
	return err ? err : take_ptr(&nothing);
}

static KR_FALLIBLE overtaken(struct rotation *rotation,
			     const struct rotate_target *target, size_t on_it)
{
	const struct journal_line end = {
		.event = JOURNAL_ENDED,
		.detail = "overtaken",
	};
	struct err *err = err_new(
		KR_EREFUSED,
		"%s: rotation %s wrote Secret %s/%s after rotation %s, whose key is not put there again",
		target->context, target->run.secret->facts.rotation,
		target->run.secret->ns, target->run.secret->name, rotation->id);

	err = err_set_reason(err, "RotationOvertaken");
	if (on_it) {
		result_next(rotation->options.result,
			    "kubectl keyrot rollback %s", rotation->id);
		return err;
	}
	/* Nowhere is anything left of it. */
	err_free(journal_add(rotation->journal, &end));
	result_next(rotation->options.result, "kubectl keyrot status");
	return err;
}

static KR_FALLIBLE compare(struct rotation *rotation, const char *created_at)
{
	const struct rotate_target *past = NULL;
	size_t on_it = 0;

	for (size_t i = 0; i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++) {
			const struct rotate_target *target = &env->targets[j];
			const struct kube_key_facts *facts =
				&target->run.secret->facts;

			if (str_same(facts->rotation, rotation->id))
				on_it++;
			else if (facts->rotation &&
				 came_after(facts, rotation->id, created_at))
				past = target;
		}
	}
	return past ? overtaken(rotation, past, on_it) : NULL;
}

KR_FALLIBLE rotation_check_overtaken(struct rotation *rotation)
{
	struct store_list list = { 0 };
	const struct store_meta *meta = NULL;
	struct err *err;

	/* Its store may want a passphrase that nobody is there to type. */
	if (rotation->options.handed)
		return compare(rotation, NULL);
	err = find_entry(rotation, rotation->id, &list, &meta);
	if (!err)
		err = compare(rotation, meta ? meta->created_at : NULL);
	store_list_release(&list);
	return err;
}
