#include "api.h"

#include <stdlib.h>
#include <string.h>

static void render_head(struct buf *out, const struct kind *kind)
{
	buf_printf(out, "{\"kind\":\"%s\",\"apiVersion\":\"%s\"", kind->name,
		   kind_api_version(kind));
}

/* Appends the members of an object's text, after a comma. */
static void render_members(struct buf *out, const char *text)
{
	buf_str(out, text[1] == '}' ? "" : ",");
	buf_str(out, text + 1);
}

static void render_metadata(struct buf *out, const cJSON *object)
{
	char *text = json_print(json_get(object, "metadata"));

	buf_printf(out,
		   "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":"
		   "\"meta.k8s.io/v1\",\"metadata\":%s}",
		   text);
	free(text);
}

static void render_alias(struct buf *out, const struct kind *kind,
			 const cJSON *object, bool item)
{
	cJSON *copy = json_copy(object);
	char *text;

	if (kind_is(kind, "Event"))
		event_from_core(copy);
	text = json_print(copy);
	if (!item)
		render_head(out, kind);
	if (item)
		buf_str(out, text);
	else
		render_members(out, text);
	free(text);
	cJSON_Delete(copy);
}

void render_object(struct buf *out, const struct kind *kind,
		   const cJSON *object, enum form form)
{
	char *text;

	if (form == FORM_METADATA) {
		render_metadata(out, object);
		return;
	}
	if (kind->flags & KIND_ALIAS) {
		render_alias(out, kind, object, false);
		return;
	}
	text = json_print(object);
	render_head(out, kind);
	render_members(out, text);
	free(text);
}

void render_stored(struct buf *out, const struct kind *kind,
		   const struct obj *obj, enum form form)
{
	if (form == FORM_METADATA || kind->flags & KIND_ALIAS) {
		render_object(out, kind, obj->json, form);
		return;
	}
	render_head(out, kind);
	render_members(out, obj->text);
}

void render_item(struct buf *out, const struct kind *kind,
		 const struct obj *obj, enum form form)
{
	if (form == FORM_METADATA)
		render_metadata(out, obj->json);
	else if (kind->flags & KIND_ALIAS)
		render_alias(out, kind, obj->json, true);
	else
		buf_str(out, obj->text);
}

/* The value of a media type's parameter; "" when absent. */
static bool media_param(const char *media, const char *name, const char *want)
{
	const char *at = media;
	size_t len = strlen(name);

	while ((at = strchr(at, ';'))) {
		at += 1 + strspn(at + 1, " ");
		if (strncmp(at, name, len) == 0 && at[len] == '=' &&
		    strncmp(at + len + 1, want, strlen(want)) == 0 &&
		    strchr("; ", at[len + 1 + strlen(want)]))
			return true;
	}
	return false;
}

static bool media_form(const char *media, bool list, enum form *out)
{
	size_t len = strcspn(media, "; ");
	bool json = (len == 16 && str_starts(media, "application/json")) ||
		    (len == 3 && str_starts(media, "*/*")) ||
		    (len == 13 && str_starts(media, "application/*"));

	if (!json)
		return false;
	if (!strstr(media, "as=")) {
		*out = FORM_FULL;
		return true;
	}
	*out = FORM_METADATA;
	return media_param(media, "as",
			   list ? "PartialObjectMetadataList"
				: "PartialObjectMetadata") &&
	       media_param(media, "g", "meta.k8s.io") &&
	       media_param(media, "v", "v1");
}

bool accept_form(const struct request *req, bool list, enum form *out,
		 struct reply *reply)
{
	char *copy, *at, *save = NULL;
	bool ok = false;

	*out = FORM_FULL;
	if (!req->accept || !*req->accept)
		return true;
	copy = xstrdup(req->accept);
	for (at = strtok_r(copy, ",", &save); at && !ok;
	     at = strtok_r(NULL, ",", &save))
		ok = media_form(at + strspn(at, " "), list, out);
	free(copy);
	if (ok)
		return true;
	/* A list's refusal has no details, an object's has empty ones. */
	status_set(reply, 406, "NotAcceptable",
		   "only the following media types are accepted: "
		   "application/json, application/yaml, "
		   "application/vnd.kubernetes.protobuf",
		   list ? NULL : cJSON_CreateObject());
	return false;
}
