/*
 * Talking to Vault or OpenBao: an address, a namespace, a token, and requests
 * whose refusals are told without a byte of what the server said.
 *
 * Where: https://developer.hashicorp.com/vault/api-docs
 */
#ifndef KR_STORE_VAULT_H
#define KR_STORE_VAULT_H

#include "net/http.h"
#include "store/store_backend.h"

struct vault;

/*
 * Fields of the configuration's store, then Vault's own variables: address
 * (VAULT_ADDR), namespace (VAULT_NAMESPACE), ca (VAULT_CACERT), serverName
 * (VAULT_TLS_SERVER_NAME); auth (token, approle, kubernetes), authMount, role,
 * roleID, secretID, jwt, token (VAULT_TOKEN, ~/.vault-token). Nothing is read
 * or asked yet. KR_ECONFIG; KR_EREFUSED for http:// to another machine.
 */
KR_FALLIBLE vault_new(const struct store_options *options, struct vault **out);
void vault_free(struct vault *vault);
KR_DEFINE_FREEP(vault)

/* "https://vault.example:8200". Borrowed. */
const char *vault_where(const struct vault *vault);

struct vault_reply {
	long status;	    /* 0: not over yet */
	struct cJSON *tree; /* NULL where the reply is no JSON */
};
void vault_reply_release(struct vault_reply *reply);

struct vault_request {
	const char *method;
	const char *path; /* behind /v1/, percent-encoded */
	const struct secret *body;
	bool holds_key; /* asked or answered: over a connection of its own */
};

/*
 * Asks with a token, which is found or logged in for when it is needed, and
 * again, once, when the one there is was refused. Reads are tried again where
 * no answer came. An answer of 2xx or 404 is a success here; KR_ESTORE for
 * others, with reason "Locked" where it is sealed or wants another token and
 * "EntryExists" where a check-and-set failed.
 */
KR_FALLIBLE vault_ask(struct vault *vault, const struct vault_request *request,
		      struct vault_reply *out);

/*
 * GETs of many paths at a time. out has n items, released by the caller also
 * on failure.
 */
KR_FALLIBLE vault_get_all(struct vault *vault, const char *const *paths,
			  size_t n, struct vault_reply *out);

#endif
