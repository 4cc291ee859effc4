#include "kube/auth.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "kube/access_build.h"
#include "kube/exec.h"
#include "kube/pem.h"
#include "net/http.h"
#include "secret/base64.h"

#define TOKEN_FILE_AGE_MS 50000
#define PAIR_CHECK_MS	  1000

struct kube_auth {
	const struct kube_access *access;
	struct secret *basic_base64;

	struct secret *token; /* from the token file or the plugin */
	bool token_was_read;
	int64_t token_read_ms;

	struct secret *cert, *key; /* from renewed files or the plugin */
	int64_t pair_read_ms;
	bool identity_changed; /* not reported yet */

	bool exec_has_run;
	bool exec_expires;
	int64_t exec_expires_wall_ms;
};

void kube_auth_free(struct kube_auth *auth)
{
	if (!auth)
		return;
	secret_free(auth->basic_base64);
	secret_free(auth->token);
	secret_free(auth->cert);
	secret_free(auth->key);
	free(auth);
}

KR_FALLIBLE kube_auth_new(const struct kube_access *access,
			  struct kube_auth **out)
{
	kr_cleanup(kube_auth_freep) struct kube_auth *auth = NULL;
	struct err *err = NULL;

	auth = calloc(1, sizeof(*auth));
	if (!auth)
		return err_no_memory();
	auth->access = access;
	auth->pair_read_ms = clock_boot_ms();
	if (access->basic)
		err = base64_encode(access->basic, &auth->basic_base64);
	if (!err)
		*out = take_ptr(&auth);
	return err;
}

static const struct secret *token_in_force(const struct kube_auth *auth)
{
	return auth->token ? auth->token : auth->access->token;
}

const struct secret *kube_auth_client_cert(const struct kube_auth *auth)
{
	return auth->cert ? auth->cert : auth->access->client_cert_pem;
}

const struct secret *kube_auth_client_key(const struct kube_auth *auth)
{
	return auth->key ? auth->key : auth->access->client_key_pem;
}

/* White space around a token file's text is not part of the token. */
static KR_FALLIBLE trimmed(const struct secret *text, struct secret **out)
{
	const unsigned char *p = secret_expose(text);
	size_t n = secret_len(text);

	while (n && isspace(p[n - 1]))
		n--;
	for (; n && isspace(*p); n--)
		p++;
	return secret_from_bytes(p, n, out);
}

/*
 * Reads the token file anew. A failure keeps what there is: the file may just
 * be being replaced.
 */
static KR_FALLIBLE read_token_file(struct kube_auth *auth, bool *out_changed)
{
	kr_cleanup(secret_freep) struct secret *text = NULL;
	kr_cleanup(secret_freep) struct secret *token = NULL;
	const char *path = auth->access->token_file;
	const struct secret *before = token_in_force(auth);
	struct err *err = access_read_secret(path, &text);

	*out_changed = false;
	if (!err)
		err = trimmed(text, &token);
	if (!err && secret_len(token) == 0)
		err = err_new(KR_ECONFIG, "token file %s is empty", path);
	if (err && before) {
		err_free(err);
		err = NULL;
	} else if (!err && !(before && secret_equal(before, token))) {
		secret_free(auth->token);
		auth->token = take_ptr(&token);
		*out_changed = true;
	}
	auth->token_was_read = true;
	auth->token_read_ms = clock_boot_ms();
	return err;
}

/*
 * Looks whether the certificate and key files were replaced. A pair that
 * cannot be read or does not fit is not taken: its replacement may be half
 * done.
 */
static bool read_pair_files(struct kube_auth *auth)
{
	kr_cleanup(secret_freep) struct secret *cert = NULL;
	kr_cleanup(secret_freep) struct secret *key = NULL;
	struct err *err;

	auth->pair_read_ms = clock_boot_ms();
	err = access_read_secret(auth->access->client_cert_file, &cert);
	if (!err)
		err = access_read_secret(auth->access->client_key_file, &key);
	if (!err && secret_equal(cert, kube_auth_client_cert(auth)) &&
	    secret_equal(key, kube_auth_client_key(auth)))
		return false;
	if (!err)
		err = pem_check_pair(cert, key);
	if (err) {
		err_free(err);
		return false;
	}
	secret_free(auth->cert);
	secret_free(auth->key);
	auth->cert = take_ptr(&cert);
	auth->key = take_ptr(&key);
	auth->identity_changed = true;
	return true;
}

static bool same_secret(const struct secret *a, const struct secret *b)
{
	return a && b ? secret_equal(a, b) : a == b;
}

static KR_FALLIBLE run_exec(struct kube_auth *auth)
{
	kr_cleanup(exec_result_release) struct exec_result result = { 0 };
	struct err *err = kube_exec_run(auth->access->exec, &result);

	if (err)
		return err;
	if (!same_secret(auth->cert, result.cert) ||
	    !same_secret(auth->key, result.key))
		auth->identity_changed = true;
	secret_free(auth->token);
	secret_free(auth->cert);
	secret_free(auth->key);
	auth->token = take_ptr(&result.token);
	auth->cert = take_ptr(&result.cert);
	auth->key = take_ptr(&result.key);
	auth->exec_expires = result.expires;
	auth->exec_expires_wall_ms = result.expires_wall_ms;
	auth->exec_has_run = true;
	return NULL;
}

static bool exec_is_due(const struct kube_auth *auth)
{
	return !auth->exec_has_run ||
	       (auth->exec_expires &&
		clock_wall_ms() > auth->exec_expires_wall_ms);
}

static bool has_pair_files(const struct kube_auth *auth)
{
	return auth->access->client_cert_file && auth->access->client_key_file;
}

KR_FALLIBLE kube_auth_prepare(struct kube_auth *auth,
			      bool *out_identity_changed)
{
	const struct kube_access *access = auth->access;
	int64_t now = clock_boot_ms();
	struct err *err = NULL;
	bool changed;

	if (access->token_file &&
	    (!auth->token_was_read ||
	     now - auth->token_read_ms >= TOKEN_FILE_AGE_MS))
		err = read_token_file(auth, &changed);
	if (!err && has_pair_files(auth) &&
	    now - auth->pair_read_ms >= PAIR_CHECK_MS)
		(void)read_pair_files(auth);
	if (!err && access->exec && exec_is_due(auth))
		err = run_exec(auth);
	if (err)
		return err;
	*out_identity_changed = auth->identity_changed;
	auth->identity_changed = false;
	return NULL;
}

bool kube_auth_rejected(struct kube_auth *auth)
{
	bool again = false;

	if (auth->access->token_file)
		err_free(read_token_file(auth, &again));
	if (has_pair_files(auth) && read_pair_files(auth))
		again = true;
	if (auth->access->exec) {
		auth->exec_has_run = false;
		again = true;
	}
	return again;
}

/* A key of Impersonate-Extra-: what a header's name cannot hold is %XX. */
static void header_key(struct buf *out, const char *key)
{
	for (; *key; key++) {
		unsigned char c = (unsigned char)*key;

		if (c < 0x80 && (isalnum(c) || strchr("!#$&'*+-.^_`|~", c)))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static KR_FALLIBLE add_extra(struct http_call *call, const struct cJSON *values)
{
	struct buf name = BUF_INIT(8 * 1024);
	struct err *err;

	buf_puts(&name, "Impersonate-Extra-");
	header_key(&name, json_name(values));
	err = buf_check(&name, "the name of an impersonation extra");
	for (const struct cJSON *value = json_first(values); value && !err;
	     value = json_next(value))
		err = http_call_header(call, buf_str(&name), json_text(value));
	buf_release(&name);
	return err;
}

static KR_FALLIBLE add_impersonation(const struct kube_access *access,
				     struct http_call *call)
{
	struct err *err =
		http_call_header(call, "Impersonate-User", access->as);

	if (!err && access->as_uid)
		err = http_call_header(call, "Impersonate-Uid", access->as_uid);
	for (char **group = access->as_groups; group && *group && !err; group++)
		err = http_call_header(call, "Impersonate-Group", *group);
	for (const struct cJSON *key = json_first(access->as_extra);
	     key && !err; key = json_next(key))
		err = add_extra(call, key);
	return err_as(err_wrap(err, "impersonation"), KR_ECONFIG);
}

KR_FALLIBLE kube_auth_decorate(const struct kube_auth *auth,
			       struct http_call *call)
{
	const struct secret *token = token_in_force(auth);
	struct err *err = NULL;

	if (token)
		err = http_call_header_secret(call, "Authorization", "Bearer ",
					      token);
	else if (auth->basic_base64)
		err = http_call_header_secret(call, "Authorization", "Basic ",
					      auth->basic_base64);
	err = err_as(err, KR_EAUTH);
	if (!err && auth->access->as)
		err = add_impersonation(auth->access, call);
	return err;
}
