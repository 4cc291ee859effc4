/* In a pod: the service account that Kubernetes mounts. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "kube/access_build.h"

static const char *env_text(const char *name)
{
	return flag_text(getenv(name));
}

bool incluster_is_possible(const char *dir)
{
	kr_cleanup(str_freep) char *token = file_join(dir, "token");

	return token && env_text("KUBERNETES_SERVICE_HOST") &&
	       env_text("KUBERNETES_SERVICE_PORT") && file_is_regular(token);
}

char *incluster_namespace(const char *dir)
{
	kr_cleanup(str_freep) char *path = file_join(dir, "namespace");
	const char *named = env_text("POD_NAMESPACE");
	struct buf text = BUF_INIT(4096);
	const char *start;
	char *found = NULL;

	if (named)
		return strdup(named);
	if (path)
		err_free(file_read(path, &text));
	start = buf_str(&text);
	start += strspn(start, " \t\r\n");
	if (*start)
		found = strndup(start, strcspn(start, " \t\r\n"));
	buf_release(&text);
	return found;
}

static KR_FALLIBLE set_server(struct access_parts *parts,
			      struct kube_access *access)
{
	const char *host = env_text("KUBERNETES_SERVICE_HOST");
	const char *port = env_text("KUBERNETES_SERVICE_PORT");
	kr_cleanup(str_freep) char *server = NULL;
	bool is_ipv6 = strchr(host, ':') != NULL;

	if (asprintf(&server, "https://%s%s%s:%s", is_ipv6 ? "[" : "", host,
		     is_ipv6 ? "]" : "", port) < 0) {
		server = NULL;
		return err_no_memory();
	}
	return access_set_server(parts, server, "in the cluster", access);
}

static KR_FALLIBLE set_token(const char *dir, const struct kube_flags *flags,
			     struct kube_access *access)
{
	kr_cleanup(secret_freep) struct secret *tried = NULL;

	if (flag_text(flags->token))
		return access_keep_secret(flags->token, &access->token);
	access->token_file = file_join(dir, "token");
	if (!access->token_file)
		return err_no_memory();
	return access_read_secret(access->token_file, &tried);
}

KR_FALLIBLE incluster_build(const char *dir, struct access_parts *parts,
			    struct kube_access *access)
{
	const char *ca_flag = flag_text(parts->flags->certificate_authority);
	kr_cleanup(str_freep) char *ca = file_join(dir, "ca.crt");
	struct err *err;

	if (!ca)
		return err_no_memory();
	access->in_cluster = true;
	err = set_server(parts, access);
	if (!err)
		err = set_token(dir, parts->flags, access);
	if (!err)
		err = access_read_ca(parts, ca_flag ? ca_flag : ca, access);
	if (!err)
		err = access_set_proxy(parts, access);
	if (!err && !str_keep(&access->tls_server_name,
			      flag_text(parts->flags->tls_server_name)))
		err = err_no_memory();
	return err_wrap(err, "the pod's service account");
}
