#include "objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define TEMPLATE_GENERATION "deprecated.daemonset.template.generation"

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

/* The fields that core/v1 prints even when they are empty. */
static void default_event(cJSON *event)
{
	static const char *const times[] = { "eventTime", "firstTimestamp",
					     "lastTimestamp" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(times); i++)
		if (!json_get(event, times[i]))
			json_put(event, times[i], cJSON_CreateNull());
	fallback(event, "reportingComponent", "");
	fallback(event, "reportingInstance", "");
	fallback_object(event, "source");
}

cJSON *object_status(const struct kind *kind)
{
	static const struct {
		const char *kind;
		const char *counters[4];
	} rows[] = {
		{ "StatefulSet", { "replicas", "availableReplicas" } },
		{ "ReplicaSet", { "replicas" } },
		{ "DaemonSet",
		  { "currentNumberScheduled", "numberMisscheduled",
		    "desiredNumberScheduled", "numberReady" } },
	};
	cJSON *status = cJSON_CreateObject();
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		for (j = 0; kind_is(kind, rows[i].kind) && j < 4 &&
			    rows[i].counters[j];
		     j++)
			json_put_long(status, rows[i].counters[j], 0);
	return status;
}

void object_follow(const struct kind *kind, const cJSON *live, cJSON *object)
{
	const char *text =
		json_text(live, "metadata", "annotations", TEMPLATE_GENERATION);
	char next[24];

	if (!kind_is(kind, "DaemonSet") || !text ||
	    json_same(json_get(live, "spec", "template"),
		      json_get(object, "spec", "template")))
		return;
	snprintf(next, sizeof(next), "%ld", atol(text) + 1);
	json_put_text(json_make(object, "metadata", "annotations"),
		      TEMPLATE_GENERATION, next);
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

		json_make(cron, "jobTemplate", "metadata");
		fallback(cron, "concurrencyPolicy", "Allow");
		fallback_long(cron, "failedJobsHistoryLimit", 1);
		fallback_long(cron, "successfulJobsHistoryLimit", 3);
		if (!json_get(cron, "suspend"))
			json_put_bool(cron, "suspend", false);
		default_pod_spec(json_make(cron, "jobTemplate", "spec",
					   "template", "spec"),
				 "OnFailure");
	}
	if (kind_is(kind, "Event"))
		default_event(object);
	if (kind_is(kind, "DaemonSet") &&
	    !json_get(object, "metadata", "annotations", TEMPLATE_GENERATION))
		json_put_text(json_make(object, "metadata", "annotations"),
			      TEMPLATE_GENERATION, "1");
	if (kind_is(kind, "Namespace")) {
		cJSON *finalizers = cJSON_CreateArray();

		cJSON_AddItemToArray(finalizers,
				     cJSON_CreateString("kubernetes"));
		json_put(json_make(object, "spec"), "finalizers", finalizers);
		fallback(json_make(object, "status"), "phase", "Active");
		json_put_text(json_make(object, "metadata", "labels"),
			      "kubernetes.io/metadata.name",
			      json_text(object, "metadata", "name"));
	}
}
