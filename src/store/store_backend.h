/*
 * What a password manager has to be able to do: the inside of src/store.
 *
 * A new one is a file backend_<name>.c with a struct store_backend, and a row
 * in the table of store.c. The promises that are the same for all of them
 * (nothing is overwritten, what is applied was read back) are store.c's.
 */
#ifndef KR_STORE_STORE_BACKEND_H
#define KR_STORE_STORE_BACKEND_H

#include "store/store.h"

#define STORE_CHECKED __attribute__((warn_unused_result))

/*
 * Looks at nothing outside the process. `where` is what follows the colon of
 * --store, or NULL. *out_label names the place for people (malloc'd).
 */
typedef STORE_CHECKED struct err *
store_open_fn(const struct store_options *options, const char *where,
	      void **out_state, char **out_label);
typedef void store_close_fn(void *state);

/* Can it be used? Changes nothing. */
typedef STORE_CHECKED struct err *store_probe_fn(void *state);

/*
 * Makes sure that a key put now can be read back: unlocks, asks for a
 * passphrase, sets up an empty store. NULL where there is nothing to do.
 */
typedef STORE_CHECKED struct err *store_ready_fn(void *state);

/*
 * Adds the metadata of every entry to `out`, in any order. An entry whose
 * metadata cannot be read is listed by its id alone.
 */
typedef STORE_CHECKED struct err *store_list_fn(void *state,
						struct store_list *out);

/* The id is valid, all fields are set, and no entry had this id just now. */
typedef STORE_CHECKED struct err *store_put_fn(void *state,
					       const struct store_meta *meta,
					       const struct secret *key);

/*
 * By a new process, connection or open file. KR_ESTORE with reason
 * "EntryNotFound" where there is none. out_meta is empty on entry, and
 * released by the caller also on failure.
 */
typedef STORE_CHECKED struct err *store_get_fn(void *state, const char *id,
					       struct store_meta *out_meta,
					       struct secret **out_key);

struct store_backend {
	const char *name;
	bool can_prove;
	bool has_passphrase; /* of its own: passphrase.h */
	bool put_looks;	     /* put itself refuses an id that is there */
	store_open_fn *open;
	store_close_fn *close;
	store_probe_fn *probe;
	store_ready_fn *ready;
	store_list_fn *list;
	store_put_fn *put;
	store_get_fn *get;
};

extern const struct store_backend backend_file;
extern const struct store_backend backend_pass;
extern const struct store_backend backend_gopass;
extern const struct store_backend backend_keepassxc;
extern const struct store_backend backend_vault;
extern const struct store_backend backend_op;
extern const struct store_backend backend_bw;
extern const struct store_backend backend_exec;
extern const struct store_backend backend_none;

/* Takes *take_meta over, also on failure. */
KR_FALLIBLE store_list_add(struct store_list *list,
			   struct store_meta *take_meta);

/* KR_ESTORE with one of the reasons of store.h. */
struct err *store_error(const char *reason, const char *format, ...)
	KR_PRINTF(2, 3);

#endif
