/*
 * Password managers, and the only way from one of them to a cluster.
 *
 * Nothing here deletes or overwrites an entry. A backend implements struct
 * store_backend; the functions below it are what the rest of the program
 * calls. Applying takes a struct readback_key, which only this folder makes:
 * a key that no store holds cannot be applied, by construction.
 */
#ifndef KR_STORE_STORE_H
#define KR_STORE_STORE_H

#include "base/err.h"
#include "secret/readback.h"
#include "secret/secret.h"

struct store;
struct store_backend;

enum store_role {
	STORE_NEW,	/* a key made or brought to be applied */
	STORE_PREVIOUS, /* a key found live in a cluster, kept before change */
};

/* Metadata of an entry. All strings owned; "" where unknown. */
struct store_meta {
	char *id;	   /* kr-20261122-7f3a9c, ...-previous, ... */
	char *rotation;	   /* kr-20261122-7f3a9c */
	char *fingerprint; /* 64 hex */
	char *operator_;
	char *created_at; /* RFC 3339 UTC; "": when it is put */
	char *service;
	char *secret; /* "namespace/name/entry" it was made for */
	char *ledger; /* the ledger's anchor when it was made */
	enum store_role role;
};
void store_meta_release(struct store_meta *meta);

struct store_list {
	struct store_meta *items; /* oldest first */
	size_t count;
};
void store_list_release(struct store_list *list);

/* What opening needs; all borrowed for the life of the store. */
struct store_options {
	const char *spec;	     /* "TYPE[:WHERE]"; NULL: "file" */
	const char *service;	     /* "secrets-service" */
	const char *item;	     /* configuration's `item`, or NULL */
	const char *passphrase_file; /* --passphrase-file, or NULL */
	bool may_ask;		     /* a terminal is there for a passphrase */
	/* Configuration's store: mapping, for backend-specific fields; NULL. */
	const struct cJSON *config;
	/* Relative paths in it are of this file's folder; NULL: the current. */
	const char *config_path;
};

/*
 * KR_EUSAGE for an unknown type (with a suggestion). Nothing is read, asked
 * or created yet: that is store_probe()'s and the first use's.
 */
KR_FALLIBLE store_open(const struct store_options *options, struct store **out);
void store_close(struct store *store);
static inline void store_closep(struct store **p)
{
	store_close(*p);
}

const char *store_type(const struct store *store);
/* For people: "pass: Secrets Service Encryption Key". Borrowed. */
const char *store_where(const struct store *store);
/* false only for `none`: keys are not kept where the program can read them. */
bool store_can_prove(const struct store *store);

/*
 * Whether opening it anew would ask a person for a passphrase. (What an agent
 * of the password manager asks for by itself is not known here.)
 */
bool store_asks(const struct store *store);

/*
 * Looks whether the store can be used at all (tool there, unlocked or
 * unlockable, folder writable). Changes nothing. KR_ESTORE and a next step.
 */
KR_FALLIBLE store_probe(struct store *store);

/* Metadata of all entries of this service, oldest first. */
KR_FALLIBLE store_entries(struct store *store, struct store_list *out);

/*
 * Fills in what the entry was made for, where the list did not tell: a
 * password manager's knows names alone. The entry is read for it, which may
 * ask a person what reading it asks.
 */
KR_FALLIBLE store_tell(struct store *store, struct store_meta *meta);

/*
 * Puts a key under meta->id, which must not exist (KR_ESTORE, reason
 * "EntryExists", if it does). Metadata is stored with it. What a backend says
 * is not believed: see store_prove().
 */
KR_FALLIBLE store_put(struct store *store, const struct store_meta *meta,
		      const struct secret *key);

/*
 * Reads entry `id` back and checks that it hashes to `fingerprint` (of the
 * metadata where NULL). KR_ESTORE, reasons "EntryNotFound", "Mismatch",
 * "Locked", "StoreFailed".
 */
KR_FALLIBLE store_prove(struct store *store, const char *id,
			const char *fingerprint, struct readback_key **out);

/*
 * Finds the entry with this fingerprint, or puts `key` there as a new entry
 * described by meta; proves it either way. *out_id (malloc'd) is the entry's.
 * For `none` the key itself is wrapped, marked as not proved.
 */
KR_FALLIBLE store_ensure(struct store *store, const struct store_meta *meta,
			 const struct secret *key, struct readback_key **out,
			 char **out_id, bool *out_was_there);

/* The newest entry of role STORE_NEW; KR_ESTORE/"EntryNotFound" if none. */
KR_FALLIBLE store_newest(struct store *store, struct store_meta *out);

/* Known types, NULL-terminated, for help and suggestions. */
const char *const *store_types(void);

#endif
