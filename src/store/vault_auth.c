/* Where Vault's token comes from: named, or given for a login. */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/file.h"
#include "base/json.h"
#include "store/entrytext.h"
#include "store/vault_internal.h"

#define KUBERNETES_JWT                                                         \
	"file:/var/run/secrets/kubernetes.io/serviceaccount/token"

static struct err *as_locked(struct err *take_err)
{
	if (!take_err || err_is(take_err, KR_ENOMEM) ||
	    err_is(take_err, KR_EINTERRUPTED))
		return take_err;
	return err_set_reason(err_as(take_err, KR_ESTORE), "Locked");
}

/* A reference of the configuration, or the thing itself. */
static struct err *read_field(const struct vault *v, const char *field,
			      const char *otherwise, struct secret **out)
{
	const char *text = vault_setting(v, field, NULL);
	struct ref ref = { 0 };

	if (!text)
		text = otherwise;
	if (!text)
		return err_new(KR_ECONFIG, "%s is missing", field);
	if (!ref_parse(text, &ref))
		return secret_from_bytes(text, strlen(text), out);
	ref.folder = v->folder;
	return as_locked(ref_read(&ref, field, out));
}

/* What stands in the JSON of a login has no need of escapes. */
static struct err *check_plain(const struct secret *text, const char *what)
{
	const unsigned char *p = secret_expose(text);

	for (size_t i = 0; i < secret_len(text); i++)
		if (p[i] < ' ' || p[i] == '"' || p[i] == '\\')
			return store_error("Locked",
					   "%s holds an impossible character",
					   what);
	return NULL;
}

/* {"NAME": "...", "OTHER": "..."} */
static struct err *login_body(const struct secret *first, const char *name,
			      const struct secret *second, const char *other,
			      struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *head = NULL;
	kr_cleanup(buf_release) struct buf before = BUF_INIT(256);
	kr_cleanup(buf_release) struct buf between = BUF_INIT(256);
	struct err *err = check_plain(first, name);

	if (!err)
		err = check_plain(second, other);
	if (err)
		return err;
	buf_printf(&before, "{\"%s\":\"", name);
	buf_printf(&between, "\",\"%s\":\"", other);
	err = entrytext_wrap(buf_str(&before), first, buf_str(&between), &head);
	if (err)
		return err;
	err = entrytext_wrap((const char *)secret_expose(head), second, "\"}",
			     out);
	return err;
}

static struct err *log_in(struct vault *v, const char *method,
			  const struct secret *body)
{
	const char *mount = vault_setting(v, "authMount", NULL);
	kr_cleanup(vault_reply_release) struct vault_reply reply = { 0 };
	kr_cleanup(buf_release) struct buf path = BUF_INIT(1024);
	struct vault_request request = { .method = "POST",
					 .body = body,
					 .holds_key = true };
	const char *token;
	struct err *err;

	buf_printf(&path, "auth/%s/login", mount ? mount : method);
	err = buf_check(&path, "path");
	request.path = buf_str(&path);
	if (!err)
		err = vault_send(v, &request, &reply);
	if (err)
		return err;
	token = json_str(reply.tree, "auth.client_token");
	if (reply.status / 100 == 2 && token)
		return secret_from_bytes(token, strlen(token), &v->token);
	if (reply.status == 503)
		return vault_judge(v, &request, &reply);
	return err_hint(store_error("Locked",
				    "Vault does not accept this %s login "
				    "(status %ld)",
				    method, reply.status),
			"are the role, the secret and authMount right, and "
			"still valid?");
}

static struct err *log_in_by_approle(struct vault *v)
{
	kr_cleanup(secret_freep) struct secret *role = NULL;
	kr_cleanup(secret_freep) struct secret *secret = NULL;
	kr_cleanup(secret_freep) struct secret *body = NULL;
	struct err *err = read_field(v, "roleID", NULL, &role);

	if (!err)
		err = read_field(v, "secretID", NULL, &secret);
	if (!err)
		err = login_body(role, "role_id", secret, "secret_id", &body);
	return err ? err : log_in(v, "approle", body);
}

static struct err *log_in_by_kubernetes(struct vault *v)
{
	kr_cleanup(secret_freep) struct secret *role = NULL;
	kr_cleanup(secret_freep) struct secret *jwt = NULL;
	kr_cleanup(secret_freep) struct secret *body = NULL;
	struct err *err = read_field(v, "role", NULL, &role);

	if (!err)
		err = read_field(v, "jwt", KUBERNETES_JWT, &jwt);
	if (!err)
		err = login_body(role, "role", jwt, "jwt", &body);
	return err ? err : log_in(v, "kubernetes", body);
}

static struct err *find_token(struct vault *v)
{
	struct ref ref = { .from = REF_FROM_FILE };
	const char *home = getenv("HOME"), *variable = getenv("VAULT_TOKEN");
	kr_cleanup(str_freep) char *path =
		file_join(home ? home : "/", ".vault-token");

	if (vault_setting(v, "token", NULL))
		return read_field(v, "token", NULL, &v->token);
	if (!path)
		return err_no_memory();
	if (variable && *variable)
		ref = (struct ref){ .from = REF_FROM_ENV,
				    .value = "VAULT_TOKEN" };
	else if (file_exists(path))
		ref.value = path;
	else
		return err_hint(store_error("Locked", "no token for Vault is "
						      "named anywhere"),
				"log in with `vault login`, set VAULT_TOKEN, "
				"or set token: or auth: in the configuration's "
				"store");
	return as_locked(ref_read(&ref, "the token for Vault", &v->token));
}

enum method { BY_TOKEN, BY_APPROLE, BY_KUBERNETES };

/* What each way needs of the configuration. */
static const struct {
	const char *name;
	const char *needs[2];
} methods[] = {
	[BY_TOKEN] = { "token", { NULL } },
	[BY_APPROLE] = { "approle", { "roleID", "secretID" } },
	[BY_KUBERNETES] = { "kubernetes", { "role", NULL } },
};

static enum method method_of(const struct vault *v)
{
	const char *auth = vault_setting(v, "auth", NULL);
	size_t i = 0;

	while (auth && i <= BY_KUBERNETES && strcmp(methods[i].name, auth) != 0)
		i++;
	return (enum method)i;
}

KR_FALLIBLE vault_check_auth(const struct vault *v)
{
	static const char *const secrets[] = { "token", "secretID", "jwt" };
	enum method method = method_of(v);
	struct ref ref;

	if (method > BY_KUBERNETES)
		return err_new(KR_ECONFIG, "auth of a Vault store is token, "
					   "approle or kubernetes");
	for (size_t i = 0; i < 2; i++) {
		const char *field = methods[method].needs[i];

		if (field && !vault_setting(v, field, NULL))
			return err_new(KR_ECONFIG, "auth: %s needs %s",
				       methods[method].name, field);
	}
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		const char *text = vault_setting(v, secrets[i], NULL);

		if (text && !ref_parse(text, &ref))
			return err_new(KR_ECONFIG,
				       "%s is not written into the "
				       "configuration: name where it is, as "
				       "env:NAME, file:PATH or exec:COMMAND",
				       secrets[i]);
	}
	return NULL;
}

KR_FALLIBLE vault_need_token(struct vault *v)
{
	if (v->token)
		return NULL;
	switch (method_of(v)) {
	case BY_APPROLE:
		return log_in_by_approle(v);
	case BY_KUBERNETES:
		return log_in_by_kubernetes(v);
	case BY_TOKEN:
	default:
		return find_token(v);
	}
}
