#include "kube/access.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/access_build.h"
#include "kube/exec.h"
#include "kube/path.h"

void kube_access_free(struct kube_access *access)
{
	if (!access)
		return;
	free(access->context);
	free(access->cluster);
	free(access->user);
	free(access->namespace_);
	free(access->origin);
	free(access->path_prefix);
	free(access->tls_server_name);
	free(access->ca_pem);
	free(access->proxy_url);
	secret_free(access->token);
	free(access->token_file);
	secret_free(access->basic);
	secret_free(access->client_cert_pem);
	secret_free(access->client_key_pem);
	free(access->client_cert_file);
	free(access->client_key_file);
	kube_exec_free(access->exec);
	free(access->as);
	free(access->as_uid);
	for (char **group = access->as_groups; group && *group; group++)
		free(*group);
	free(access->as_groups);
	json_free(access->as_extra);
	free(access);
}

static KR_FALLIBLE choose_context(struct access_parts *parts)
{
	const char *flag = flag_text(parts->flags->context);
	const struct kubeconfig *config = parts->config;
	const char *name = flag ? flag : config->current_context;
	kr_cleanup(str_freep) char *who = NULL;

	if (!*name)
		return NULL;
	parts->context = kubeconfig_find(config, KUBECONFIG_CONTEXT, name);
	if (parts->context)
		return NULL;
	if (flag)
		who = strdup("--context");
	else if (asprintf(&who, "current-context in %s",
			  config->current_file->path) < 0)
		who = NULL;
	if (!who)
		return err_no_memory();
	return kubeconfig_unknown(config, KUBECONFIG_CONTEXT, name, who);
}

/*
 * The cluster or user entry: by flag, else by the context. kubectl goes on
 * with an empty one where a context names what is not there; this program
 * does so only where flags stand in for it (`is_needed` false).
 */
static KR_FALLIBLE choose_entry(const struct access_parts *parts,
				enum kubeconfig_kind kind, const char *flag,
				bool is_needed,
				const struct kubeconfig_entry **out)
{
	const char *field = kind == KUBECONFIG_USER ? "user" : "cluster";
	const char *name = flag_text(flag);
	kr_cleanup(str_freep) char *who = NULL;

	if (!name && parts->context)
		name = kubeconfig_str(parts->context, field);
	if (!name)
		return NULL;
	*out = kubeconfig_find(parts->config, kind, name);
	if (*out || (!flag_text(flag) && !is_needed))
		return NULL;
	if (flag_text(flag)) {
		if (asprintf(&who, "--%s", field) < 0)
			who = NULL;
	} else if (asprintf(&who, "%s: context \"%.100s\"",
			    parts->context->file->path,
			    parts->context->name) < 0) {
		who = NULL;
	}
	if (!who)
		return err_no_memory();
	return kubeconfig_unknown(parts->config, kind, name, who);
}

static KR_FALLIBLE choose(struct access_parts *parts)
{
	const struct kube_flags *flags = parts->flags;
	bool has_credentials = flag_text(flags->token) ||
			       flag_text(flags->client_certificate) ||
			       flag_text(flags->username);
	struct err *err = choose_context(parts);

	if (!err)
		err = choose_entry(parts, KUBECONFIG_CLUSTER, flags->cluster,
				   !flag_text(flags->server), &parts->cluster);
	if (!err)
		err = choose_entry(parts, KUBECONFIG_USER, flags->user,
				   !has_credentials, &parts->user);
	return err;
}

static KR_FALLIBLE keep_names(const struct access_parts *parts,
			      struct kube_access *access)
{
	if (!str_keep(&access->context,
		      parts->context ? parts->context->name : "") ||
	    !str_keep(&access->cluster,
		      parts->cluster ? parts->cluster->name : "") ||
	    !str_keep(&access->user, parts->user ? parts->user->name : ""))
		return err_no_memory();
	return NULL;
}

static KR_FALLIBLE set_namespace(const struct access_parts *parts,
				 struct kube_access *access)
{
	const char *name = flag_text(parts->flags->namespace_);
	kr_cleanup(str_freep) char *mounted = NULL;

	if (name && (!kube_name_is_valid(name) || strchr(name, '.')))
		return err_new(
			KR_EUSAGE,
			"--namespace: \"%.100s\" cannot be the name of a "
			"namespace",
			name);
	if (!name)
		name = kubeconfig_str(parts->context, "namespace");
	if (name && (!kube_name_is_valid(name) || strchr(name, '.')))
		return kubeconfig_err(parts->context, "namespace",
				      "\"%.100s\" cannot be the name of a "
				      "namespace",
				      name);
	if (!name && incluster_is_possible(KUBE_SERVICE_ACCOUNT_DIR)) {
		mounted = incluster_namespace(KUBE_SERVICE_ACCOUNT_DIR);
		name = mounted;
	}
	access->namespace_is_default = !name;
	return str_keep(&access->namespace_, name ? name : "default")
		       ? NULL
		       : err_no_memory();
}

static KR_FALLIBLE set_timeout(const struct kube_flags *flags,
			       struct kube_access *access)
{
	const char *text = flag_text(flags->request_timeout);

	if (!text)
		return NULL;
	return err_wrap(
		clock_parse_duration(text, true, &access->request_timeout_ms),
		"--request-timeout");
}

/* kubectl would go to http://localhost:8080. */
static KR_FALLIBLE no_cluster(const struct access_parts *parts)
{
	const struct kubeconfig *config = parts->config;
	struct buf names = BUF_INIT(16 * 1024);
	size_t count = config->entry_count[KUBECONFIG_CONTEXT];
	struct err *err;

	if (parts->context)
		return kubeconfig_err(parts->context, "cluster",
				      "the context names no cluster");
	for (size_t i = 0; i < count && i < 20; i++)
		buf_printf(&names, "%s%s", i ? ", " : "",
			   config->entries[KUBECONFIG_CONTEXT][i].name);
	err = err_new(KR_ECONFIG, "no cluster is chosen");
	if (count)
		err = err_hint(err,
			       "use --context NAME; contexts there are: %s",
			       buf_str(&names));
	else if (config->file_count)
		err = err_hint(err, "%s has no contexts",
			       config->files[0]->path);
	else
		err = err_hint(err, "there is no kubeconfig: use --kubeconfig "
				    "FILE or set KUBECONFIG");
	buf_release(&names);
	return err;
}

static KR_FALLIBLE build(struct access_parts *parts, struct kube_access *access)
{
	const struct kube_flags *flags = parts->flags;
	struct err *err = choose(parts);

	if (!err)
		err = keep_names(parts, access);
	if (!err)
		err = set_timeout(flags, access);
	if (err)
		return err;
	if (parts->cluster || flag_text(flags->server)) {
		err = access_build_cluster(parts, access);
		/* As in kubectl, nothing secret goes over plain http. */
		if (!err && strcmp(parts->url.scheme, "https") == 0)
			err = access_build_user(parts, access);
	} else if (!parts->context && !parts->user &&
		   incluster_is_possible(KUBE_SERVICE_ACCOUNT_DIR)) {
		err = incluster_build(KUBE_SERVICE_ACCOUNT_DIR, parts, access);
	} else {
		err = no_cluster(parts);
	}
	if (!err)
		err = access_build_impersonation(parts, access);
	if (!err)
		err = set_namespace(parts, access);
	return err;
}

KR_FALLIBLE kube_access_load(const struct kube_flags *flags,
			     struct kube_access **out)
{
	kr_cleanup(kube_access_freep) struct kube_access *access = NULL;
	kr_cleanup(kubeconfig_freep) struct kubeconfig *config = NULL;
	struct access_parts parts = {
		.flags = flags,
		.ca = BUF_INIT(ACCESS_MAX_PEM),
	};
	struct err *err = kubeconfig_load(flags->kubeconfig, &config);

	if (err)
		return err;
	access = calloc(1, sizeof(*access));
	if (!access)
		return err_no_memory();
	parts.config = config;
	err = build(&parts, access);
	free(parts.server);
	hosturl_release(&parts.url);
	buf_release(&parts.ca);
	if (!err)
		*out = take_ptr(&access);
	return err;
}
