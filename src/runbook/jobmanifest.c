#include "runbook/jobmanifest.h"

#include <string.h>

#include "base/json.h"
#include "kube/path.h"

#define ACCOUNT_DIR  "/var/run/secrets/kubernetes.io/serviceaccount"
#define USER_ID	     65532
#define KEEP_DONE_S  (7LL * 24 * 60 * 60)
#define STATE_LIMIT  "16Mi"
#define PART_OF	     "app.kubernetes.io/name"
#define PROGRAM	     "kubectl-keyrot"
#define MAX_NAME_LEN 52 /* a CronJob's: its Jobs' names are longer */

static KR_FALLIBLE check_name(const char *option, const char *name,
			      size_t max_len)
{
	if (kube_name_is_valid(name) && strlen(name) <= max_len)
		return NULL;
	return err_new(KR_EUSAGE,
		       "%s is not a name that Kubernetes accepts: at most %zu "
		       "lower case letters, digits, '-' and '.'",
		       option, max_len);
}

/* No blank and nothing that YAML or a log could stumble over. */
static bool is_image(const char *image)
{
	size_t n = image ? strlen(image) : 0;

	return n > 0 && n < 512 &&
	       strspn(image, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "0123456789-._/:@[]") == n;
}

KR_FALLIBLE jobmanifest_check(const struct jobmanifest *m)
{
	struct err *err = check_name("the name of its objects (--name)",
				     m->name, MAX_NAME_LEN);

	if (!err)
		err = check_name("--namespace", m->ns, 63);
	if (!err)
		err = check_name("--secret", m->secret, 253);
	if (!err && m->state_claim)
		err = check_name("--state-claim", m->state_claim, 253);
	if (err || is_image(m->image))
		return err;
	return err_hint(
		err_new(KR_EUSAGE, m->image ? "--image is no image's name"
					    : "which image? --image"),
		"`make image` builds one: --image "
		"registry.example/keyrot:" KR_VERSION);
}

struct cJSON *jobmanifest_object(const struct jobmanifest *m,
				 const char *api_version, const char *kind,
				 struct cJSON *list)
{
	struct cJSON *object = json_append_object(list);
	struct cJSON *metadata;

	json_set_str(object, "apiVersion", api_version);
	json_set_str(object, "kind", kind);
	metadata = json_add_object(object, "metadata");
	json_set_str(metadata, "name", m->name);
	json_set_str(metadata, "namespace", m->ns);
	json_set_str(json_add_object(metadata, "labels"), PART_OF, "keyrot");
	return object;
}

void jobmanifest_access(const struct jobmanifest *m, struct cJSON *list)
{
	struct cJSON *account =
		jobmanifest_object(m, "v1", "ServiceAccount", list);
	struct cJSON *role = jobmanifest_object(
		m, "rbac.authorization.k8s.io/v1", "Role", list);
	struct cJSON *binding = jobmanifest_object(
		m, "rbac.authorization.k8s.io/v1", "RoleBinding", list);
	struct cJSON *part;

	/* Only the pod that asks for it gets a token. */
	json_set_bool(account, "automountServiceAccountToken", false);
	permission_rules(m->uses, m->secret, json_add_array(role, "rules"));
	part = json_add_object(binding, "roleRef");
	json_set_str(part, "apiGroup", "rbac.authorization.k8s.io");
	json_set_str(part, "kind", "Role");
	json_set_str(part, "name", m->name);
	part = json_append_object(json_add_array(binding, "subjects"));
	json_set_str(part, "kind", "ServiceAccount");
	json_set_str(part, "name", m->name);
	json_set_str(part, "namespace", m->ns);
}

static struct cJSON *append_named(struct cJSON *list, const char *name)
{
	struct cJSON *object = json_append_object(list);

	json_set_str(object, "name", name);
	return object;
}

/* A kubeconfig is JSON as well as YAML. */
static KR_FALLIBLE kubeconfig(const char *const *contexts, const char *ns,
			      char **out)
{
	kr_cleanup(json_freep) struct cJSON *config = json_object();
	struct cJSON *list, *part;

	json_set_str(config, "apiVersion", "v1");
	json_set_str(config, "kind", "Config");
	list = json_add_array(config, "clusters");
	part = json_add_object(append_named(list, "here"), "cluster");
	json_set_str(part, "server", "https://kubernetes.default.svc");
	json_set_str(part, "certificate-authority", ACCOUNT_DIR "/ca.crt");
	list = json_add_array(config, "users");
	part = json_add_object(append_named(list, "here"), "user");
	json_set_str(part, "tokenFile", ACCOUNT_DIR "/token");
	list = json_add_array(config, "contexts");
	for (; contexts && *contexts; contexts++) {
		part = json_add_object(append_named(list, *contexts),
				       "context");
		json_set_str(part, "cluster", "here");
		json_set_str(part, "user", "here");
		json_set_str(part, "namespace", ns);
	}
	return json_print_pretty(config, out);
}

KR_FALLIBLE jobmanifest_config(const struct jobmanifest *m, const char *config,
			       const char *const *contexts, struct cJSON *list)
{
	kr_cleanup(str_freep) char *text = NULL;
	struct err *err = kubeconfig(contexts, m->ns, &text);
	struct cJSON *data;

	if (err)
		return err;
	data = json_add_object(jobmanifest_object(m, "v1", "ConfigMap", list),
			       "data");
	json_set_str(data, "keyrot.yaml", config);
	json_set_str(data, "kubeconfig", text);
	return NULL;
}

static void set_container_security(struct cJSON *container)
{
	struct cJSON *security = json_add_object(container, "securityContext");
	struct cJSON *capabilities;

	json_set_bool(security, "allowPrivilegeEscalation", false);
	json_set_bool(security, "readOnlyRootFilesystem", true);
	capabilities = json_add_object(security, "capabilities");
	json_append_str(json_add_array(capabilities, "drop"), "ALL");
}

static void set_resources(struct cJSON *container)
{
	struct cJSON *resources = json_add_object(container, "resources");
	struct cJSON *part = json_add_object(resources, "requests");

	json_set_str(part, "cpu", "10m");
	json_set_str(part, "memory", "32Mi");
	part = json_add_object(resources, "limits");
	json_set_str(part, "memory", "128Mi");
}

static void add_variable(struct cJSON *env, const char *name, const char *value)
{
	json_set_str(append_named(env, name), "value", value);
}

/* The root is read-only: what is written goes to one folder. */
static void set_places(const struct jobmanifest *m, struct cJSON *spec,
		       struct cJSON *container)
{
	struct cJSON *env = json_add_array(container, "env");
	struct cJSON *mounts = json_add_array(container, "volumeMounts");
	struct cJSON *volumes = json_add_array(spec, "volumes");
	struct cJSON *volume = append_named(volumes, "state");
	struct cJSON *mount = append_named(mounts, "state");

	json_set_str(mount, "mountPath", JOBMANIFEST_STATE_DIR);
	if (m->state_claim)
		json_set_str(json_add_object(volume, "persistentVolumeClaim"),
			     "claimName", m->state_claim);
	else
		json_set_str(json_add_object(volume, "emptyDir"), "sizeLimit",
			     STATE_LIMIT);
	add_variable(env, "HOME", JOBMANIFEST_STATE_DIR);
	add_variable(env, "TMPDIR", JOBMANIFEST_STATE_DIR);
	if (!m->config_map)
		return;
	volume = append_named(volumes, "config");
	json_set_str(json_add_object(volume, "configMap"), "name",
		     m->config_map);
	mount = append_named(mounts, "config");
	json_set_str(mount, "mountPath", JOBMANIFEST_CONFIG_DIR);
	json_set_bool(mount, "readOnly", true);
	add_variable(env, "KEYROT_CONFIG",
		     JOBMANIFEST_CONFIG_DIR "/keyrot.yaml");
	add_variable(env, "KUBECONFIG", JOBMANIFEST_CONFIG_DIR "/kubeconfig");
}

static void set_pod_security(struct cJSON *spec)
{
	struct cJSON *security = json_add_object(spec, "securityContext");

	json_set_bool(security, "runAsNonRoot", true);
	json_set_int(security, "runAsUser", USER_ID);
	json_set_int(security, "runAsGroup", USER_ID);
	json_set_int(security, "fsGroup", USER_ID);
	json_set_str(json_add_object(security, "seccompProfile"), "type",
		     "RuntimeDefault");
}

static void set_pod(const struct jobmanifest *m, struct cJSON *spec)
{
	struct cJSON *container, *list;

	json_set_str(spec, "serviceAccountName", m->name);
	json_set_bool(spec, "automountServiceAccountToken", true);
	json_set_bool(spec, "enableServiceLinks", false);
	json_set_str(spec, "restartPolicy", "Never");
	set_pod_security(spec);
	container = append_named(json_add_array(spec, "containers"), "keyrot");
	json_set_str(container, "image", m->image);
	json_append_str(json_add_array(container, "command"), PROGRAM);
	list = json_add_array(container, "args");
	for (const char *const *arg = m->args; arg && *arg; arg++)
		json_append_str(list, *arg);
	set_places(m, spec, container);
	set_container_security(container);
	set_resources(container);
}

void jobmanifest_job_spec(const struct jobmanifest *m, long long deadline_s,
			  struct cJSON *job)
{
	struct cJSON *spec = json_add_object(job, "spec");
	struct cJSON *template, *metadata;

	json_set_int(spec, "backoffLimit", 0);
	json_set_int(spec, "activeDeadlineSeconds", deadline_s);
	json_set_int(spec, "ttlSecondsAfterFinished", KEEP_DONE_S);
	template = json_add_object(spec, "template");
	metadata = json_add_object(template, "metadata");
	json_set_str(json_add_object(metadata, "labels"), PART_OF, "keyrot");
	set_pod(m, json_add_object(template, "spec"));
}
