#include "fieldset.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *field;
	const char *keys[2];
} list_keys[] = {
	{ "containers", { "name", NULL } },
	{ "initContainers", { "name", NULL } },
	{ "ephemeralContainers", { "name", NULL } },
	{ "env", { "name", NULL } },
	{ "volumes", { "name", NULL } },
	{ "volumeMounts", { "mountPath", NULL } },
	{ "ports", { "containerPort", "protocol" } },
	{ "imagePullSecrets", { "name", NULL } },
	{ "conditions", { "type", NULL } },
	{ "ownerReferences", { "uid", NULL } },
	{ "hostAliases", { "ip", NULL } },
	{ "topologySpreadConstraints", { "topologyKey", "whenUnsatisfiable" } },
};

enum list_type list_type_of(const char *field, const char *keys[2])
{
	size_t i;

	keys[0] = keys[1] = NULL;
	for (i = 0; i < ARRAY_LEN(list_keys); i++) {
		if (!str_eq(list_keys[i].field, field))
			continue;
		keys[0] = list_keys[i].keys[0];
		keys[1] = list_keys[i].keys[1];
		return LIST_MAP;
	}
	return str_eq(field, "finalizers") ? LIST_SET : LIST_ATOMIC;
}

static bool map_atomic(const char *field)
{
	static const char *const atomic[] = {
		"selector",	    "nodeSelector", "secretKeyRef",
		"labelSelector",    "fieldRef",	    "configMapKeyRef",
		"resourceFieldRef", "secretRef",    "configMapRef",
		"involvedObject",   "regarding",    "related",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(atomic); i++)
		if (str_eq(atomic[i], field))
			return true;
	return false;
}

static cJSON *key_value(const cJSON *item, const char *key)
{
	cJSON *value = json_get(item, key);

	if (!value && str_eq(key, "protocol"))
		return cJSON_CreateString("TCP");
	return value ? json_copy(value) : cJSON_CreateNull();
}

char *list_item_key(const cJSON *item, const char *keys[2])
{
	cJSON *key = cJSON_CreateObject();
	char *text, *out;
	int i;

	for (i = 0; i < 2 && keys[i]; i++)
		json_put(key, keys[i], key_value(item, keys[i]));
	text = json_print(key);
	cJSON_Delete(key);
	out = xasprintf("k:%s", text);
	free(text);
	return out;
}

cJSON *list_match(const cJSON *list, const cJSON *item, const char *keys[2])
{
	char *want = list_item_key(item, keys);
	cJSON *at, *hit = NULL;

	cJSON_ArrayForEach (at, list) {
		char *have = list_item_key(at, keys);

		if (str_eq(have, want))
			hit = at;
		free(have);
		if (hit)
			break;
	}
	free(want);
	return hit;
}

static cJSON *node_of(const cJSON *value, const char *field, bool dots)
{
	cJSON *node = cJSON_CreateObject();
	const char *keys[2];
	const cJSON *at;

	if (cJSON_IsObject(value) && !map_atomic(field)) {
		if (dots && value->child)
			json_put(node, ".", cJSON_CreateObject());
		cJSON_ArrayForEach (at, value) {
			char *name = xasprintf("f:%s", at->string);

			json_put(node, name, node_of(at, at->string, dots));
			free(name);
		}
		return node;
	}
	if (!cJSON_IsArray(value))
		return node;
	if (list_type_of(field, keys) == LIST_ATOMIC)
		return node;
	if (dots && value->child)
		json_put(node, ".", cJSON_CreateObject());
	cJSON_ArrayForEach (at, value) {
		char *name;

		if (keys[0]) {
			cJSON *item = node_of(at, "", dots);

			name = list_item_key(at, keys);
			if (!json_get(item, "."))
				json_put(item, ".", cJSON_CreateObject());
			json_put(node, name, item);
		} else {
			char *text = json_print(at);

			name = xasprintf("v:%s", text);
			free(text);
			json_put(node, name, cJSON_CreateObject());
		}
		free(name);
	}
	return node;
}

cJSON *fields_of(const cJSON *value)
{
	return node_of(value, "", false);
}

static void attach(cJSON *set, const char *prefix, const char *name,
		   cJSON *node)
{
	char *full = xasprintf("%s%s", prefix, name);

	json_put(set, full, node);
	free(full);
}

static void compare_values(const cJSON *old, const cJSON *now,
			   const char *prefix, const char *name,
			   const char *field, cJSON *changed, cJSON *removed);

static void compare_objects(const cJSON *old, const cJSON *now, cJSON *changed,
			    cJSON *removed)
{
	const cJSON *at;

	/* A null is what the server prints for "not there". */
	cJSON_ArrayForEach (at, now)
		if (!cJSON_IsNull(at) || json_get(old, at->string))
			compare_values(json_get(old, at->string), at,
				       "f:", at->string, at->string, changed,
				       removed);
	cJSON_ArrayForEach (at, old)
		if (!json_get(now, at->string))
			attach(removed, "f:", at->string,
			       node_of(at, at->string, true));
}

static void compare_lists(const cJSON *old, const cJSON *now,
			  const char *keys[2], cJSON *changed, cJSON *removed)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, now) {
		char *name = list_item_key(at, keys);

		compare_values(list_match(old, at, keys), at, "", name, "",
			       changed, removed);
		free(name);
	}
	cJSON_ArrayForEach (at, old) {
		char *name;

		if (list_match(now, at, keys))
			continue;
		name = list_item_key(at, keys);
		attach(removed, "", name, node_of(at, "", true));
		free(name);
	}
}

static void compare_values(const cJSON *old, const cJSON *now,
			   const char *prefix, const char *name,
			   const char *field, cJSON *changed, cJSON *removed)
{
	cJSON *sub_changed, *sub_removed;
	const char *keys[2];
	bool objects = cJSON_IsObject(old) && cJSON_IsObject(now) &&
		       !map_atomic(field);
	bool lists = cJSON_IsArray(old) && cJSON_IsArray(now) &&
		     list_type_of(field, keys) == LIST_MAP;

	if (!old) {
		attach(changed, prefix, name, node_of(now, field, true));
		return;
	}
	if (!objects && !lists) {
		if (!json_same(old, now))
			attach(changed, prefix, name, cJSON_CreateObject());
		return;
	}
	sub_changed = cJSON_CreateObject();
	sub_removed = cJSON_CreateObject();
	if (objects)
		compare_objects(old, now, sub_changed, sub_removed);
	else
		compare_lists(old, now, keys, sub_changed, sub_removed);
	if (sub_changed->child)
		attach(changed, prefix, name, sub_changed);
	else
		cJSON_Delete(sub_changed);
	if (sub_removed->child)
		attach(removed, prefix, name, sub_removed);
	else
		cJSON_Delete(sub_removed);
}

void fields_compare(const cJSON *old, const cJSON *now, cJSON **out_changed,
		    cJSON **out_removed)
{
	*out_changed = cJSON_CreateObject();
	*out_removed = cJSON_CreateObject();
	compare_objects(old, now, *out_changed, *out_removed);
}
