/*
 * Exec credential plugins: client.authentication.k8s.io/v1 and v1beta1
 * (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/).
 *
 * The plugin is run by its argv, without a shell, with this process's
 * environment, the entry's `env`, and KUBERNETES_EXEC_INFO. What it prints on
 * standard output is kept in memory only.
 */
#ifndef KR_KUBE_EXEC_H
#define KR_KUBE_EXEC_H

#include <stdint.h>

#include "secret/secret.h"

struct cJSON;
struct kubeconfig_entry;

enum exec_interactive {
	EXEC_NEVER,
	EXEC_IF_AVAILABLE,
	EXEC_ALWAYS,
};

struct exec_var {
	char *name, *value;
};

struct kube_exec {
	char *user; /* the kubeconfig's name for it */
	char *api_version;
	char *command; /* a path where it has a '/', else looked up in PATH */
	char **args;   /* NULL-terminated, without the command */
	struct exec_var *env;
	size_t env_count;
	enum exec_interactive interactive;
	char *install_hint;    /* safe to show, or NULL */
	struct cJSON *cluster; /* spec.cluster, or NULL */
	bool stdin_is_taken;
};

/*
 * From a user entry that has `exec`. KR_ECONFIG at the field that is missing
 * or wrong. `take_cluster` (NULL allowed) is what a plugin with
 * provideClusterInfo is told.
 */
KR_FALLIBLE kube_exec_new(const struct kubeconfig_entry *user,
			  bool stdin_is_taken, struct cJSON *take_cluster,
			  struct kube_exec **out);
void kube_exec_free(struct kube_exec *exec);
KR_DEFINE_FREEP(kube_exec)

struct exec_result {
	struct secret *token; /* NULL where none */
	struct secret *cert;  /* PEM; both or none */
	struct secret *key;
	bool expires;
	int64_t expires_wall_ms;
};

/* Runs it. KR_EAUTH, with the install hint where it is not installed. */
KR_FALLIBLE kube_exec_run(const struct kube_exec *exec,
			  struct exec_result *out);

/* Reads what it printed: an ExecCredential in JSON or YAML. KR_EAUTH. */
KR_FALLIBLE kube_exec_parse(const struct kube_exec *exec, const char *text,
			    size_t len, struct exec_result *out);
void exec_result_release(struct exec_result *result);

/* The text of KUBERNETES_EXEC_INFO, malloc'd. */
KR_FALLIBLE kube_exec_info(const struct kube_exec *exec, bool interactive,
			   char **out);

#endif
