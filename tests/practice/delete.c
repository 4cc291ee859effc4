#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selector.h"
#include "settings.h"
#include "write.h"

static bool owned_by(const struct obj *obj, const char *uid)
{
	const cJSON *at;

	cJSON_ArrayForEach (at,
			    json_get(obj->json, "metadata", "ownerReferences"))
		if (str_eq(json_text(at, "uid"), uid))
			return true;
	return false;
}

/* A pod goes after its grace period: it is marked, the kubelet removes it. */
static void pod_mark(struct cluster *cl, struct obj *pod)
{
	cJSON *json, *metadata;
	char now[TIME_LEN];

	if (json_get(pod->json, "metadata", "deletionTimestamp"))
		return;
	json = json_copy(pod->json);
	metadata = json_get(json, "metadata");
	time_seconds(now);
	json_put_text(metadata, "deletionTimestamp", now);
	json_put_long(metadata, "deletionGracePeriodSeconds", 30);
	store_put(cl, pod->kind, pod->ns, pod->name, json);
}

static void remove_owned(struct cluster *cl, const char *ns, const char *uid)
{
	size_t i;

	for (i = 0; i < cl->objs_len; i++) {
		struct obj *obj = cl->objs[i];
		size_t before = cl->objs_len;

		if (strcmp(obj->ns, ns) != 0 || !owned_by(obj, uid))
			continue;
		object_remove(cl, obj, false);
		if (cl->objs_len != before)
			i = (size_t)-1;
	}
}

static void remove_namespace(struct cluster *cl, const char *ns)
{
	size_t i = 0;

	while (i < cl->objs_len) {
		if (str_eq(cl->objs[i]->ns, ns)) {
			store_remove(cl, cl->objs[i]);
			i = 0;
		} else {
			i++;
		}
	}
}

void object_remove(struct cluster *cl, struct obj *obj, bool orphan)
{
	char *uid, *ns;

	if (kind_is(obj->kind, "Pod")) {
		pod_mark(cl, obj);
		return;
	}
	uid = xstrdup(json_text(obj->json, "metadata", "uid"));
	ns = xstrdup(obj->ns);
	if (kind_is(obj->kind, "Namespace"))
		remove_namespace(cl, obj->name);
	obj = store_find(cl, obj->kind, ns, obj->name);
	store_remove(cl, obj);
	if (!orphan)
		remove_owned(cl, ns, uid);
	free(ns);
	free(uid);
}

static bool refuse(const struct target *to, const char *what, const char *want,
		   const char *have, struct reply *reply)
{
	cJSON *details = cJSON_CreateObject();
	char *message = xasprintf(
		"Operation cannot be fulfilled on %s \"%s\": Precondition "
		"failed: %s in precondition: %s, %s in object meta: %s",
		to->kind->resource, to->name, what, want, what, have);

	json_put_text(details, "name", to->name);
	if (*to->kind->group)
		json_put_text(details, "group", to->kind->group);
	json_put_text(details, "kind", to->kind->name);
	status_set(reply, 409, "Conflict", message, details);
	free(message);
	return false;
}

/* DeleteOptions.preconditions; false after setting a 409. */
static bool preconditions(const struct target *to, const struct obj *obj,
			  const cJSON *options, struct reply *reply)
{
	const cJSON *metadata = json_get(obj->json, "metadata");
	const char *uid = json_text(options, "preconditions", "uid");
	const char *rv = json_text(options, "preconditions", "resourceVersion");

	if (uid && !str_eq(uid, json_text(metadata, "uid")))
		return refuse(to, "UID", uid, json_text(metadata, "uid"),
			      reply);
	if (rv && !str_eq(rv, json_text(metadata, "resourceVersion")))
		return refuse(to, "ResourceVersion", rv,
			      json_text(metadata, "resourceVersion"), reply);
	return true;
}

static void answer(struct request *req, const struct target *to,
		   const struct obj *obj, struct reply *reply)
{
	struct obj *still =
		store_find(req->cluster, to->store, to->ns, to->name);
	cJSON *details;

	if (still) {
		reply->status = 200;
		render_stored(&reply->body, to->kind, still, FORM_FULL);
		return;
	}
	details = cJSON_CreateObject();
	json_put_text(details, "name", obj->name);
	if (*to->kind->group)
		json_put_text(details, "group", to->kind->group);
	json_put_text(details, "kind", to->kind->resource);
	json_put_text(details, "uid", json_text(obj->json, "metadata", "uid"));
	status_set(reply, 200, NULL, NULL, details);
}

static void delete_many(struct request *req, const struct target *to,
			struct reply *reply)
{
	struct selector *selector =
		selector_new(to->store, request_param(req, "labelSelector"),
			     request_param(req, "fieldSelector"), reply);
	struct cluster *cl = req->cluster;
	size_t count, first, i;
	struct obj **objs;

	if (!selector)
		return;
	first = store_range(cl, to->store, *to->ns ? to->ns : NULL, &count);
	objs = xcalloc(count, sizeof(*objs));
	for (i = 0; i < count; i++)
		objs[i] = obj_ref(cl->objs[first + i]);
	for (i = 0; i < count; i++) {
		if (selector_match(selector, objs[i]))
			object_remove(cl, objs[i], false);
		obj_unref(objs[i]);
	}
	free(objs);
	selector_free(selector);
	status_set(reply, 200, NULL, NULL, NULL);
}

void api_delete(struct request *req, const struct target *to,
		struct reply *reply)
{
	cJSON *options = req->body.len
				 ? json_parse(req->body.data, req->body.len)
				 : NULL;
	const char *policy = json_text(options, "propagationPolicy");
	struct obj *obj;

	if (!policy)
		policy = request_param(req, "propagationPolicy");
	if (!*to->name) {
		delete_many(req, to, reply);
		cJSON_Delete(options);
		return;
	}
	obj = obj_ref(store_find(req->cluster, to->store, to->ns, to->name));
	if (!obj) {
		status_not_found(reply, to->kind, to->name);
	} else if (preconditions(to, obj, options, reply)) {
		object_remove(req->cluster, obj, str_eq(policy, "Orphan"));
		answer(req, to, obj, reply);
	}
	obj_unref(obj);
	cJSON_Delete(options);
}
