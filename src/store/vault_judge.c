/* What an answer of Vault means, in words of our own. */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "store/vault_internal.h"

/* Whether one of its `errors` holds this. */
static bool says(const struct vault_reply *reply, const char *words)
{
	const struct cJSON *list = json_member(reply->tree, "errors");

	for (const struct cJSON *item = json_first(list); item;
	     item = json_next(item)) {
		const char *text = json_text(item);

		if (text && strstr(text, words))
			return true;
	}
	return false;
}

/* 403 has two causes, and Vault does not say which: the token is asked about.
 */
static struct err *judge_denied(struct vault *v,
				const struct vault_request *request)
{
	const struct vault_request about = { .method = "GET",
					     .path = "auth/token/lookup-self" };
	kr_cleanup(vault_reply_release) struct vault_reply reply = { 0 };
	struct err *err = vault_send(v, &about, &reply);

	if (err && !err_is(err, KR_ESTORE))
		return err;
	err_free(err);
	if (reply.status == 403)
		return err_hint(store_error("Locked",
					    "Vault does not accept the token: "
					    "it is wrong, expired or revoked"),
				"log in again: vault login");
	return err_hint(store_error("StoreFailed",
				    "Vault does not allow this token: %s %s",
				    request->method, request->path),
			"docs/stores.md has the policy that is needed");
}

static struct err *judge_unavailable(const struct vault_reply *reply)
{
	if (says(reply, "sealed"))
		return err_hint(store_error("Locked", "Vault is sealed"),
				"vault operator unseal");
	return store_error("StoreFailed", "Vault is not available (status "
					  "503)");
}

static struct err *judge_invalid(const struct vault_reply *reply)
{
	if (says(reply, "check-and-set parameter did not match"))
		return store_error("EntryExists", "something is or was there "
						  "already");
	return store_error("StoreFailed", "Vault rejects the request (status "
					  "400)");
}

struct err *vault_judge(struct vault *v, const struct vault_request *request,
			const struct vault_reply *reply)
{
	if (reply->status / 100 == 2 || reply->status == 404)
		return NULL;
	if (reply->status / 100 == 3)
		return err_hint(store_error("StoreFailed",
					    "Vault sends us elsewhere (status "
					    "%ld): a standby node?",
					    reply->status),
				"name the address of the active node");
	switch (reply->status) {
	case 400:
		return judge_invalid(reply);
	case 403:
		return judge_denied(v, request);
	case 429:
		return store_error("StoreFailed",
				   "Vault asks us to come back later (status "
				   "429)");
	case 503:
		return judge_unavailable(reply);
	default:
		return store_error("StoreFailed",
				   "Vault answers with status "
				   "%ld",
				   reply->status);
	}
}
