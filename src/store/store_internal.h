/*
 * What store.c and prove.c share.
 */
#ifndef KR_STORE_STORE_INTERNAL_H
#define KR_STORE_STORE_INTERNAL_H

#include "store/store_backend.h"

struct store {
	const struct store_backend *backend;
	void *state;
	char *label;
	const struct store_options *options;
};

/* Every failure of a password manager is the store's, and says which. */
struct err *store_named(const struct store *store, struct err *take_err);

#endif
