#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "auth.h"
#include "controller.h"
#include "managed.h"
#include "objects.h"
#include "settings.h"
#include "util.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static cJSON *parse(char *take_text)
{
	cJSON *json = cJSON_Parse(take_text);

	if (!json)
		die("bad built-in scenario");
	free(take_text);
	return json;
}

/* As "kubectl create secret … --dry-run | kubectl apply" leaves it. */
static cJSON *default_secret(const char *ns)
{
	static char *stored;
	unsigned char key[32];
	char *value, *applied;
	cJSON *secret;

	if (!stored) {
		if (getrandom(key, sizeof(key), 0) != sizeof(key))
			die("no random bytes");
		value = base64_encode(key, sizeof(key));
		stored = base64_encode(value, strlen(value));
		free(value);
	}
	applied = xasprintf("{\"apiVersion\":\"v1\",\"data\":{"
			    "\"SECRET_ENCRYPTION_KEY\":\"%s\"},\"kind\":"
			    "\"Secret\",\"metadata\":{\"annotations\":{},"
			    "\"creationTimestamp\":null,\"name\":"
			    "\"secrets-service-config\",\"namespace\":"
			    "\"%s\"}}\n",
			    stored, ns);
	secret = parse(xstrdup("{\"apiVersion\":\"v1\",\"kind\":\"Secret\","
			       "\"metadata\":{\"name\":"
			       "\"secrets-service-config\"},\"data\":{}}"));
	json_put_text(json_make(secret, "metadata"), "namespace", ns);
	json_put_text(json_make(secret, "metadata", "annotations"),
		      LAST_APPLIED, applied);
	json_put_text(json_get(secret, "data"), "SECRET_ENCRYPTION_KEY",
		      stored);
	free(applied);
	return secret;
}

static cJSON *default_deployment(const char *ns)
{
	return parse(xasprintf(
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
		"\"metadata\":{\"name\":\"secrets-service\",\"namespace\":"
		"\"%s\",\"labels\":{\"app\":\"secrets-service\"}},\"spec\":{"
		"\"replicas\":3,\"selector\":{\"matchLabels\":{\"app\":"
		"\"secrets-service\"}},\"template\":{\"metadata\":{\"labels\":"
		"{\"app\":\"secrets-service\"}},\"spec\":{\"containers\":[{"
		"\"name\":\"secrets-service\",\"image\":"
		"\"registry.example/secrets-service:2.14.0\",\"ports\":[{"
		"\"containerPort\":8080}],\"env\":[{\"name\":"
		"\"SECRET_ENCRYPTION_KEY\",\"valueFrom\":{\"secretKeyRef\":{"
		"\"name\":\"secrets-service-config\",\"key\":"
		"\"SECRET_ENCRYPTION_KEY\"}}}]}]}}}}",
		ns));
}

cJSON *scenario_default(const char *ns)
{
	cJSON *scenario = cJSON_CreateObject();
	cJSON *objects = cJSON_AddArrayToObject(scenario, "objects");

	cJSON_AddItemToArray(objects, default_secret(ns));
	cJSON_AddItemToArray(objects, default_deployment(ns));
	return scenario;
}

/* The ones that are always there, and the scenario's. */
static void set_users(const cJSON *more)
{
	cJSON *users = parse(xstrdup(
		"[{\"name\":\"viewer\",\"token\":\"viewer-token\",\"allow\":[{"
		"\"verbs\":[\"get\",\"list\",\"watch\"],\"apiGroups\":[\"*\"],"
		"\"resources\":[\"*\"]}]},{\"name\":\"rotator\",\"token\":"
		"\"rotator-token\",\"allow\":[]},{\"name\":\"nobody\",\"token\":"
		"\"nobody-token\",\"allow\":[]}]"));
	const cJSON *at;

	cJSON_ArrayForEach (at, more)
		cJSON_AddItemToArray(users, json_copy(at));
	auth_set_users(users);
}

void scenario_settings(const cJSON *scenario)
{
	const cJSON *set = json_get(scenario, "settings");

	settings.pod_ms = json_long(set, settings.pod_ms, "pod_ms");
	settings.stop_ms = json_long(set, settings.stop_ms, "stop_ms");
	settings.bookmark_ms =
		json_long(set, settings.bookmark_ms, "bookmark_ms");
}

void scenario_begin(const cJSON *scenario)
{
	const cJSON *at;

	scenario_settings(scenario);
	cJSON_ArrayForEach (at, json_get(scenario, "kinds")) {
		const char *version = json_text(at, "apiVersion");
		const char *resource = json_text(at, "resource");
		const char *kind = json_text(at, "kind");

		if (!version || !resource || !kind)
			die("a row of kinds wants apiVersion, resource, kind");
		if (!kind_by_name(version, kind) &&
		    !kind_add(version, resource, kind))
			die("too many kinds");
	}
	set_users(json_get(scenario, "users"));
}

static void put_namespace(struct cluster *cl, const char *name)
{
	const struct kind *kind = store_kind("v1", "Namespace");
	cJSON *json;

	if (!*name || store_find(cl, kind, "", name))
		return;
	json = cJSON_CreateObject();
	json_put_text(json, "apiVersion", "v1");
	json_put_text(json, "kind", "Namespace");
	json_put_text(json_make(json, "metadata"), "name", name);
	if (str_eq(name, "kube-system"))
		json_put_text(json_get(json, "metadata"), "uid", cl->uid);
	scenario_put(cl, json, "");
	cJSON_Delete(json);
}

static void stamp(struct cluster *cl, const struct kind *kind, cJSON *json,
		  const char *ns)
{
	cJSON *metadata = json_make(json, "metadata");
	char now[TIME_LEN], uid[37];

	time_seconds(now);
	uid_make(uid);
	json_del(json, "apiVersion");
	json_del(json, "kind");
	json_del(json, "$manager");
	json_del(json, "$operation");
	if (*ns)
		json_put_text(metadata, "namespace", ns);
	if (!json_get(metadata, "uid"))
		json_put_text(metadata, "uid", uid);
	if (!json_get(metadata, "creationTimestamp"))
		json_put_text(metadata, "creationTimestamp", now);
	if ((kind->flags & KIND_GENERATION) &&
	    !json_get(metadata, "generation"))
		json_put_long(metadata, "generation", 1);
	(void)cl;
}

/* Who is said to have written it: "$manager", or kubectl by the looks. */
static void put_managers(const struct kind *kind, const cJSON *object,
			 cJSON *json)
{
	struct writer by = { .kind = kind, .subresource = "" };
	struct reply ignored = { 0 };
	cJSON *next, *applied;

	by.manager = json_text(object, "$manager");
	if (!by.manager)
		by.manager =
			json_text(json, "metadata", "annotations", LAST_APPLIED)
				? "kubectl-client-side-apply"
				: "kubectl-create";
	if (!str_eq(json_text(object, "$operation"), "Apply")) {
		managed_update(NULL, json, &by);
		return;
	}
	applied = json_copy(object);
	json_del(applied, "$manager");
	json_del(applied, "$operation");
	next = managed_apply(NULL, applied, &by, &ignored);
	cJSON_Delete(applied);
	json_put(json_get(json, "metadata"), "managedFields",
		 json_copy(json_get(next, "metadata", "managedFields")));
	cJSON_Delete(next);
}

const char *scenario_put(struct cluster *cl, const cJSON *object,
			 const char *ns)
{
	const char *own = json_text(object, "metadata", "namespace");
	const char *name = json_text(object, "metadata", "name");
	const struct kind *kind = kind_stored(kind_by_name(
		json_text(object, "apiVersion"), json_text(object, "kind")));
	struct reply ignored = { 0 };
	cJSON *json;

	if (!kind || !name)
		return "an object wants apiVersion, kind and a name";
	ns = kind->flags & KIND_NAMESPACED ? (own ? own : ns) : "";
	put_namespace(cl, ns);
	json = json_copy(object);
	stamp(cl, kind, json, ns);
	if (!object_decode(kind, json, BODY_FULL, "", &ignored)) {
		cJSON_Delete(json);
		buf_release(&ignored.body);
		return "the object cannot be decoded";
	}
	object_default(kind, json);
	if (json_empty(json_get(json, "metadata", "managedFields")))
		put_managers(kind, object, json);
	store_put(cl, kind, ns, name, json);
	return NULL;
}

static void put_all(struct cluster *cl, const cJSON *objects, const char *ns)
{
	const cJSON *at;
	const char *why;

	cJSON_ArrayForEach (at, objects) {
		if (str_eq(json_text(at, "kind"), "List")) {
			put_all(cl, json_get(at, "items"), ns);
			continue;
		}
		why = scenario_put(cl, at, ns);
		if (why)
			die("scenario: %s", why);
	}
}

static void put_nodes(struct cluster *cl)
{
	int i;

	for (i = 0; i < 3; i++) {
		cJSON *node = parse(xasprintf(
			"{\"apiVersion\":\"v1\",\"kind\":\"Node\","
			"\"metadata\":{\"name\":\"node-%d\",\"labels\":{"
			"\"kubernetes.io/hostname\":\"node-%d\"}},\"spec\":{},"
			"\"status\":{\"conditions\":[{\"type\":\"Ready\","
			"\"status\":\"True\"}]}}",
			i, i));

		scenario_put(cl, node, "");
		cJSON_Delete(node);
	}
}

void scenario_load(struct cluster *cl, const cJSON *scenario, const char *ns)
{
	pthread_mutex_lock(&cl->lock);
	cl->instant = true;
	put_namespace(cl, "default");
	put_namespace(cl, "kube-system");
	put_namespace(cl, ns);
	put_nodes(cl);
	put_all(cl, json_get(scenario, "objects"), ns);
	put_all(cl, json_path(scenario, "perCluster", cl->name, NULL), ns);
	controller_settle(cl);
	pthread_mutex_unlock(&cl->lock);
}
