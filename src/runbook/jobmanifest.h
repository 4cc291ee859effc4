/*
 * Manifests of work that this program does inside a cluster: the account it
 * runs under, a Role that is just enough, and a pod that the strictest Pod
 * Security Standard ("restricted") accepts. `schedule cronjob` puts a CronJob
 * around the pod, `gitops hook` a Job.
 *
 * Everything is appended to a list of objects (a cJSON array), in the order in
 * which they are to be created; yamlout_print_all() prints it. Out of memory
 * shows when the list is printed.
 */
#ifndef KR_RUNBOOK_JOBMANIFEST_H
#define KR_RUNBOOK_JOBMANIFEST_H

#include "base/err.h"
#include "runbook/permission.h"

struct cJSON;

/* Names are checked by jobmanifest_check(). Borrowed for each call. */
struct jobmanifest {
	const char *name; /* of every object */
	const char *ns;	  /* a RoleBinding cannot do without */
	const char *image;
	const char *secret;	 /* the Secret that the Role names */
	unsigned uses;		 /* enum permission_use, or-ed */
	const char *const *args; /* after "kubectl-keyrot"; NULL-terminated */
	/* A ConfigMap with keyrot.yaml, and the kubeconfig of
	 * jobmanifest_config(); NULL: the defaults, and the pod's own cluster.
	 */
	const char *config_map;
	/* A PersistentVolumeClaim for /state, where the journal is; NULL: it
	 * ends with the pod. */
	const char *state_claim;
};

/* Folders in the pod. */
#define JOBMANIFEST_CONFIG_DIR "/etc/keyrot"
#define JOBMANIFEST_STATE_DIR  "/state"

/* KR_EUSAGE where a name cannot be one, or the image is none. */
KR_FALLIBLE jobmanifest_check(const struct jobmanifest *manifest);

/* Appends ServiceAccount, Role and RoleBinding. */
void jobmanifest_access(const struct jobmanifest *manifest, struct cJSON *list);

/*
 * Appends a ConfigMap of that name with `config`, the text of keyrot.yaml, and
 * a kubeconfig in which each of `contexts` (NULL-terminated) is the pod's own
 * cluster and account.
 */
KR_FALLIBLE jobmanifest_config(const struct jobmanifest *manifest,
			       const char *config, const char *const *contexts,
			       struct cJSON *list);

/*
 * Appends an object with its metadata: name, namespace, labels. Annotations
 * are the caller's. The object is the list's.
 */
struct cJSON *jobmanifest_object(const struct jobmanifest *manifest,
				 const char *api_version, const char *kind,
				 struct cJSON *list);

/*
 * Sets `spec` of a Job (or of a CronJob's jobTemplate): the pod template, no
 * second try, and an end after deadline_s. Commands that are killed leave what
 * `resume` goes on with; a second pod beside the first would be refused.
 */
void jobmanifest_job_spec(const struct jobmanifest *manifest,
			  long long deadline_s, struct cJSON *job);

#endif
