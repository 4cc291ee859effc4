/* Where the server is, and how to know that it is the right one. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "kube/access_build.h"
#include "kube/pem.h"
#include "kube/proxy.h"
#include "secret/base64.h"

static bool is_true(const char *flag)
{
	return flag && strcmp(flag, "true") == 0;
}

static KR_FALLIBLE check_scheme(const struct access_parts *parts,
				const char *who)
{
	const char *scheme = parts->url.scheme;

	if (parts->url.userinfo)
		return err_hint(
			err_new(KR_ECONFIG,
				"%s: a user name in the server's URL is not "
				"supported",
				who),
			"a URL is shown in many places: give credentials to "
			"the user entry of the kubeconfig");
	if (strcmp(scheme, "https") == 0)
		return NULL;
	if (*scheme && strcmp(scheme, "http") != 0)
		return err_new(KR_ECONFIG,
			       "%s: the server must be an https:// URL", who);
	if (parts->flags->allow_plain_http)
		return NULL;
	return err_hint(err_new(KR_EREFUSED,
				*scheme ? "%s: the server is an http:// URL: "
					  "nothing would be encrypted, and no "
					  "credentials sent"
					: "%s: the server has no https:// in "
					  "front, which means http://: nothing "
					  "would be encrypted, and no "
					  "credentials sent",
				who),
			"write https:// in front of the server; apply and "
			"plan alone take --allow-plain-http");
}

KR_FALLIBLE access_set_server(struct access_parts *parts, const char *server,
			      const char *who, struct kube_access *access)
{
	struct err *err;

	if (!str_keep(&parts->server, server))
		return err_no_memory();
	hosturl_release(&parts->url);
	err = hosturl_parse(server, &parts->url);
	if (err)
		return err_hint(err_wrap(err, "%s: server", who),
				"a server is written https://HOST:PORT");
	err = check_scheme(parts, who);
	if (!err && !*parts->url.scheme &&
	    !str_keep(&parts->url.scheme, "http"))
		err = err_no_memory();
	if (!err)
		err = hosturl_join(&parts->url, "", &access->origin);
	if (!err)
		err = err_wrap(
			hosturl_prefix(&parts->url, &access->path_prefix),
			"%s: server", who);
	return err;
}

KR_FALLIBLE access_set_proxy(const struct access_parts *parts,
			     struct kube_access *access)
{
	const char *own = kubeconfig_str(parts->cluster, "proxy-url");
	const struct proxy_env env = proxy_env_read();
	struct err *err;

	if (!own)
		return proxy_from_env(&env, &parts->url, &access->proxy_url);
	err = proxy_check(own, &access->proxy_url);
	if (!err)
		return NULL;
	err_free(err);
	return kubeconfig_err(parts->cluster, "proxy-url",
			      "proxy-url must be an http://, https:// or "
			      "socks5:// URL");
}

static KR_FALLIBLE take_ca(const struct access_parts *parts,
			   struct kube_access *access)
{
	free(access->ca_pem);
	access->ca_pem = NULL;
	return pem_certificates(buf_str(&parts->ca), parts->ca.len,
				&access->ca_pem, &access->ca_pem_len);
}

KR_FALLIBLE access_read_ca(struct access_parts *parts, const char *path,
			   struct kube_access *access)
{
	struct err *err;

	buf_reset(&parts->ca);
	err = file_read(path, &parts->ca);
	if (!err)
		err = err_wrap(take_ca(parts, access), "%s", path);
	return err_as(err, KR_ECONFIG);
}

/* Base64 with line breaks, checked when the file was read. */
static KR_FALLIBLE decode_ca(struct access_parts *parts, const char *text,
			     struct kube_access *access)
{
	kr_cleanup(secret_freep) struct secret *pem = NULL;
	kr_cleanup(str_freep) char *plain = strdup(text);
	char *to = plain;
	struct err *err;

	if (!plain)
		return err_no_memory();
	for (const char *p = text; *p; p++) {
		if (*p != '\r' && *p != '\n')
			*to++ = *p;
	}
	err = base64_decode(plain, (size_t)(to - plain), &pem);
	if (err)
		return err;
	buf_reset(&parts->ca);
	buf_append(&parts->ca, secret_expose(pem), secret_len(pem));
	err = buf_check(&parts->ca, "certificate-authority-data");
	return err ? err : take_ca(parts, access);
}

static KR_FALLIBLE ca_of_entry(struct access_parts *parts,
			       struct kube_access *access)
{
	const struct kubeconfig_entry *cluster = parts->cluster;
	static const char file_field[] = "certificate-authority";
	static const char data_field[] = "certificate-authority-data";
	const char *file = kubeconfig_str(cluster, file_field);
	const char *data = kubeconfig_str(cluster, data_field);
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err = NULL;

	if (file && data)
		return err_hint(kubeconfig_err(cluster, file_field,
					       "%s and %s are both given",
					       file_field, data_field),
				"keep one of them, or name the file by "
				"--certificate-authority");
	if ((file || data) && access->insecure_skip_tls_verify)
		return err_hint(
			kubeconfig_err(cluster, "insecure-skip-tls-verify",
				       "a certificate authority is given, and "
				       "insecure-skip-tls-verify says not to "
				       "use it"),
			"remove insecure-skip-tls-verify");
	if (data) {
		err = decode_ca(parts, data, access);
		if (err) {
			err_free(err);
			err = kubeconfig_err(cluster, data_field,
					     "%s holds no PEM certificate",
					     data_field);
		}
		return err;
	}
	if (!file)
		return NULL;
	path = kubeconfig_resolve(cluster, file);
	if (!path)
		return err_no_memory();
	err = access_read_ca(parts, path, access);
	if (err) {
		struct err *here = kubeconfig_err(cluster, file_field, "%s: %s",
						  file_field, err_message(err));

		err_free(err);
		err = here;
	}
	return err;
}

static KR_FALLIBLE build_tls(struct access_parts *parts,
			     struct kube_access *access)
{
	const struct kube_flags *flags = parts->flags;
	const char *ca_flag = flag_text(flags->certificate_authority);
	const char *insecure = flags->insecure_skip_tls_verify;

	access->insecure_skip_tls_verify =
		insecure ? is_true(insecure)
			 : !ca_flag && kubeconfig_bool(parts->cluster,
						       "insecure-skip-tls-"
						       "verify");
	if (ca_flag && access->insecure_skip_tls_verify)
		return err_new(KR_EUSAGE,
			       "--certificate-authority and "
			       "--insecure-skip-tls-verify contradict each "
			       "other");
	if (ca_flag)
		return err_wrap(access_read_ca(parts, ca_flag, access),
				"--certificate-authority");
	if (is_true(insecure))
		return NULL; /* takes back the kubeconfig's authority */
	return parts->cluster ? ca_of_entry(parts, access) : NULL;
}

static KR_FALLIBLE build_server(struct access_parts *parts,
				struct kube_access *access)
{
	const struct kubeconfig_entry *cluster = parts->cluster;
	const char *flag = flag_text(parts->flags->server);
	const char *server = flag ? flag : kubeconfig_str(cluster, "server");
	kr_cleanup(str_freep) char *who = NULL;
	const char *name;

	if (!server && cluster)
		return kubeconfig_err(cluster, "server", "server is missing");
	if (!server)
		return err_new(KR_ECONFIG, "no server is given");
	if (flag)
		who = strdup("--server");
	else if (asprintf(&who, "%s: cluster \"%.100s\"", cluster->file->path,
			  cluster->name) < 0)
		who = NULL;
	if (!who)
		return err_no_memory();
	/* --server drops the kubeconfig's name: it was for another server. */
	name = flag_text(parts->flags->tls_server_name);
	if (!name && !flag)
		name = kubeconfig_str(cluster, "tls-server-name");
	if (!str_keep(&access->tls_server_name, name))
		return err_no_memory();
	return access_set_server(parts, server, who, access);
}

KR_FALLIBLE access_build_cluster(struct access_parts *parts,
				 struct kube_access *access)
{
	const char *compression = parts->flags->disable_compression;
	struct err *err = build_server(parts, access);

	if (!err)
		err = build_tls(parts, access);
	if (!err)
		err = access_set_proxy(parts, access);
	access->disable_compression =
		compression ? is_true(compression)
			    : kubeconfig_bool(parts->cluster,
					      "disable-compression");
	return err;
}
