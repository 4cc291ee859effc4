#include "pods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "managed.h"
#include "objects.h"

static const cJSON *controller_ref(const struct obj *obj)
{
	const cJSON *at;

	cJSON_ArrayForEach (at,
			    json_get(obj->json, "metadata", "ownerReferences"))
		if (json_true(json_get(at, "controller")))
			return at;
	return NULL;
}

struct obj_list owned_list(struct cluster *cl, const struct kind *kind,
			   const struct obj *owner)
{
	const char *uid = json_text(owner->json, "metadata", "uid");
	struct obj_list list = { 0 };
	size_t count, i;
	size_t first = store_range(cl, kind, owner->ns, &count);

	list.items = xcalloc(count, sizeof(*list.items));
	for (i = first; i < first + count; i++) {
		const cJSON *ref = controller_ref(cl->objs[i]);

		if (ref && str_eq(json_text(ref, "uid"), uid))
			list.items[list.len++] = cl->objs[i];
	}
	return list;
}

void obj_list_release(struct obj_list *list)
{
	free(list->items);
	list->items = NULL;
	list->len = 0;
}

struct obj *owner_of(struct cluster *cl, const struct obj *obj)
{
	const cJSON *ref = controller_ref(obj);
	const struct kind *kind;
	struct obj *owner;

	if (!ref)
		return NULL;
	kind = kind_by_name(json_text(ref, "apiVersion"),
			    json_text(ref, "kind"));
	owner = kind ? store_find(cl, kind, obj->ns, json_text(ref, "name"))
		     : NULL;
	if (owner && !str_eq(json_text(owner->json, "metadata", "uid"),
			     json_text(ref, "uid")))
		return NULL;
	return owner;
}

void count_put(cJSON *status, const char *name, long count)
{
	if (count)
		json_put_long(status, name, count);
	else
		json_del(status, name);
}

bool pod_terminating(const struct obj *pod)
{
	return json_get(pod->json, "metadata", "deletionTimestamp") != NULL;
}

static const cJSON *condition_get(const cJSON *object, const char *type)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, json_get(object, "status", "conditions"))
		if (str_eq(json_text(at, "type"), type))
			return at;
	return NULL;
}

bool condition_true(const cJSON *object, const char *type)
{
	return str_eq(json_text(condition_get(object, type), "status"), "True");
}

bool pod_ready(const struct obj *pod)
{
	return condition_true(pod->json, "Ready");
}

bool pod_available(const struct obj *pod, long min_ready_s)
{
	const char *since;
	time_t at;

	if (!pod_ready(pod))
		return false;
	since = json_text(condition_get(pod->json, "Ready"),
			  "lastTransitionTime");
	return min_ready_s <= 0 || (since && time_parse(since, &at) &&
				    at + min_ready_s <= time(NULL));
}

bool pod_finished(const struct obj *pod)
{
	const char *phase = json_text(pod->json, "status", "phase");

	return str_eq(phase, "Succeeded") || str_eq(phase, "Failed");
}

void condition_set(cJSON *status, const char *type, bool value,
		   const char *reason, const char *message)
{
	cJSON *list = json_get(status, "conditions");
	cJSON *at, *have = NULL;
	const char *text = value ? "True" : "False";
	char now[TIME_LEN];

	time_seconds(now);
	if (!list)
		list = cJSON_AddArrayToObject(status, "conditions");
	cJSON_ArrayForEach (at, list)
		if (str_eq(json_text(at, "type"), type))
			have = at;
	if (have && str_eq(json_text(have, "status"), text) &&
	    str_eq(json_text(have, "reason"), reason) &&
	    str_eq(json_text(have, "message"), message))
		return;
	if (!have) {
		have = cJSON_CreateObject();
		json_put_text(have, "type", type);
		cJSON_AddItemToArray(list, have);
	}
	if (!str_eq(json_text(have, "status"), text))
		json_put_text(have, "lastTransitionTime", now);
	json_put_text(have, "status", text);
	json_put_text(have, "lastUpdateTime", now);
	json_put_text(have, "reason", reason);
	json_put_text(have, "message", message);
}

void condition_drop(cJSON *status, const char *type)
{
	cJSON *list = json_get(status, "conditions");
	cJSON *at, *next;

	for (at = list ? list->child : NULL; at; at = next) {
		next = at->next;
		if (str_eq(json_text(at, "type"), type))
			cJSON_Delete(cJSON_DetachItemViaPointer(list, at));
	}
	if (list && !list->child)
		json_del(status, "conditions");
}

struct obj *controller_put_as(struct cluster *cl, struct obj *obj,
			      cJSON *take_json, const char *manager)
{
	const struct writer by = { .kind = obj->kind,
				   .manager = manager,
				   .subresource = "status" };

	if (json_same(obj->json, take_json)) {
		cJSON_Delete(take_json);
		return obj;
	}
	managed_update(obj->json, take_json, &by);
	return store_put(cl, obj->kind, obj->ns, obj->name, take_json);
}

struct obj *controller_put(struct cluster *cl, struct obj *obj,
			   cJSON *take_json)
{
	return controller_put_as(cl, obj, take_json, "kube-controller-manager");
}

struct obj *controller_create(struct cluster *cl, const struct kind *kind,
			      const struct obj *owner, const char *name,
			      cJSON *take_json)
{
	const struct writer by = { .kind = kind,
				   .manager = "kube-controller-manager",
				   .subresource = "" };
	cJSON *metadata = json_make(take_json, "metadata");
	cJSON *ref = cJSON_CreateObject();
	char now[TIME_LEN], uid[37];

	time_seconds(now);
	uid_make(uid);
	json_put_text(ref, "apiVersion", kind_api_version(owner->kind));
	json_put_text(ref, "kind", owner->kind->name);
	json_put_text(ref, "name", owner->name);
	json_put_text(ref, "uid", json_text(owner->json, "metadata", "uid"));
	json_put_bool(ref, "controller", true);
	json_put_bool(ref, "blockOwnerDeletion", true);
	json_put_text(metadata, "name", name);
	json_put_text(metadata, "namespace", owner->ns);
	json_put_text(metadata, "uid", uid);
	json_put_text(metadata, "creationTimestamp", now);
	if (kind->flags & KIND_GENERATION)
		json_put_long(metadata, "generation", 1);
	json_del(metadata, "ownerReferences");
	cJSON_AddItemToArray(
		cJSON_AddArrayToObject(metadata, "ownerReferences"), ref);
	object_default(kind, take_json);
	managed_update(NULL, take_json, &by);
	return store_put(cl, kind, owner->ns, name, take_json);
}

struct obj *pod_create(struct cluster *cl, const struct obj *owner,
		       const char *name, const cJSON *template,
		       const cJSON *extra_labels, const char *node)
{
	cJSON *pod = cJSON_CreateObject();
	const cJSON *metadata = json_get(template, "metadata");
	const cJSON *at;
	cJSON *labels;

	json_put(pod, "metadata",
		 metadata ? json_copy(metadata) : cJSON_CreateObject());
	labels = json_make(pod, "metadata", "labels");
	cJSON_ArrayForEach (at, extra_labels)
		json_put(labels, at->string, json_copy(at));
	json_put(pod, "spec", json_copy(json_get(template, "spec")));
	if (node)
		json_put_text(json_get(pod, "spec"), "nodeName", node);
	json_put_text(json_make(pod, "status"), "phase", "Pending");
	json_put_text(json_get(pod, "status"), "qosClass", "BestEffort");
	return controller_create(cl, store_kind("v1", "Pod"), owner, name, pod);
}

void pod_delete(struct cluster *cl, struct obj *pod)
{
	object_remove(cl, pod, false);
}

void template_hash(const cJSON *template, char out[11])
{
	char *text = json_print(template);

	short_hash(text, out);
	free(text);
}

long percent_of(const cJSON *value, long total, bool up)
{
	const char *text = json_string(value);
	long percent;

	if (!text)
		return json_number(value, 0);
	percent = atol(text);
	return (percent * total + (up ? 99 : 0)) / 100;
}

void event_record(struct cluster *cl, const struct obj *about, const char *type,
		  const char *reason, const char *message,
		  const char *component)
{
	const struct kind *kind = store_kind("v1", "Event");
	cJSON *event = cJSON_CreateObject();
	cJSON *metadata = json_make(event, "metadata");
	cJSON *object = json_make(event, "involvedObject");
	char now[TIME_LEN], uid[37];
	char *name = xasprintf("%s.%lx", about->name, cl->rv + 0x18a0000000);

	time_seconds(now);
	uid_make(uid);
	json_put_text(metadata, "name", name);
	json_put_text(metadata, "namespace", about->ns);
	json_put_text(metadata, "uid", uid);
	json_put_text(metadata, "creationTimestamp", now);
	json_put_text(object, "kind", about->kind->name);
	json_put_text(object, "namespace", about->ns);
	json_put_text(object, "name", about->name);
	json_put_text(object, "uid", json_text(about->json, "metadata", "uid"));
	json_put_text(object, "apiVersion", kind_api_version(about->kind));
	json_put_text(event, "reason", reason);
	json_put_text(event, "message", message);
	json_put_text(json_make(event, "source"), "component", component);
	json_put(event, "eventTime", cJSON_CreateNull());
	json_put_text(event, "reportingInstance", "");
	json_put_text(event, "firstTimestamp", now);
	json_put_text(event, "lastTimestamp", now);
	json_put_long(event, "count", 1);
	json_put_text(event, "type", type);
	json_put_text(event, "reportingComponent", component);
	store_put(cl, kind, about->ns, name, event);
	free(name);
}

const struct obj *revision_find(struct cluster *cl, const struct obj *owner,
				const char *name)
{
	return store_find(cl, store_kind("apps/v1", "ControllerRevision"),
			  owner->ns, name);
}

const char *revision_of(struct cluster *cl, const struct obj *owner)
{
	const struct kind *kind = store_kind("apps/v1", "ControllerRevision");
	const cJSON *template = json_get(owner->json, "spec", "template");
	struct obj_list list;
	const struct obj *have;
	cJSON *revision;
	char hash[11];
	char *name;

	template_hash(template, hash);
	name = xasprintf("%s-%s", owner->name, hash);
	have = revision_find(cl, owner, name);
	if (!have) {
		list = owned_list(cl, kind, owner);
		revision = cJSON_CreateObject();
		json_put_text(json_make(revision, "metadata", "labels"),
			      "controller-revision-hash", hash);
		json_put(json_make(revision, "data", "spec"), "template",
			 json_copy(template));
		json_put_long(revision, "revision", (long)list.len + 1);
		have = controller_create(cl, kind, owner, name, revision);
		obj_list_release(&list);
	}
	free(name);
	return have->name;
}
