#include "write.h"

#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "patch.h"

static bool sent_namespace(struct write *w, cJSON *object)
{
	const char *ns = json_text(object, "metadata", "namespace");

	if (!ns || !*ns || str_eq(ns, w->to->ns))
		return true;
	return status_bad_request(
		w->reply, "the namespace of the provided object does "
			  "not match the namespace sent on the request");
}

static bool sent_kind(struct write *w, const cJSON *object)
{
	const char *version = json_text(object, "apiVersion");
	const char *kind = json_text(object, "kind");

	if ((!version || str_eq(version, kind_api_version(w->to->kind))) &&
	    (!kind || str_eq(kind, w->to->kind->name)))
		return true;
	return status_bad_request(w->reply,
				  "the API version in the data (%s) does not "
				  "match the expected API version (%s)",
				  version ? version : "",
				  kind_api_version(w->to->kind));
}

static bool sent_known(struct write *w, const cJSON *object)
{
	char *unknown = w->strict ? object_unknown(w->to->kind, object) : NULL;

	if (!unknown)
		return true;
	status_bad_request(w->reply,
			   "strict decoding error: unknown field \"%s\"",
			   unknown + 1);
	free(unknown);
	return false;
}

static bool media_is(const char *type, const char *want)
{
	size_t len = strlen(want);

	return type && strncmp(type, want, len) == 0 &&
	       strchr("; ", type[len]) != NULL;
}

static bool full_media(struct write *w)
{
	const char *type = w->req->content_type;

	if (!type || media_is(type, "application/json") ||
	    media_is(type, "application/yaml") ||
	    media_is(type, "application/x-www-form-urlencoded"))
		return true;
	return status_plain(w->reply, 415, "UnsupportedMediaType",
			    "the body of the request was in an unknown format "
			    "- accepted media types include: application/json, "
			    "application/yaml, "
			    "application/vnd.kubernetes.protobuf");
}

static void write_full(struct write *w)
{
	struct cluster *cl = w->req->cluster;
	const char *name;
	struct obj *live;
	cJSON *object;
	bool alias;

	if (!full_media(w))
		return;
	object = write_body(w);
	if (!object)
		return;
	if (!sent_kind(w, object) || !sent_namespace(w, object) ||
	    !sent_known(w, object)) {
		cJSON_Delete(object);
		return;
	}
	alias = w->to->kind != w->to->store && kind_is(w->to->kind, "Event");
	if (alias) {
		/* Owned under the names of its own group. */
		managed_update(NULL, object, &w->by);
		event_to_core(object);
	}
	if (!w->put) {
		write_create(w, object, alias);
		return;
	}
	name = json_text(object, "metadata", "name");
	live = store_find(cl, w->to->store, w->to->ns, w->to->name);
	if (!str_eq(name, w->to->name))
		status_bad_request(w->reply,
				   "the name of the object (%s) does not match "
				   "the name on the URL (%s)",
				   name ? name : "", w->to->name);
	else if (!live && (w->to->store->flags & KIND_PUT_CREATES))
		write_create(w, json_copy(object), false);
	else if (!live)
		status_not_found(w->reply, w->to->kind, w->to->name);
	else
		write_update(w, live, json_copy(object), false);
	cJSON_Delete(object);
}

static bool apply_checks(struct write *w, cJSON *config)
{
	const char *version = json_text(config, "apiVersion");
	const char *kind = json_text(config, "kind");
	char *unknown;

	if (!version || !kind)
		return status_bad_request(
			w->reply, "invalid object type: %s, Kind=%s",
			version ? version : "/", kind ? kind : "");
	if (!sent_kind(w, config))
		return false;
	if (json_get(config, "metadata", "managedFields"))
		return status_bad_request(w->reply,
					  "metadata.managedFields must be nil");
	unknown = object_unknown(w->to->kind, config);
	if (unknown) {
		status_plain(w->reply, 500, NULL,
			     "failed to create typed patch object (%s/%s; %s, "
			     "Kind=%s): %s: field not declared in schema",
			     w->to->ns, w->to->name, version, kind, unknown);
		free(unknown);
		return false;
	}
	return true;
}

static void apply_missing(struct write *w, cJSON *config)
{
	const char *uid = json_text(config, "metadata", "uid");
	const struct target *to = w->to;
	cJSON *merged;

	if (!auth_allowed(w->req, "create", to, w->reply))
		return;
	if (uid) {
		status_object(w->reply, 409, "Conflict", to->kind, to->name,
			      "Operation cannot be fulfilled on %s \"%s\": uid "
			      "mismatch: the provided object specified uid %s, "
			      "and no existing object was found",
			      to->kind->resource, to->name, uid);
		return;
	}
	json_put_text(json_make(config, "metadata"), "name", to->name);
	merged = managed_apply(NULL, config, &w->by, w->reply);
	if (merged)
		write_create(w, merged, true);
}

static void patch_apply(struct write *w)
{
	struct obj *live = store_find(w->req->cluster, w->to->store, w->to->ns,
				      w->to->name);
	cJSON *config = write_body(w);
	cJSON *merged;

	w->source = BODY_APPLY;
	if (config && apply_checks(w, config)) {
		if (!live) {
			apply_missing(w, config);
		} else {
			merged = managed_apply(live->json, config, &w->by,
					       w->reply);
			if (merged)
				write_update(w, live, merged, true);
		}
	}
	cJSON_Delete(config);
}

/* Strict: a patch may not bring unknown fields; otherwise they are dropped. */
static cJSON *patch_known(struct write *w, cJSON *take_next)
{
	char *unknown = w->strict && take_next
				? object_unknown(w->to->kind, take_next)
				: NULL;
	cJSON *causes;

	if (!unknown)
		return take_next;
	causes = cJSON_CreateArray();
	cause_add(causes, "FieldValueInvalid", "patch",
		  "Invalid value: strict decoding error: unknown field \"%s\"",
		  unknown + 1);
	status_causes(w->reply, "", "", "", causes);
	free(unknown);
	cJSON_Delete(take_next);
	return NULL;
}

/* The live object with a merge, strategic or JSON patch done. */
static cJSON *patch_next(struct write *w, const char *type,
			 const struct obj *live, const cJSON *patch)
{
	cJSON *next;

	if (str_starts(type, "application/strategic")) {
		w->source = BODY_STRATEGIC;
		return patch_strategic(live->json, patch);
	}
	w->source = BODY_MERGE;
	if (str_starts(type, "application/merge"))
		return patch_merge(live->json, patch);
	next = patch_json(live->json, patch);
	if (!next)
		status_bare(w->reply, 422, "Invalid",
			    "the server rejected our request due to an error "
			    "in our request");
	return next;
}

static void patch_any(struct write *w)
{
	static const char json[] = "application/json-patch+json";
	static const char merge[] = "application/merge-patch+json";
	static const char strategic[] =
		"application/strategic-merge-patch+json";
	const char *type = w->req->content_type;
	struct obj *live = store_find(w->req->cluster, w->to->store, w->to->ns,
				      w->to->name);
	cJSON *patch, *next;

	if (media_is(type, "application/apply-patch+yaml")) {
		patch_apply(w);
		return;
	}
	if (!media_is(type, json) && !media_is(type, merge) &&
	    !media_is(type, strategic)) {
		status_bare(w->reply, 415, "UnsupportedMediaType",
			    "the body of the request was in an unknown format "
			    "- accepted media types include: "
			    "application/json-patch+json, "
			    "application/merge-patch+json, "
			    "application/strategic-merge-patch+json, "
			    "application/apply-patch+yaml");
		return;
	}
	patch = write_body(w);
	if (!patch)
		return;
	if (!live)
		status_not_found(w->reply, w->to->kind, w->to->name);
	else if ((next = patch_known(w, patch_next(w, type, live, patch))))
		write_update(w, live, next, false);
	cJSON_Delete(patch);
}

void api_write(struct request *req, const struct target *to,
	       struct reply *reply)
{
	struct write w;

	if (!write_begin(&w, req, to, reply))
		return;
	w.put = str_eq(req->method, "PUT");
	if (str_eq(req->method, "PATCH"))
		patch_any(&w);
	else
		write_full(&w);
}
