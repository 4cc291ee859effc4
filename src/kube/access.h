/*
 * How to reach one cluster as one user: what kubeconfig files, flags, the
 * environment and the in-cluster service account add up to.
 *
 * kubectl's rules are followed, with the safer choice where kubectl's is
 * dangerous for a writer of Secrets; docs/kubeconfig.md lists each difference.
 */
#ifndef KR_KUBE_ACCESS_H
#define KR_KUBE_ACCESS_H

#include "base/err.h"
#include "secret/secret.h"

struct cJSON;

/* kubectl's flags, as given; NULL where not given. All borrowed. */
struct kube_flags {
	const char *kubeconfig;
	const char *context;
	const char *cluster;
	const char *user;
	const char *namespace_;
	const char *server;
	const char *tls_server_name;
	const char *certificate_authority;
	const char *insecure_skip_tls_verify; /* "true", "false" or NULL */
	const char *client_certificate;
	const char *client_key;
	/* A token or password given by an option of kubectl's: stands in the
	 * argument list by the user's own will. */
	const char *token;
	const char *username;
	const char *password;
	const char *as;
	const char *as_uid;
	const char *const *as_groups;	   /* NULL-terminated, or NULL */
	const char *const *as_user_extras; /* "KEY=VALUE", NULL-terminated */
	const char *request_timeout;
	const char *disable_compression; /* "true", "false" or NULL */
	/* http:// servers lose credentials silently in kubectl: refused
	 * without this. */
	bool allow_plain_http;
	/* This program reads the key from standard input: a credential plugin
	 * must not. */
	bool stdin_is_taken;
};

struct kube_exec; /* an exec credential plugin; see kube/exec.h */

/* Everything owned; borrowed by readers. */
struct kube_access {
	char *context;	  /* "" in a cluster and where nothing names one */
	char *cluster;	  /* name in the kubeconfig; "" where none */
	char *user;	  /* name in the kubeconfig; "" where none */
	char *namespace_; /* never NULL */
	bool namespace_is_default; /* nothing named one */
	char *origin;		   /* https://host:port */
	char *path_prefix;	   /* "" or "/prefix", no slash at the end */
	char *tls_server_name;	   /* NULL where the URL's host serves */
	bool insecure_skip_tls_verify;
	char *ca_pem; /* NULL: the system's roots */
	size_t ca_pem_len;
	char *proxy_url; /* "" = direct; environment already considered.
			  * May hold a password: not to be shown */
	bool disable_compression;
	int64_t request_timeout_ms; /* 0: none given */

	/* Credentials; NULL where not used. */
	struct secret *token;
	char *token_file;     /* re-read by kube/auth when older than 50 s */
	struct secret *basic; /* "user:password" */
	struct secret *client_cert_pem;
	struct secret *client_key_pem;
	char *client_cert_file; /* where the pair came from files */
	char *client_key_file;
	struct kube_exec *exec;

	char *as; /* NULL: no impersonation */
	char *as_uid;
	char **as_groups;	/* NULL-terminated, or NULL */
	struct cJSON *as_extra; /* {"key": ["value", ...]}, or NULL */

	bool in_cluster;
};

/*
 * Resolves flags, $KUBECONFIG, ~/.kube/config, the proxy variables and the
 * in-cluster account. KR_ECONFIG or KR_EUSAGE with file, field and next step
 * where kubectl refuses, and where this program does for safety.
 */
KR_FALLIBLE kube_access_load(const struct kube_flags *flags,
			     struct kube_access **out);
void kube_access_free(struct kube_access *access);
KR_DEFINE_FREEP(kube_access)

/* A context of the merged kubeconfig, for status, completion and init. */
struct kube_context {
	char *name, *cluster, *user, *namespace_;
	bool current;
};
struct kube_contexts {
	struct kube_context *items;
	size_t count;
};
KR_FALLIBLE kube_contexts_load(const char *kubeconfig_flag,
			       struct kube_contexts *out);
void kube_contexts_release(struct kube_contexts *contexts);

#endif
