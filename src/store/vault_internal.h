/*
 * Shared by the files of vault.h; nobody else includes it.
 */
#ifndef KR_STORE_VAULT_INTERNAL_H
#define KR_STORE_VAULT_INTERNAL_H

#include "secret/ref.h"
#include "store/vault.h"

struct vault {
	const struct store_options *options;
	char *origin;
	char *prefix; /* of a proxy's path; "" */
	char *folder; /* of keyrot.yaml */
	const char *namespace_;
	int64_t timeout_ms;
	struct http *http;    /* NULL until it is needed */
	struct secret *token; /* the same */
};

/* A field of the configuration, else a variable, else NULL; "" is neither. */
const char *vault_setting(const struct vault *vault, const char *field,
			  const char *variable);

/* One request, one answer of any status; KR_ESTORE where there is none. */
KR_FALLIBLE vault_send(struct vault *vault, const struct vault_request *request,
		       struct vault_reply *out);
/* A call with its headers, ready to be started. */
KR_FALLIBLE vault_call(struct vault *vault, const struct vault_request *request,
		       struct http_call **out);
/* NULL for 2xx and 404. */
struct err *vault_judge(struct vault *vault,
			const struct vault_request *request,
			const struct vault_reply *reply);

/* KR_ECONFIG where the configuration of the login is not complete. */
KR_FALLIBLE vault_check_auth(const struct vault *vault);
/* Makes sure that there is a token. KR_ESTORE, reason "Locked". */
KR_FALLIBLE vault_need_token(struct vault *vault);

#endif
