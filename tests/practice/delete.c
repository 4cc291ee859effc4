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

/* DeleteOptions.preconditions; false after setting a 409. */
static bool preconditions(const struct target *to, const struct obj *obj,
			  const cJSON *options, struct reply *reply)
{
	const cJSON *want = json_get(options, "preconditions");
	const char *uid = json_text(want, "uid");
	const char *rv = json_text(want, "resourceVersion");
	const char *have = json_text(obj->json, "metadata", "uid");

	if (uid && !str_eq(uid, have))
		return status_object(reply, 409, "Conflict", to->kind,
				     obj->name,
				     "Operation cannot be fulfilled on %s "
				     "\"%s\": the UID in the precondition (%s) "
				     "does not match the UID in record (%s). "
				     "The object might have been deleted and "
				     "then recreated",
				     to->kind->resource, obj->name, uid, have);
	if (rv && atol(rv) != obj->rv)
		return status_object(
			reply, 409, "Conflict", to->kind, obj->name,
			"Operation cannot be fulfilled on %s "
			"\"%s\": the ResourceVersion in the "
			"precondition (%s) does not match the "
			"ResourceVersion in record (%ld). The "
			"object might have been modified",
			to->kind->resource, obj->name, rv, obj->rv);
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

static void scale_render(struct request *req, const struct target *to,
			 struct reply *reply)
{
	const struct obj *obj =
		store_find(req->cluster, to->store, to->ns, to->name);
	cJSON *scale = cJSON_CreateObject();
	cJSON *metadata = json_make(scale, "metadata");
	char *text;

	json_put_text(scale, "kind", "Scale");
	json_put_text(scale, "apiVersion", "autoscaling/v1");
	json_put_text(metadata, "name", to->name);
	json_put_text(metadata, "namespace", to->ns);
	json_put_text(metadata, "uid", json_text(obj->json, "metadata", "uid"));
	json_put_text(metadata, "resourceVersion",
		      json_text(obj->json, "metadata", "resourceVersion"));
	json_put_long(json_make(scale, "spec"), "replicas",
		      json_long(obj->json, 0, "spec", "replicas"));
	json_put_long(json_make(scale, "status"), "replicas",
		      json_long(obj->json, 0, "status", "replicas"));
	text = json_print(scale);
	buf_release(&reply->body);
	buf_str(&reply->body, text);
	free(text);
	cJSON_Delete(scale);
}

void api_scale(struct request *req, const struct target *to,
	       struct reply *reply)
{
	struct target whole = *to;
	struct write w;
	struct obj *obj = store_find(req->cluster, to->store, to->ns, to->name);
	cJSON *body, *next;

	whole.sub[0] = '\0';
	if (!obj) {
		status_not_found(reply, to->kind, to->name);
		return;
	}
	reply->status = 200;
	if (!str_eq(req->method, "GET")) {
		if (!write_begin(&w, req, &whole, reply))
			return;
		body = write_body(&w);
		if (!body)
			return;
		next = json_copy(obj->json);
		json_put_long(json_make(next, "spec"), "replicas",
			      json_long(body, 0, "spec", "replicas"));
		cJSON_Delete(body);
		write_update(&w, obj, next, false);
	}
	if (reply->status == 200)
		scale_render(req, to, reply);
}
