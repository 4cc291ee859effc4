#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer(struct reply *reply, cJSON *take_json)
{
	char *text = json_print(take_json);

	reply->status = 200;
	buf_str(&reply->body, text);
	buf_str(&reply->body, "\n");
	free(text);
	cJSON_Delete(take_json);
}

static void answer_version(struct reply *reply)
{
	cJSON *json = cJSON_CreateObject();

	json_put_text(json, "major", "1");
	json_put_text(json, "minor", "36");
	json_put_text(json, "gitVersion", "v1.36.3");
	json_put_text(json, "gitTreeState", "clean");
	json_put_text(json, "platform", "linux/amd64");
	answer(reply, json);
}

static cJSON *verbs_of(const struct kind *kind)
{
	if (kind->flags & KIND_REVIEW)
		return cJSON_Parse("[\"create\"]");
	return cJSON_Parse("[\"create\",\"delete\",\"deletecollection\","
			   "\"get\",\"list\",\"patch\",\"update\","
			   "\"watch\"]");
}

static void add_resource(cJSON *resources, const struct kind *kind,
			 const char *sub)
{
	cJSON *row = cJSON_CreateObject();
	char *name = xasprintf("%s%s", kind->resource, sub);
	size_t len = strlen(kind->resource);

	json_put_text(row, "name", name);
	if (!*sub) {
		char *one = xstrndup(kind->resource, len - 1);

		json_put_text(row, "singularName", one);
		free(one);
	} else {
		json_put_text(row, "singularName", "");
	}
	json_put_bool(row, "namespaced", kind->flags & KIND_NAMESPACED);
	json_put_text(row, "kind", kind->name);
	json_put(row, "verbs", verbs_of(kind));
	if (*kind->short_name && !*sub)
		cJSON_AddItemToArray(cJSON_AddArrayToObject(row, "shortNames"),
				     cJSON_CreateString(kind->short_name));
	cJSON_AddItemToArray(resources, row);
	free(name);
}

static void answer_resources(struct reply *reply, const char *group,
			     const char *version)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *resources;
	char *joined = xasprintf("%s%s%s", group, *group ? "/" : "", version);
	size_t i;

	json_put_text(json, "kind", "APIResourceList");
	json_put_text(json, "apiVersion", "v1");
	json_put_text(json, "groupVersion", joined);
	resources = cJSON_AddArrayToObject(json, "resources");
	for (i = 0; i < kind_count(); i++) {
		const struct kind *kind = kind_at(i);

		if (!str_eq(kind->group, group) ||
		    !str_eq(kind->version, version))
			continue;
		add_resource(resources, kind, "");
		if (kind_is(kind, "Pod"))
			add_resource(resources, kind, "/log");
		if (kind->flags & KIND_WORKLOAD)
			add_resource(resources, kind, "/status");
	}
	answer(reply, json);
	free(joined);
}

static cJSON *group_row(const struct kind *kind)
{
	cJSON *row = cJSON_CreateObject(), *version = cJSON_CreateObject();

	json_put_text(row, "name", kind->group);
	json_put_text(version, "groupVersion", kind_api_version(kind));
	json_put_text(version, "version", kind->version);
	json_put(row, "preferredVersion", json_copy(version));
	cJSON_AddItemToArray(cJSON_AddArrayToObject(row, "versions"), version);
	return row;
}

static void answer_groups(struct reply *reply)
{
	cJSON *json = cJSON_CreateObject(), *groups;
	size_t i, j;

	json_put_text(json, "kind", "APIGroupList");
	json_put_text(json, "apiVersion", "v1");
	groups = cJSON_AddArrayToObject(json, "groups");
	for (i = 0; i < kind_count(); i++) {
		for (j = 0; j < i; j++)
			if (str_eq(kind_at(j)->group, kind_at(i)->group))
				break;
		if (j == i && *kind_at(i)->group)
			cJSON_AddItemToArray(groups, group_row(kind_at(i)));
	}
	answer(reply, json);
}

static bool group_path(const char *path, struct reply *reply)
{
	char group[128] = "", version[64] = "";
	int n = sscanf(path, "/apis/%127[^/]/%63[^/]", group, version);
	size_t i;

	if (strchr(path + 6, '/') != strrchr(path + 6, '/') ||
	    !kind_group_known(group, n == 2 ? version : NULL))
		return false;
	if (n == 2) {
		answer_resources(reply, group, version);
		return true;
	}
	for (i = 0; i < kind_count(); i++) {
		if (!str_eq(kind_at(i)->group, group))
			continue;
		answer(reply, group_row(kind_at(i)));
		return true;
	}
	return false;
}

bool api_discovery(struct request *req, struct reply *reply)
{
	const char *path = req->path;

	if (str_eq(path, "/version") || str_eq(path, "/version/")) {
		answer_version(reply);
	} else if (str_starts(path, "/readyz") || str_starts(path, "/livez") ||
		   str_starts(path, "/healthz")) {
		reply->status = 200;
		reply->content_type = "text/plain; charset=utf-8";
		buf_str(&reply->body, "ok");
	} else if (str_eq(path, "/api")) {
		answer(reply, cJSON_Parse("{\"kind\":\"APIVersions\","
					  "\"versions\":[\"v1\"]}"));
	} else if (str_eq(path, "/apis")) {
		answer_groups(reply);
	} else if (str_eq(path, "/api/v1")) {
		answer_resources(reply, "", "v1");
	} else {
		return str_starts(path, "/apis/") && group_path(path, reply);
	}
	return true;
}
