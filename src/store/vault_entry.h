/*
 * Entries in Vault: shared by backend_vault.c and vault_list.c.
 */
#ifndef KR_STORE_VAULT_ENTRY_H
#define KR_STORE_VAULT_ENTRY_H

#include "store/vault.h"

#define VAULT_PATH_MAX_BYTES 4096

struct vault_store {
	struct vault *vault;
	char *mount;
	char *path;
};

/* Encoded, with its slashes. */
void vault_put_path(struct buf *out, const char *path);
/* MOUNT/KIND/PATH[/ID]QUERY */
KR_FALLIBLE vault_path(const struct vault_store *vs, const char *kind,
		       const char *id, const char *query, struct buf *out);
/* vault_ask() of these. */
KR_FALLIBLE vault_do(const struct vault_store *vs, const char *method,
		     const char *path, const struct secret *body,
		     bool holds_key, struct vault_reply *out);

/* As the store_backend has them. */
KR_FALLIBLE vault_list(void *state, struct store_list *out);
KR_FALLIBLE vault_get(void *state, const char *id, struct store_meta *out_meta,
		      struct secret **out_key);

/* Says the metadata again where lists see them. */
KR_FALLIBLE vault_put_custom(const struct vault_store *vs,
			     const struct store_meta *meta);

#endif
