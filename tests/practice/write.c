#include "write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quota.h"
#include "yamltree.h"

cJSON *write_body(struct write *w)
{
	const struct buf *body = &w->req->body;
	const char *type = w->req->content_type;
	bool yaml = type && strstr(type, "yaml");
	const char *twice;
	cJSON *json;

	json = json_parse(body->data ? body->data : "", body->len);
	if (!json && yaml)
		json = yaml_parse(body->data ? body->data : "", body->len);
	if (!json) {
		status_bad_request(w->reply,
				   "the object provided is unrecognized (must "
				   "be of type %s): couldn't get version/kind; "
				   "json parse error: invalid character",
				   w->to->kind->name);
		return NULL;
	}
	twice = w->strict ? json_duplicate(json) : NULL;
	if (twice) {
		status_bad_request(w->reply,
				   "strict decoding error: duplicate field "
				   "\"%s\"",
				   twice);
		cJSON_Delete(json);
		return NULL;
	}
	return json;
}

static void answer(struct write *w, int status, const cJSON *object)
{
	w->reply->status = status;
	render_object(&w->reply->body, w->to->kind, object, w->form);
	buf_str(&w->reply->body, "\n");
}

static bool name_new(struct write *w, cJSON *metadata)
{
	const char *base = json_text(metadata, "generateName");
	const char *name = json_text(metadata, "name");
	char tail[8];
	char *made;

	if (name && *name)
		return object_name_valid(w->to->kind, name, w->reply);
	if (!base || !*base)
		return status_invalid(w->reply, w->to->kind, "",
				      "FieldValueRequired", "metadata.name",
				      "Required value: name or generateName is "
				      "required");
	suffix_make(tail, 5);
	made = xasprintf("%s%s", base, tail);
	json_put_text(metadata, "name", made);
	free(made);
	return object_name_valid(w->to->kind, json_text(metadata, "name"),
				 w->reply);
}

/* Gives a new object its identity. */
static void stamp(const struct write *w, cJSON *object)
{
	cJSON *metadata = json_make(object, "metadata");
	char now[TIME_LEN], uid[37];

	json_del(object, "apiVersion");
	json_del(object, "kind");
	json_del(metadata, "resourceVersion");
	json_del(metadata, "selfLink");
	json_del(metadata, "deletionTimestamp");
	time_seconds(now);
	uid_make(uid);
	if (*w->to->ns)
		json_put_text(metadata, "namespace", w->to->ns);
	json_put_text(metadata, "uid", uid);
	json_put_text(metadata, "creationTimestamp", now);
	if (w->to->store->flags & KIND_GENERATION)
		json_put_long(metadata, "generation", 1);
	if (w->to->store->flags & KIND_GENERATION)
		json_put(object, "status", object_status(w->to->store));
}

static bool namespace_there(struct write *w)
{
	const struct kind *kind = store_kind("v1", "Namespace");

	if (!*w->to->ns || store_find(w->req->cluster, kind, "", w->to->ns))
		return true;
	return status_not_found(w->reply, kind, w->to->ns);
}

static bool create_checks(struct write *w, cJSON *object, bool applied)
{
	const struct target *to = w->to;
	cJSON *metadata = json_make(object, "metadata");
	const char *name;
	char *refusal;

	if (w->source != BODY_APPLY)
		object_prune(to->store, object);
	if (!object_decode(to->store, object, w->source, w->req->body.data,
			   w->reply))
		return false;
	if (json_text(metadata, "resourceVersion") && !applied)
		return status_plain(w->reply, 500, NULL,
				    "resourceVersion should not be set on "
				    "objects to be created");
	if (!namespace_there(w) || !name_new(w, metadata))
		return false;
	name = json_text(metadata, "name");
	if (store_find(w->req->cluster, to->store, to->ns, name))
		return status_exists(w->reply, to->kind, name);
	refusal = quota_refusal(w->req->cluster, to->store, to->ns, name);
	if (refusal) {
		status_object(w->reply, 403, "Forbidden", to->kind, name, "%s",
			      refusal);
		free(refusal);
		return false;
	}
	stamp(w, object);
	object_default(to->store, object);
	if (kind_is(to->store, "Event") &&
	    !event_validate(to, object, w->reply))
		return false;
	return object_validate(to->store, name, NULL, object, w->reply);
}

void write_create(struct write *w, cJSON *take_object, bool applied)
{
	const struct target *to = w->to;
	const struct obj *obj;

	if (!create_checks(w, take_object, applied)) {
		cJSON_Delete(take_object);
		return;
	}
	if (!applied)
		managed_update(NULL, take_object, &w->by);
	if (w->dry_run) {
		answer(w, 201, take_object);
		cJSON_Delete(take_object);
		return;
	}
	obj = store_put(w->req->cluster, to->store, to->ns,
			json_text(take_object, "metadata", "name"),
			take_object);
	w->reply->status = 201;
	render_stored(&w->reply->body, to->kind, obj, w->form);
	buf_str(&w->reply->body, "\n");
}

static void keep(cJSON *to, const cJSON *from, const char *name)
{
	const cJSON *value = json_get(from, name);

	if (value)
		json_put(to, name, json_copy(value));
	else
		json_del(to, name);
}

/* What a client cannot change; and status against everything else. */
static void keep_system(const struct write *w, const cJSON *live, cJSON *object)
{
	static const char *const names[] = {
		"name",	      "namespace",	   "creationTimestamp",
		"generation", "deletionTimestamp", "deletionGracePeriodSeconds",
	};
	const cJSON *old = json_get(live, "metadata");
	cJSON *metadata = json_make(object, "metadata");
	bool spec, annotations;
	size_t i;

	json_del(object, "apiVersion");
	json_del(object, "kind");
	for (i = 0; i < ARRAY_LEN(names); i++)
		keep(metadata, old, names[i]);
	if (!json_get(metadata, "uid"))
		keep(metadata, old, "uid");
	if (str_eq(w->to->sub, "status")) {
		keep(object, live, "spec");
		return;
	}
	if (json_get(live, "status"))
		keep(object, live, "status");
	if (!(w->to->store->flags & KIND_GENERATION))
		return;
	object_follow(w->to->store, live, object);
	spec = !json_same(json_get(live, "spec"), json_get(object, "spec"));
	annotations = kind_is(w->to->store, "Deployment") &&
		      !json_same(json_get(old, "annotations"),
				 json_get(metadata, "annotations"));
	if (spec || annotations)
		json_put_long(metadata, "generation",
			      json_long(old, 0, "generation") + 1);
}

static bool same_uid(struct write *w, const struct obj *live,
		     const cJSON *object)
{
	const char *uid = json_text(object, "metadata", "uid");
	const char *have = json_text(live->json, "metadata", "uid");
	cJSON *causes;
	int i;

	if (!uid || !*uid || str_eq(uid, have))
		return true;
	if (w->put)
		return status_object(
			w->reply, 409, "Conflict", w->to->kind, live->name,
			"Operation cannot be fulfilled on %s \"%s\": "
			"StorageError: invalid object, Code: 4, Key: /registry"
			"/%s/%s/%s, ResourceVersion: 0, AdditionalErrorMsg: "
			"Precondition failed: UID in precondition: %s, UID in "
			"object meta: %s",
			w->to->kind->resource, live->name,
			w->to->kind->resource, live->ns, live->name, uid, have);
	/* Both the strategy and the store look. */
	causes = cJSON_CreateArray();
	for (i = 0; i < 2; i++)
		cause_add(causes, "FieldValueInvalid", "metadata.uid",
			  "Invalid value: \"%s\": field is immutable", uid);
	return status_causes(w->reply, w->to->kind->group, w->to->kind->name,
			     live->name, causes);
}

static bool fresh(struct write *w, const struct obj *live, const cJSON *object)
{
	const char *rv = json_text(object, "metadata", "resourceVersion");

	if (rv && *rv && strcmp(rv, "0") != 0) {
		if (atol(rv) == live->rv)
			return true;
		return status_stale(w->reply, w->to->kind, live->name);
	}
	if (w->put && (w->to->store->flags & KIND_NEEDS_VERSION)) {
		cJSON *causes = cJSON_CreateArray();

		cause_add(causes, "FieldValueInvalid",
			  "metadata.resourceVersion",
			  "Invalid value: 0: must be specified for an update");
		return status_causes(w->reply, w->to->kind->group,
				     w->to->kind->resource, live->name, causes);
	}
	return true;
}

/* A patch may not rename or move. */
static bool same_place(struct write *w, const cJSON *object)
{
	const char *name = json_text(object, "metadata", "name");
	const char *ns = json_text(object, "metadata", "namespace");

	if (name && !str_eq(name, w->to->name))
		return status_bad_request(
			w->reply,
			"the name of the object (%s) does not match the name "
			"on the URL (%s)",
			name, w->to->name);
	if (ns && !str_eq(ns, w->to->ns))
		return status_bad_request(
			w->reply,
			"the namespace of the object (%s) does not match the "
			"namespace on the request (%s)",
			ns, w->to->ns);
	return true;
}

static bool update_checks(struct write *w, struct obj *live, cJSON *object)
{
	const struct target *to = w->to;

	if (w->source != BODY_APPLY)
		object_prune(to->store, object);
	if (!object_decode(to->store, object, w->source, w->req->body.data,
			   w->reply) ||
	    !same_place(w, object) || !fresh(w, live, object) ||
	    !same_uid(w, live, object))
		return false;
	object_default(to->store, object);
	keep_system(w, live->json, object);
	return object_validate(to->store, live->name, live->json, object,
			       w->reply);
}

void write_update(struct write *w, struct obj *live, cJSON *take_object,
		  bool applied)
{
	const struct target *to = w->to;
	cJSON *metadata;

	if (!update_checks(w, live, take_object)) {
		cJSON_Delete(take_object);
		return;
	}
	if (!applied)
		managed_update(live->json, take_object, &w->by);
	metadata = json_get(take_object, "metadata");
	keep(metadata, json_get(live->json, "metadata"), "resourceVersion");
	if (managed_same(live->json, take_object)) {
		w->reply->status = 200;
		render_stored(&w->reply->body, to->kind, live, w->form);
		buf_str(&w->reply->body, "\n");
		cJSON_Delete(take_object);
	} else if (w->dry_run) {
		answer(w, 200, take_object);
		cJSON_Delete(take_object);
	} else {
		live = store_put(w->req->cluster, to->store, to->ns, to->name,
				 take_object);
		w->reply->status = 200;
		render_stored(&w->reply->body, to->kind, live, w->form);
		buf_str(&w->reply->body, "\n");
	}
}
