#include "api.h"

#include <stdlib.h>
#include <string.h>

/*
 * OpenAPI v3, as much as kubectl looks at before an apply: which parameters
 * the PATCH of each kind takes.
 */

static void answer(struct reply *reply, cJSON *take_json)
{
	char *text = json_print(take_json);

	reply->status = 200;
	buf_str(&reply->body, text);
	free(text);
	cJSON_Delete(take_json);
}

/* "api/v1", "apis/apps/v1" */
static char *version_path(const struct kind *kind)
{
	return xasprintf("%s/%s", *kind->group ? "apis" : "api",
			 kind_api_version(kind));
}

static void answer_index(struct reply *reply)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *paths = json_make(json, "paths");
	size_t i;

	for (i = 0; i < kind_count(); i++) {
		char *path = version_path(kind_at(i));
		char *url = xasprintf("/openapi/v3/%s?hash=1", path);

		json_put_text(json_make(paths, path), "serverRelativeURL", url);
		free(url);
		free(path);
	}
	answer(reply, json);
}

static cJSON *patch_operation(const struct kind *kind)
{
	static const char *const names[] = { "dryRun", "fieldManager",
					     "fieldValidation", "force" };
	cJSON *operation = cJSON_CreateObject();
	cJSON *parameters = cJSON_AddArrayToObject(operation, "parameters");
	cJSON *of = json_make(operation, "x-kubernetes-group-version-kind");
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		cJSON *row = cJSON_CreateObject();

		json_put_text(row, "name", names[i]);
		json_put_text(row, "in", "query");
		json_put_text(json_make(row, "schema"), "type", "string");
		cJSON_AddItemToArray(parameters, row);
	}
	json_put_text(of, "group", kind->group);
	json_put_text(of, "version", kind->version);
	json_put_text(of, "kind", kind->name);
	json_make(operation, "responses");
	return operation;
}

static bool answer_version(struct reply *reply, const char *want)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *info = json_make(json, "info");
	cJSON *paths = json_make(json, "paths");
	size_t i;

	json_put_text(json, "openapi", "3.0.0");
	json_put_text(info, "title", "Kubernetes");
	json_put_text(info, "version", "v1.36.3");
	for (i = 0; i < kind_count(); i++) {
		const struct kind *kind = kind_at(i);
		char *base = version_path(kind);
		char *path = xasprintf("/%s/%s%s/{name}", base,
				       kind->flags & KIND_NAMESPACED
					       ? "namespaces/{namespace}/"
					       : "",
				       kind->resource);

		if (str_eq(base, want))
			json_put(json_make(paths, path), "patch",
				 patch_operation(kind));
		free(path);
		free(base);
	}
	if (paths->child) {
		answer(reply, json);
		return true;
	}
	cJSON_Delete(json);
	return false;
}

bool api_openapi(struct request *req, struct reply *reply)
{
	static const char root[] = "/openapi/v3";

	if (str_eq(req->path, root)) {
		answer_index(reply);
		return true;
	}
	return str_starts(req->path, "/openapi/v3/") &&
	       answer_version(reply, req->path + strlen(root) + 1);
}
