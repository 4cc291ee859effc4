#include "objects.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

/* Sets a text member where none is. */
static void fallback(cJSON *object, const char *name, const char *text)
{
	if (!json_get(object, name))
		json_put_text(object, name, text);
}

static void fallback_long(cJSON *object, const char *name, long value)
{
	if (!json_get(object, name))
		json_put_long(object, name, value);
}

static void fallback_object(cJSON *object, const char *name)
{
	if (!json_get(object, name))
		json_put(object, name, cJSON_CreateObject());
}

static void default_container(cJSON *container)
{
	const char *image = json_text(container, "image");
	const char *slash = image ? strrchr(image, '/') : NULL;
	const char *tag = image ? strchr(slash ? slash : image, ':') : NULL;
	cJSON *port;

	fallback(container, "imagePullPolicy",
		 !tag || str_eq(tag, ":latest") ? "Always" : "IfNotPresent");
	fallback_object(container, "resources");
	fallback(container, "terminationMessagePath", "/dev/termination-log");
	fallback(container, "terminationMessagePolicy", "File");
	cJSON_ArrayForEach (port, json_get(container, "ports"))
		fallback(port, "protocol", "TCP");
}

static void default_pod_spec(cJSON *spec, const char *restart)
{
	cJSON *at;

	cJSON_ArrayForEach (at, json_get(spec, "containers"))
		default_container(at);
	cJSON_ArrayForEach (at, json_get(spec, "initContainers"))
		default_container(at);
	cJSON_ArrayForEach (at, json_get(spec, "volumes")) {
		cJSON *secret = json_get(at, "secret");
		cJSON *projected = json_get(at, "projected");

		if (secret)
			fallback_long(secret, "defaultMode", 420);
		if (projected)
			fallback_long(projected, "defaultMode", 420);
	}
	fallback(spec, "dnsPolicy", "ClusterFirst");
	fallback(spec, "restartPolicy", restart);
	fallback(spec, "schedulerName", "default-scheduler");
	fallback_object(spec, "securityContext");
	fallback_long(spec, "terminationGracePeriodSeconds", 30);
}

static void default_deployment(cJSON *spec)
{
	cJSON *strategy = json_make(spec, "strategy");

	fallback_long(spec, "progressDeadlineSeconds", 600);
	fallback_long(spec, "replicas", 1);
	fallback_long(spec, "revisionHistoryLimit", 10);
	fallback(strategy, "type", "RollingUpdate");
	if (str_eq(json_text(strategy, "type"), "RollingUpdate")) {
		cJSON *rolling = json_make(strategy, "rollingUpdate");

		fallback(rolling, "maxSurge", "25%");
		fallback(rolling, "maxUnavailable", "25%");
	}
}

static void default_statefulset(cJSON *spec)
{
	fallback_long(spec, "replicas", 1);
	fallback_long(spec, "revisionHistoryLimit", 10);
	fallback(spec, "podManagementPolicy", "OrderedReady");
	if (!json_get(spec, "updateStrategy", "type")) {
		cJSON *strategy = json_make(spec, "updateStrategy");

		json_put_text(strategy, "type", "RollingUpdate");
		fallback_long(json_make(strategy, "rollingUpdate"), "partition",
			      0);
	}
	if (!json_get(spec, "persistentVolumeClaimRetentionPolicy")) {
		cJSON *policy = json_make(spec, "persistentVolumeClaimRetention"
						"Policy");

		json_put_text(policy, "whenDeleted", "Retain");
		json_put_text(policy, "whenScaled", "Retain");
	}
}

static void default_daemonset(cJSON *spec)
{
	cJSON *strategy = json_make(spec, "updateStrategy");

	fallback_long(spec, "revisionHistoryLimit", 10);
	fallback(strategy, "type", "RollingUpdate");
	if (str_eq(json_text(strategy, "type"), "RollingUpdate")) {
		cJSON *rolling = json_make(strategy, "rollingUpdate");

		fallback_long(rolling, "maxSurge", 0);
		fallback_long(rolling, "maxUnavailable", 1);
	}
}

static void default_job(cJSON *object)
{
	cJSON *spec = json_make(object, "spec");
	const char *uid = json_text(object, "metadata", "uid");

	fallback_long(spec, "parallelism", 1);
	fallback_long(spec, "completions", 1);
	fallback_long(spec, "backoffLimit", 6);
	fallback(spec, "completionMode", "NonIndexed");
	if (!json_get(spec, "suspend"))
		json_put_bool(spec, "suspend", false);
	if (uid && !json_get(spec, "selector")) {
		const char *key = "batch.kubernetes.io/controller-uid";

		json_put_text(json_make(spec, "selector", "matchLabels"), key,
			      uid);
		json_put_text(json_make(spec, "template", "metadata", "labels"),
			      key, uid);
		json_put_text(json_make(spec, "template", "metadata", "labels"),
			      "job-name",
			      json_text(object, "metadata", "name"));
	}
}

void object_default(const struct kind *kind, cJSON *object)
{
	cJSON *spec = json_get(object, "spec");
	cJSON *pod = json_get(spec, "template", "spec");

	if (kind_is(kind, "Secret"))
		fallback(object, "type", "Opaque");
	if (kind_is(kind, "Pod") && spec)
		default_pod_spec(spec, "Always");
	if (pod)
		default_pod_spec(pod,
				 kind_is(kind, "Job") ? "Never" : "Always");
	if (kind_is(kind, "Deployment"))
		default_deployment(json_make(object, "spec"));
	if (kind_is(kind, "ReplicaSet"))
		fallback_long(json_make(object, "spec"), "replicas", 1);
	if (kind_is(kind, "StatefulSet"))
		default_statefulset(json_make(object, "spec"));
	if (kind_is(kind, "DaemonSet"))
		default_daemonset(json_make(object, "spec"));
	if (kind_is(kind, "Job"))
		default_job(object);
	if (kind_is(kind, "CronJob")) {
		cJSON *cron = json_make(object, "spec");

		fallback(cron, "concurrencyPolicy", "Allow");
		fallback_long(cron, "failedJobsHistoryLimit", 1);
		fallback_long(cron, "successfulJobsHistoryLimit", 3);
		if (!json_get(cron, "suspend"))
			json_put_bool(cron, "suspend", false);
		default_pod_spec(json_make(cron, "jobTemplate", "spec",
					   "template", "spec"),
				 "OnFailure");
	}
	if (kind_is(kind, "Namespace")) {
		fallback(json_make(object, "status"), "phase", "Active");
		json_put_text(json_make(object, "metadata", "labels"),
			      "kubernetes.io/metadata.name",
			      json_text(object, "metadata", "name"));
	}
}

bool object_name_valid(const struct kind *kind, const char *name,
		       struct reply *reply)
{
	size_t i, len = strlen(name);
	bool ok = len > 0 && len <= 253 && isalnum((unsigned char)name[0]) &&
		  isalnum((unsigned char)name[len - 1]);

	for (i = 0; ok && i < len; i++)
		ok = islower((unsigned char)name[i]) ||
		     isdigit((unsigned char)name[i]) ||
		     strchr("-.", name[i]) != NULL;
	if (ok)
		return true;
	return status_invalid(reply, kind, name, "FieldValueInvalid",
			      "metadata.name",
			      "Invalid value: \"%s\": a lowercase RFC 1123 "
			      "subdomain must consist of lower case "
			      "alphanumeric characters, '-' or '.', and must "
			      "start and end with an alphanumeric character",
			      name);
}

static bool validate_workload(const struct kind *kind, const char *name,
			      const cJSON *live, const cJSON *object,
			      struct reply *reply)
{
	const cJSON *selector = json_get(object, "spec", "selector");
	const cJSON *at;

	if (!selector)
		return status_invalid(reply, kind, name, "FieldValueRequired",
				      "spec.selector", "Required value");
	if (live && !json_same(selector, json_get(live, "spec", "selector")))
		return status_invalid(reply, kind, name, "FieldValueInvalid",
				      "spec.selector",
				      "Invalid value: field is immutable");
	cJSON_ArrayForEach (at, json_get(selector, "matchLabels"))
		if (!json_same(at, json_get(object, "spec", "template",
					    "metadata", "labels", at->string)))
			return status_invalid(
				reply, kind, name, "FieldValueInvalid",
				"spec.template.metadata.labels",
				"Invalid value: `selector` does not match "
				"template `labels`");
	if (json_empty(
		    json_get(object, "spec", "template", "spec", "containers")))
		return status_invalid(reply, kind, name, "FieldValueRequired",
				      "spec.template.spec.containers",
				      "Required value");
	return true;
}

static bool validate_lease(const struct kind *kind, const char *name,
			   const cJSON *object, struct reply *reply)
{
	const cJSON *spec = json_get(object, "spec");
	const cJSON *duration = json_get(spec, "leaseDurationSeconds");

	if (duration && json_number(duration, 0) < 1)
		return status_invalid(reply, kind, name, "FieldValueInvalid",
				      "spec.leaseDurationSeconds",
				      "Invalid value: %ld: must be greater "
				      "than 0",
				      json_number(duration, 0));
	if (json_long(spec, 0, "leaseTransitions") < 0)
		return status_invalid(reply, kind, name, "FieldValueInvalid",
				      "spec.leaseTransitions",
				      "Invalid value: %ld: must be greater "
				      "than or equal to 0",
				      json_long(spec, 0, "leaseTransitions"));
	return true;
}

bool object_validate(const struct kind *kind, const char *name,
		     const cJSON *live, const cJSON *object,
		     struct reply *reply)
{
	if (kind_is(kind, "Secret"))
		return secret_validate(kind, name, live, object, reply);
	if (kind->flags & KIND_WORKLOAD)
		return validate_workload(kind, name, live, object, reply);
	if (kind_is(kind, "Lease"))
		return validate_lease(kind, name, object, reply);
	return true;
}

static const char *const secret_fields[] = {
	"apiVersion", "kind", "metadata",  "data",
	"stringData", "type", "immutable", NULL};
static const char *const metadata_fields[] = {"name",
					      "generateName",
					      "namespace",
					      "uid",
					      "resourceVersion",
					      "generation",
					      "creationTimestamp",
					      "deletionTimestamp",
					      "deletionGracePeriodSeconds",
					      "labels",
					      "annotations",
					      "ownerReferences",
					      "finalizers",
					      "managedFields",
					      "selfLink",
					      NULL};

static const char *unknown_in(const cJSON *object, const char *const *known)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, object) {
		size_t i;

		for (i = 0; known[i] && !str_eq(known[i], at->string); i++)
			;
		if (!known[i])
			return at->string;
	}
	return NULL;
}

char *object_unknown(const struct kind *kind, const cJSON *object)
{
	const char *name;

	if (kind_is(kind, "Secret")) {
		name = unknown_in(object, secret_fields);
		if (name)
			return xasprintf(".%s", name);
	}
	name = unknown_in(json_get(object, "metadata"), metadata_fields);
	return name ? xasprintf(".metadata.%s", name) : NULL;
}
