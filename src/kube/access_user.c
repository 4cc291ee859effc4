/* Who asks: credentials and impersonation. */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/access_build.h"
#include "kube/exec.h"
#include "kube/pem.h"
#include "secret/base64.h"

#define MAX_CREDENTIAL (1024 * 1024)

KR_FALLIBLE access_keep_secret(const char *text, struct secret **out)
{
	if (!text || !*text)
		return NULL;
	return secret_from_bytes(text, strlen(text), out);
}

KR_FALLIBLE access_read_secret(const char *path, struct secret **out)
{
	struct buf text = BUF_INIT(MAX_CREDENTIAL);
	struct err *err = file_read(path, &text);

	if (!err)
		err = secret_from_bytes(buf_str(&text), text.len, out);
	buf_release(&text);
	return err_as(err, KR_ECONFIG);
}

/* One half of the client certificate: by flag, by file, or as data. */
struct half {
	const char *flag, *flag_name;
	const char *file_field, *data_field;
};

static KR_FALLIBLE decode_half(const struct kubeconfig_entry *user,
			       const char *field, const char *text,
			       struct secret **out)
{
	struct buf plain = BUF_INIT(2 * MAX_CREDENTIAL);
	struct err *err;

	for (; *text; text++) {
		if (*text != '\r' && *text != '\n')
			buf_putc(&plain, *text);
	}
	err = buf_check(&plain, field);
	if (!err)
		err = base64_decode(buf_str(&plain), plain.len, out);
	buf_release(&plain);
	if (!err)
		return NULL;
	err_free(err);
	return kubeconfig_err(user, field, "%s is not base64", field);
}

static KR_FALLIBLE load_half(const struct kubeconfig_entry *user,
			     const struct half *half, char **out_path,
			     struct secret **out)
{
	const char *file = kubeconfig_str(user, half->file_field);
	const char *data = kubeconfig_str(user, half->data_field);
	struct err *err;

	if (half->flag) {
		if (!str_keep(out_path, half->flag))
			return err_no_memory();
		return err_wrap(access_read_secret(half->flag, out), "%s",
				half->flag_name);
	}
	if (file && data)
		return err_hint(kubeconfig_err(user, half->file_field,
					       "%s and %s are both given",
					       half->file_field,
					       half->data_field),
				"keep one of them, or name the file by %s",
				half->flag_name);
	if (data)
		return decode_half(user, half->data_field, data, out);
	if (!file)
		return NULL;
	*out_path = kubeconfig_resolve(user, file);
	if (!*out_path)
		return err_no_memory();
	err = access_read_secret(*out_path, out);
	if (err) {
		struct err *here =
			kubeconfig_err(user, half->file_field, "%s: %s",
				       half->file_field, err_message(err));

		err_free(err);
		err = here;
	}
	return err;
}

static KR_FALLIBLE build_certificate(const struct access_parts *parts,
				     struct kube_access *access)
{
	const struct half cert = { flag_text(parts->flags->client_certificate),
				   "--client-certificate", "client-certificate",
				   "client-certificate-data" };
	const struct half key = { flag_text(parts->flags->client_key),
				  "--client-key", "client-key",
				  "client-key-data" };
	struct err *err;

	err = load_half(parts->user, &cert, &access->client_cert_file,
			&access->client_cert_pem);
	if (err || !access->client_cert_pem)
		return err; /* a key alone is not looked at */
	err = load_half(parts->user, &key, &access->client_key_file,
			&access->client_key_pem);
	if (err)
		return err;
	if (!access->client_key_pem)
		return err_hint(
			err_new(KR_ECONFIG,
				"user \"%.100s\": a client certificate without "
				"its key",
				access->user),
			"give client-key-data or client-key beside it, or "
			"--client-key");
	return err_wrap(
		pem_check_pair(access->client_cert_pem, access->client_key_pem),
		"user \"%.100s\"", access->user);
}

static KR_FALLIBLE build_basic(const struct access_parts *parts,
			       struct kube_access *access)
{
	const char *name = flag_text(parts->flags->username);
	const char *password = flag_text(parts->flags->password);
	struct buf both = BUF_INIT(MAX_CREDENTIAL);
	struct err *err;

	if (!name)
		name = kubeconfig_str(parts->user, "username");
	if (!password)
		password = kubeconfig_str(parts->user, "password");
	if (!name && !password)
		return NULL;
	buf_printf(&both, "%s:%s", name ? name : "", password ? password : "");
	err = buf_check(&both, "user name and password");
	if (!err)
		err = secret_from_bytes(buf_str(&both), both.len,
					&access->basic);
	buf_release(&both);
	return err;
}

/* A line break would be a second header: refused before it is sent. */
static KR_FALLIBLE check_token(const struct kube_access *access)
{
	const unsigned char *p = secret_expose(access->token);

	for (size_t i = 0; i < secret_len(access->token); i++) {
		if ((p[i] < ' ' && p[i] != '\t') || p[i] == 0x7f)
			return err_hint(
				err_new(KR_ECONFIG,
					"user \"%.100s\": the token has a line "
					"break or another control character",
					access->user),
				"write it in one line, without \\n at its end");
	}
	return NULL;
}

static KR_FALLIBLE build_token(const struct access_parts *parts,
			       struct kube_access *access)
{
	const char *flag = flag_text(parts->flags->token);
	const char *token = kubeconfig_str(parts->user, "token");
	const char *file = kubeconfig_str(parts->user, "tokenFile");
	kr_cleanup(secret_freep) struct secret *tried = NULL;
	struct err *err =
		access_keep_secret(flag ? flag : token, &access->token);

	if (!err && access->token)
		err = check_token(access);
	/* What was typed for this run wins over what a file says. */
	if (err || flag || !file)
		return err;
	access->token_file = kubeconfig_resolve(parts->user, file);
	if (!access->token_file)
		return err_no_memory();
	err = access_read_secret(access->token_file, &tried);
	if (err && access->token) {
		err_free(err);
		return NULL;
	}
	if (err) {
		struct err *here =
			kubeconfig_err(parts->user, "tokenFile",
				       "tokenFile: %s", err_message(err));

		err_free(err);
		return here;
	}
	return NULL;
}

static KR_FALLIBLE check_methods(const struct access_parts *parts,
				 const struct kube_access *access)
{
	const char *who = access->user;

	if (json_member(parts->user ? parts->user->body : NULL,
			"auth-provider") &&
	    !json_is_null(json_member(parts->user->body, "auth-provider")))
		return err_hint(
			kubeconfig_err(parts->user, "auth-provider",
				       "auth-provider is not supported"),
			"use a credential plugin (exec) instead: see "
			"https://kubernetes.io/docs/reference/access-authn-"
			"authz/authentication/#client-go-credential-plugins");
	if ((access->token || access->token_file) && access->basic)
		return err_hint(err_new(KR_ECONFIG,
					"user \"%.100s\": both a token and a "
					"user name with password are given",
					who),
				"keep one of them");
	return NULL;
}

/* spec.cluster of KUBERNETES_EXEC_INFO: empty fields are left out. */
static KR_FALLIBLE cluster_info(const struct access_parts *parts,
				const struct kube_access *access,
				struct cJSON **out)
{
	static const char extension[] = "client.authentication.k8s.io/exec";
	kr_cleanup(json_freep) struct cJSON *info = json_object();
	kr_cleanup(str_freep) char *server = strdup(parts->server);
	const struct cJSON *list, *item;

	if (!server)
		return err_no_memory();
	/* With a path, kubectl tells the server without its query. */
	if (strlen(parts->url.path) > 1)
		server[strcspn(server, "?#")] = '\0';
	json_set_str(info, "server", server);
	if (access->tls_server_name)
		json_set_str(info, "tls-server-name", access->tls_server_name);
	if (access->insecure_skip_tls_verify)
		json_set_bool(info, "insecure-skip-tls-verify", true);
	if (access->ca_pem) {
		size_t n = base64_encoded_len(parts->ca.len);
		char *text = calloc(1, n + 1);

		if (!text)
			return err_no_memory();
		base64_encode_to((const unsigned char *)buf_str(&parts->ca),
				 parts->ca.len, text);
		json_set_str(info, "certificate-authority-data", text);
		free(text);
	}
	if (kubeconfig_str(parts->cluster, "proxy-url"))
		json_set_str(info, "proxy-url",
			     kubeconfig_str(parts->cluster, "proxy-url"));
	if (access->disable_compression)
		json_set_bool(info, "disable-compression", true);
	json_set_null(info, "config");
	list = parts->cluster ? json_member(parts->cluster->body, "extensions")
			      : NULL;
	cJSON_ArrayForEach (item, list) {
		if (strcmp(json_str_or(item, "name", ""), extension) == 0 &&
		    json_member(item, "extension"))
			json_set(info, "config",
				 json_copy(json_member(item, "extension")));
	}
	*out = take_ptr(&info);
	return NULL;
}

static KR_FALLIBLE build_exec(const struct access_parts *parts,
			      struct kube_access *access)
{
	const struct cJSON *node =
		parts->user ? json_member(parts->user->body, "exec") : NULL;
	kr_cleanup(kube_exec_freep) struct kube_exec *exec = NULL;
	struct cJSON *info = NULL;
	struct err *err;

	if (!node || json_is_null(node))
		return NULL;
	err = cluster_info(parts, access, &info);
	if (!err)
		err = kube_exec_new(parts->user, parts->flags->stdin_is_taken,
				    info, &exec);
	if (err)
		return err;
	/* Checked in any case; used where there is nothing else. */
	if (!access->token && !access->token_file && !access->basic &&
	    !access->client_cert_pem)
		access->exec = take_ptr(&exec);
	return NULL;
}

static KR_FALLIBLE nobody(const struct access_parts *parts)
{
	if (parts->user)
		return err_hint(kubeconfig_err(parts->user, "token",
					       "there are no credentials"),
				"give it a token, client certificate or exec "
				"plugin; this program asks for no password");
	return err_hint(err_new(KR_ECONFIG, "no credentials: no user of the "
					    "kubeconfig is chosen"),
			"use --context or --user");
}

KR_FALLIBLE access_build_user(const struct access_parts *parts,
			      struct kube_access *access)
{
	struct err *err = build_token(parts, access);

	if (!err)
		err = build_basic(parts, access);
	if (!err)
		err = build_certificate(parts, access);
	if (!err)
		err = check_methods(parts, access);
	if (!err)
		err = build_exec(parts, access);
	if (!err && !access->token && !access->token_file && !access->basic &&
	    !access->client_cert_pem && !access->exec)
		err = nobody(parts);
	return err;
}
