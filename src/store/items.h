/*
 * Password managers of services whose command line speaks JSON: items with a
 * name, a password and notes, found by an id of the service's own. The
 * entry's first line is the password, the rest the notes (entrytext.h).
 */
#ifndef KR_STORE_ITEMS_H
#define KR_STORE_ITEMS_H

#include "store/store_backend.h"
#include "store/tool.h"

#define ITEMS_MAX_ARGS 16

struct items_store;

/* What `create` reads; `line` needs no escapes in JSON. */
typedef STORE_CHECKED struct err *
items_body_fn(const struct items_store *items, const char *name,
	      const struct secret *line, const char *rest, struct secret **out);

/* What one of them is like. */
struct items_kind {
	const char *program;
	const char *log_in; /* the hint where it is locked */
	/* What it says, in part, when it is locked or nobody is logged in. */
	const char *const *locked;
	const char *name_field; /* of an item in JSON */
	const char *const *list;
	bool searches; /* the item is appended to `list` */
	const char *const *create;
	const char *const *show; /* the id is appended */
	/* Run before what is there is looked at, or NULL. */
	const char *const *sync;
	/* Flags that are appended where `value` is set: {"--vault", V}. */
	const char *place_flag;
	items_body_fn *body;
	/* Where the two are in an item; NULL where they are not. */
	void (*read)(const struct cJSON *tree, const char **out_line,
		     const char **out_rest);
};

struct items_store {
	const struct items_kind *kind;
	const struct store_options *options;
	char *item;
	const char *place; /* value of place_flag, or NULL */
	struct proc_env env;
	int64_t timeout_ms;
	bool is_ready;	/* the credential was read */
	bool is_synced; /* what is seen is what the service has */
	/* The variable that a credential goes to, and its field. */
	const char *variable, *field;
	struct items_seen {
		char *name, *id;
	} * seen;
	size_t n_seen;
};

KR_FALLIBLE items_open(const struct items_kind *kind,
		       const struct store_options *options, const char *where,
		       struct items_store **out, char **out_label);
void items_close(void *state);

/* One run. "Locked" where it says so; any other failure is in `out`. */
KR_FALLIBLE items_run(struct items_store *items, const char *const *words,
		      const char *last, const struct secret *input,
		      const struct secret *key, struct tool_result *out);

/* Of the store_backend. */
KR_FALLIBLE items_list(void *state, struct store_list *out);
KR_FALLIBLE items_put(void *state, const struct store_meta *meta,
		      const struct secret *key);
KR_FALLIBLE items_get(void *state, const char *id, struct store_meta *out_meta,
		      struct secret **out_key);

#endif
