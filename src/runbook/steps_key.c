/*
 * The key and the store: what is applied came back from there, and so can what
 * is replaced.
 */
#include <stdio.h>
#include <string.h>

#include "runbook/newest.h"
#include "runbook/run.h"

static KR_FALLIBLE meta_of(const struct run *run, const char *suffix,
			   enum store_role role, const char *fingerprint,
			   struct store_meta *out)
{
	const struct kube_target *t = &run->options.target;
	struct store_meta meta = { .role = role };

	if (asprintf(&meta.id, "%s%s", run->rotation, suffix) < 0)
		meta.id = NULL;
	if (asprintf(&meta.secret, "%s/%s/%s", t->ns, t->secret, t->entry) < 0)
		meta.secret = NULL;
	meta.rotation = strdup(run->rotation);
	meta.fingerprint = strdup(fingerprint);
	meta.operator_ = strdup(run->operator_);
	meta.service = strdup(run->options.service);
	if (!meta.id || !meta.secret || !meta.rotation || !meta.fingerprint ||
	    !meta.operator_ || !meta.service) {
		store_meta_release(&meta);
		return err_no_memory();
	}
	*out = meta;
	return NULL;
}

/* A key that was brought: into the store, unless it is there. */
static KR_FALLIBLE store_given(struct run *run)
{
	struct store_meta meta;
	bool was_there = false;
	struct err *err =
		secret_fingerprint(run->key_source.given, run->fingerprint);

	if (!err && run->not_done)
		run_detail(run, "%.12s", run->fingerprint);
	if (err || run->not_done)
		return err;
	err = meta_of(run, "", STORE_NEW, run->fingerprint, &meta);
	if (err)
		return err;
	err = store_ensure(run->options.store, &meta, run->key_source.given,
			   &run->key, &run->entry_id, &was_there);
	store_meta_release(&meta);
	if (err)
		return err;
	/* From here on only what came back is used. */
	secret_free(run->key_source.given);
	run->key_source.given = NULL;
	run_detail(run, "%.12s, %s %s", run->fingerprint,
		   was_there ? "was in" : "put into",
		   store_where(run->options.store));
	return NULL;
}

static KR_FALLIBLE find_entry(struct run *run, struct store_meta *out)
{
	struct store_list list = { 0 };
	struct err *err;

	if (!run->key_source.entry)
		return newest_key(run->options.store, run->options.service,
				  &run->secret->facts, out);
	err = store_entries(run->options.store, &list);
	if (err)
		return err;
	err = err_new(KR_ESTORE, "entry %s is not in %s", run->key_source.entry,
		      store_where(run->options.store));
	err = err_set_reason(err, "EntryNotFound");
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.items[i].id, run->key_source.entry) != 0)
			continue;
		*out = list.items[i];
		memset(&list.items[i], 0, sizeof(list.items[i]));
		err_free(err);
		err = NULL;
		break;
	}
	store_list_release(&list);
	return err;
}

static KR_FALLIBLE fetch_stored(struct run *run)
{
	struct store_meta meta = { 0 };
	struct err *err = find_entry(run, &meta);

	if (err)
		return err;
	if (run->options.dry == DRY_NONE)
		err = store_prove(run->options.store, meta.id, NULL, &run->key);
	if (!err) {
		const char *fingerprint =
			run->key ? readback_key_fingerprint(run->key)
				 : meta.fingerprint;

		(void)snprintf(run->fingerprint, sizeof(run->fingerprint), "%s",
			       fingerprint);
		run->entry_id = strdup(meta.id);
		run_detail(run, "%.12s, entry %s of %s", run->fingerprint,
			   meta.id, store_where(run->options.store));
		if (!run->entry_id)
			err = err_no_memory();
	}
	store_meta_release(&meta);
	return err;
}

KR_FALLIBLE step_store_key(struct run *run)
{
	run->not_done = run->options.dry != DRY_NONE;
	return run->key_source.given ? store_given(run) : fetch_stored(run);
}

/* Into the store, unless it is there; the entry's id is kept. */
static KR_FALLIBLE keep_in_store(struct run *run, const struct secret *key,
				 const char *fingerprint,
				 struct readback_key **out)
{
	struct store_meta meta;
	char suffix[32];
	bool was_there = false;
	struct err *err;

	/* Targets of one rotation may hold different keys. */
	(void)snprintf(suffix, sizeof(suffix), "-previous-%.8s", fingerprint);
	err = meta_of(run, suffix, STORE_PREVIOUS, fingerprint, &meta);
	if (err)
		return err;
	free(run->previous_entry_id);
	run->previous_entry_id = NULL;
	err = store_ensure(run->options.store, &meta, key, out,
			   &run->previous_entry_id, &was_there);
	store_meta_release(&meta);
	if (err)
		return err_wrap(err, "keep the key that is replaced");
	run_detail(run, "%.12s, %s %s", fingerprint,
		   was_there ? "was in" : "put into",
		   store_where(run->options.store));
	return NULL;
}

/* The current key, which stays, and the previous one, which goes. */
KR_FALLIBLE step_prove_ring(struct run *run)
{
	const struct kube_secret *s = run->secret;
	const struct kube_ring_entry *previous = &s->ring[RING_PREVIOUS];
	kr_cleanup(readback_key_freep) struct readback_key *proof = NULL;
	struct err *err;

	if (!kube_ring_has(s, RING_PREVIOUS)) {
		run_detail(run, "there is none");
		return NULL;
	}
	(void)snprintf(run->first_fingerprint, sizeof(run->first_fingerprint),
		       "%s", previous->fingerprint);
	readback_key_free(take_ptr(&run->current_key));
	err = keep_in_store(run, s->live, s->live_fingerprint,
			    &run->current_key);
	if (!err) {
		run->entry_id = take_ptr(&run->previous_entry_id);
		run->proved = true;
		err = keep_in_store(run, previous->live, previous->fingerprint,
				    &proof);
	}
	return err;
}

KR_FALLIBLE step_prove_previous(struct run *run)
{
	const struct kube_secret *s = run->secret;
	kr_cleanup(readback_key_freep) struct readback_key *proof = NULL;
	struct err *err;

	if (!kube_secret_has_entry(s)) {
		run_detail(run, "there is none");
		return NULL;
	}
	if (strcmp(s->live_fingerprint, run->fingerprint) == 0) {
		run_detail(run, "it is this key already");
		return NULL;
	}
	run->not_done = run->options.dry != DRY_NONE;
	if (run->not_done)
		return NULL;
	if (!store_can_prove(run->options.store)) {
		run_warn(
			run,
			"store \"none\": whether the key that is replaced (%.12s) can be got back is not proved",
			s->live_fingerprint);
		run_detail(run, "not proved");
		return NULL;
	}
	err = keep_in_store(run, s->live, s->live_fingerprint, &proof);
	if (err)
		return err;
	if (run->options.target.keyring) {
		readback_key_free(run->current_key);
		run->current_key = take_ptr(&proof);
	}
	return NULL;
}
