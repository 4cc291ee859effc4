#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "secret/readback_make.h"
#include "store/meta.h"
#include "store/store_internal.h"

/* The caller's metadata, with what it left open filled in. */
static struct err *complete_meta(const struct store *store,
				 const struct store_meta *meta,
				 const struct secret *key,
				 struct store_meta *out)
{
	kr_cleanup(store_meta_release) struct store_meta full = { 0 };
	char fingerprint[SECRET_FINGERPRINT_LEN];
	char now[CLOCK_RFC3339_MS_LEN];
	bool ok;
	struct err *err;

	if (!meta_id_is_valid(meta->id))
		return err_new(KR_EUSAGE, "not an entry's id: \"%s\"",
			       meta->id ? meta->id : "");
	err = meta_copy(meta, &full);
	if (!err)
		err = secret_fingerprint(key, fingerprint);
	if (err)
		return err;
	clock_rfc3339_ms(clock_wall_ms(), now);
	ok = str_keep(&full.fingerprint, fingerprint);
	if (!*full.created_at)
		ok = str_keep(&full.created_at, now) && ok;
	if (!*full.service && store->options->service)
		ok = str_keep(&full.service, store->options->service) && ok;
	if (!ok)
		return err_no_memory();
	*out = full;
	full = (struct store_meta){ 0 };
	return NULL;
}

static const struct store_meta *by_id(const struct store_list *list,
				      const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].id, id) == 0)
			return &list->items[i];
	return NULL;
}

static struct err *put_new(struct store *store, const struct store_meta *full,
			   const struct secret *key)
{
	kr_cleanup(store_list_release) struct store_list list = { 0 };
	struct err *err = NULL;

	if (!store->backend->put_looks)
		err = store->backend->list(store->state, &list);
	if (!err && by_id(&list, full->id))
		err = store_error("EntryExists", "entry %s exists already",
				  full->id);
	if (!err)
		err = err_wrap(store->backend->put(store->state, full, key),
			       "put entry %s", full->id);
	return store_named(store, err);
}

KR_FALLIBLE store_put(struct store *store, const struct store_meta *meta,
		      const struct secret *key)
{
	kr_cleanup(store_meta_release) struct store_meta full = { 0 };
	struct err *err = complete_meta(store, meta, key, &full);

	return err ? err : put_new(store, &full, key);
}

/* Whether what came back is what the entry and the caller say it is. */
static struct err *check_read_back(const struct store_meta *meta,
				   const char *id, const struct secret *key,
				   const char *fingerprint)
{
	char actual[SECRET_FINGERPRINT_LEN];
	struct err *err = secret_fingerprint(key, actual);

	if (err)
		return err;
	if (*meta->id && strcmp(meta->id, id) != 0)
		return store_error("Mismatch", "it gave the entry %s instead",
				   meta->id);
	if ((*meta->fingerprint && strcmp(meta->fingerprint, actual) != 0) ||
	    (fingerprint && strcmp(fingerprint, actual) != 0))
		return store_error(
			"Mismatch",
			"it gave another key (sha256:%.12s) than "
			"was put there (sha256:%.12s)",
			actual, fingerprint ? fingerprint : meta->fingerprint);
	return NULL;
}

static struct err *prove(struct store *store, const char *id,
			 const char *fingerprint, struct readback_key **out)
{
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	kr_cleanup(secret_freep) struct secret *key = NULL;
	struct err *err = NULL;

	if (!meta_id_is_valid(id))
		return err_new(KR_EUSAGE, "not an entry's id: \"%s\"", id);
	if (!store->backend->can_prove)
		return store_error("StoreFailed",
				   "keys cannot be read back from it");
	err = store->backend->get(store->state, id, &meta, &key);
	if (!err && !meta.id)
		err = meta_parse("", 0, ':', &meta);
	if (!err)
		err = check_read_back(&meta, id, key, fingerprint);
	if (!err && !fingerprint && !*meta.fingerprint)
		err = store_error("Mismatch", "it does not say which key "
					      "this should be");
	if (err)
		return err_wrap(err, "read back entry %s", id);
	return readback_key_make(take_ptr(&key), id, true, out);
}

KR_FALLIBLE store_prove(struct store *store, const char *id,
			const char *fingerprint, struct readback_key **out)
{
	struct err *err = prove(store, id, fingerprint, out);

	return err_is(err, KR_EUSAGE) ? err : store_named(store, err);
}

/* The word of an operator: nothing was read back. */
static struct err *wrap_unproved(const struct secret *key,
				 const struct store_meta *meta,
				 struct readback_key **out)
{
	struct secret *copy = NULL;
	struct err *err =
		secret_from_bytes(secret_expose(key), secret_len(key), &copy);

	return err ? err : readback_key_make(copy, meta->id, false, out);
}

static bool has_reason(const struct err *err, const char *reason)
{
	return err_is(err, KR_ESTORE) && strcmp(err_reason(err), reason) == 0;
}

static bool is_taken(const struct store_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].id, id) == 0)
			return true;
	return false;
}

/* Whether the entry is there and damaged: not what it says it is. */
static KR_FALLIBLE is_damaged(struct store *store, const char *id, bool *out)
{
	kr_cleanup(readback_key_freep) struct readback_key *other = NULL;
	struct err *err = store_prove(store, id, NULL, &other);

	*out = has_reason(err, "Mismatch");
	if (!*out)
		return err;
	err_free(err);
	return NULL;
}

/* "ID-2" and so on where ID is damaged: an entry is never written over. One
 * with another key is no damage, and refused later. */
static KR_FALLIBLE number_id(struct store *store, const struct store_list *list,
			     char **id)
{
	kr_cleanup(str_freep) char *plain = strdup(*id);
	struct err *err = NULL;
	bool damaged = true;

	for (int n = 2; plain && !err && is_taken(list, *id); n++) {
		err = is_damaged(store, *id, &damaged);
		if (err || !damaged)
			break;
		free(*id);
		if (asprintf(id, "%s-%d", plain, n) < 0)
			*id = NULL;
		if (!*id)
			break;
	}
	return err || (plain && *id) ? err : err_no_memory();
}

/*
 * An entry that should hold this key. One that is damaged or gone is passed
 * over: a fresh entry is then put beside it, and *id made one that is free.
 * What stops us (locked, the tool fails) is an error.
 */
static struct err *find_held(struct store *store, const char *fingerprint,
			     char **id, struct readback_key **out)
{
	kr_cleanup(store_list_release) struct store_list list = { 0 };
	struct err *err = store_entries(store, &list);

	for (size_t i = list.count; !err && !*out && i > 0; i--) {
		const struct store_meta *item = &list.items[i - 1];

		if (strcmp(item->fingerprint, fingerprint) != 0)
			continue;
		err = store_prove(store, item->id, fingerprint, out);
		if (has_reason(err, "Mismatch") ||
		    has_reason(err, "EntryNotFound")) {
			err_free(err);
			err = NULL;
		}
	}
	return err || *out ? err : number_id(store, &list, id);
}

/*
 * A put that failed may have been done all the same (the reply was lost, the
 * tool was killed at the deadline): what counts is what can be read back.
 */
static struct err *put_and_prove(struct store *store,
				 const struct store_meta *full,
				 const struct secret *key,
				 struct readback_key **out)
{
	kr_cleanup(err_freep) struct err *put_err = NULL;
	struct err *err = NULL;

	if (store->backend->ready)
		err = store_named(store, store->backend->ready(store->state));
	if (err)
		return err;
	put_err = put_new(store, full, key);
	if (put_err &&
	    (!err_is(put_err, KR_ESTORE) || has_reason(put_err, "Locked") ||
	     has_reason(put_err, "EntryExists")))
		return take_ptr(&put_err);
	err = store_prove(store, full->id, full->fingerprint, out);
	if (!err || !put_err)
		return err;
	err_free(err);
	return take_ptr(&put_err);
}

KR_FALLIBLE store_ensure(struct store *store, const struct store_meta *meta,
			 const struct secret *key, struct readback_key **out,
			 char **out_id, bool *out_was_there)
{
	kr_cleanup(store_meta_release) struct store_meta full = { 0 };
	kr_cleanup(readback_key_freep) struct readback_key *made = NULL;
	kr_cleanup(str_freep) char *id = NULL;
	bool was_there = false;
	struct err *err = complete_meta(store, meta, key, &full);

	if (!err && !store->backend->can_prove) {
		err = wrap_unproved(key, &full, &made);
	} else if (!err) {
		err = find_held(store, full.fingerprint, &full.id, &made);
		was_there = made != NULL;
		if (!err && !made)
			err = put_and_prove(store, &full, key, &made);
	}
	if (err)
		return err;
	id = strdup(readback_key_entry(made));
	if (!id)
		return err_no_memory();
	*out = take_ptr(&made);
	*out_id = take_ptr(&id);
	*out_was_there = was_there;
	return NULL;
}

KR_FALLIBLE store_tell(struct store *store, struct store_meta *meta)
{
	kr_cleanup(store_meta_release) struct store_meta whole = { 0 };
	kr_cleanup(secret_freep) struct secret *key = NULL;
	struct err *err;

	if (*meta->secret || !store->backend->can_prove)
		return NULL;
	err = store->backend->get(store->state, meta->id, &whole, &key);
	if (err)
		return store_named(store,
				   err_wrap(err, "read entry %s", meta->id));
	if (whole.secret && !str_keep(&meta->secret, whole.secret))
		return err_no_memory();
	return NULL;
}

KR_FALLIBLE store_newest(struct store *store, struct store_meta *out)
{
	kr_cleanup(store_list_release) struct store_list list = { 0 };
	struct err *err = store_entries(store, &list);

	if (err)
		return err;
	for (size_t i = list.count; i > 0; i--) {
		struct store_meta *item = &list.items[i - 1];

		/* It may be the newest one: an older key must not be taken in
		 * its place without a word. */
		if (!*item->fingerprint || !*item->created_at)
			return store_named(
				store,
				err_hint(store_error("Mismatch",
						     "the metadata of entry "
						     "%s cannot be read",
						     item->id),
					 "name the entry that you mean: "
					 "--from-store=ENTRY"));
		if (item->role == STORE_NEW)
			return meta_copy(item, out);
	}
	err = store_error("EntryNotFound", "it holds no key yet");
	return store_named(store, err_hint(err, "kubectl keyrot generate"));
}
