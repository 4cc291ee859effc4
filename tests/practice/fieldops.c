#include "fieldset.h"

#include <stdlib.h>
#include <string.h>

enum set_op {
	OP_UNION,
	OP_MINUS,
	OP_BOTH,
};

static bool is_member(const cJSON *node)
{
	return node && (!node->child || json_get(node, "."));
}

static bool decide(bool a, bool b, enum set_op op)
{
	if (op == OP_UNION)
		return a || b;
	return a && (op == OP_BOTH) == b;
}

/* NULL when nothing is left of the node. */
static cJSON *combine(const cJSON *a, const cJSON *b, enum set_op op,
		      bool member)
{
	cJSON *node = cJSON_CreateObject();
	const cJSON *at;

	cJSON_ArrayForEach (at, a) {
		const cJSON *other = json_get(b, at->string);
		cJSON *sub;

		if (str_eq(at->string, "."))
			continue;
		sub = combine(at, other, op,
			      decide(is_member(at), is_member(other), op));
		if (sub)
			json_put(node, at->string, sub);
	}
	if (op == OP_UNION) {
		cJSON_ArrayForEach (at, b)
			if (!str_eq(at->string, ".") &&
			    !json_get(a, at->string))
				json_put(node, at->string, json_copy(at));
	}
	if (member && node->child) {
		cJSON *dot = cJSON_CreateObject();

		cJSON_AddItemToObject(node, ".", dot);
		cJSON_DetachItemViaPointer(node, dot);
		cJSON_InsertItemInArray(node, 0, dot);
	}
	if (!member && !node->child) {
		cJSON_Delete(node);
		return NULL;
	}
	return node;
}

static cJSON *combine_roots(const cJSON *a, const cJSON *b, enum set_op op)
{
	cJSON *set = combine(a, b, op, false);

	return set ? set : cJSON_CreateObject();
}

cJSON *fields_union(const cJSON *a, const cJSON *b)
{
	return combine_roots(a, b, OP_UNION);
}

cJSON *fields_minus(const cJSON *a, const cJSON *b)
{
	return combine_roots(a, b, OP_MINUS);
}

cJSON *fields_both(const cJSON *a, const cJSON *b)
{
	return combine_roots(a, b, OP_BOTH);
}

void fields_strip(cJSON *set, bool keep_status)
{
	static const char *const identity[] = {
		".",
		"f:name",
		"f:namespace",
		"f:uid",
		"f:selfLink",
		"f:creationTimestamp",
		"f:generation",
		"f:managedFields",
		"f:resourceVersion",
	};
	cJSON *metadata = json_get(set, "f:metadata");
	size_t i;

	json_del(set, "f:apiVersion");
	json_del(set, "f:kind");
	if (!keep_status)
		json_del(set, "f:status");
	for (i = 0; metadata && i < ARRAY_LEN(identity); i++)
		json_del(metadata, identity[i]);
	if (metadata && !metadata->child)
		json_del(set, "f:metadata");
}

static cJSON *merge_values(const cJSON *live, const cJSON *config,
			   const char *field)
{
	const char *keys[2];
	enum list_type type = list_type_of(field, keys);
	cJSON *out, *at;

	if (cJSON_IsObject(live) && cJSON_IsObject(config)) {
		out = json_copy(live);
		cJSON_ArrayForEach (at, config)
			json_put(out, at->string,
				 merge_values(json_get(live, at->string), at,
					      at->string));
		return out;
	}
	if (!cJSON_IsArray(live) || !cJSON_IsArray(config) ||
	    type == LIST_ATOMIC)
		return json_copy(config);
	out = json_copy(live);
	cJSON_ArrayForEach (at, config) {
		cJSON *have = NULL, *old;

		if (type == LIST_MAP) {
			have = list_match(out, at, keys);
		} else {
			cJSON_ArrayForEach (old, out)
				if (json_same(old, at))
					have = old;
		}
		if (!have)
			cJSON_AddItemToArray(out, json_copy(at));
		else if (type == LIST_MAP)
			cJSON_ReplaceItemViaPointer(out, have,
						    merge_values(have, at, ""));
	}
	return out;
}

cJSON *fields_merge(const cJSON *live, const cJSON *config)
{
	return merge_values(live, config, "");
}

static cJSON *child_of(cJSON *value, const char *name)
{
	cJSON *want, *at, *hit = NULL;

	if (str_starts(name, "f:"))
		return json_get(value, name + 2);
	want = cJSON_Parse(name + 2);
	cJSON_ArrayForEach (at, value) {
		const char *keys[2] = { NULL, NULL };
		char *have;

		if (str_starts(name, "v:") && json_same(at, want))
			hit = at;
		if (!str_starts(name, "k:") || !want || !want->child)
			continue;
		keys[0] = want->child->string;
		keys[1] = want->child->next ? want->child->next->string : NULL;
		have = list_item_key(at, keys);
		if (str_eq(have, name))
			hit = at;
		free(have);
	}
	cJSON_Delete(want);
	return hit;
}

/* Of an object that nobody owns as a whole: what nobody owns goes. */
static void keep_owned(cJSON *value, const cJSON *kept)
{
	cJSON *at, *next;

	for (at = cJSON_IsObject(value) ? value->child : NULL; at; at = next) {
		char *name = xasprintf("f:%s", at->string);
		const cJSON *owned = json_get(kept, name);

		next = at->next;
		if (!owned)
			cJSON_Delete(cJSON_DetachItemViaPointer(value, at));
		else if (owned->child)
			keep_owned(at, owned);
		free(name);
	}
}

void fields_prune(cJSON *value, const cJSON *set, const cJSON *kept)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, set) {
		cJSON *child = child_of(value, at->string);
		const cJSON *owned = kept ? json_get(kept, at->string) : NULL;

		if (!child || str_eq(at->string, "."))
			continue;
		if (!is_member(at))
			fields_prune(child, at, owned);
		else if (owned)
			keep_owned(child, owned);
		else
			cJSON_Delete(cJSON_DetachItemViaPointer(value, child));
	}
}

/* PREFIX[name="app"], or PREFIX[="item"] for a set. */
static char *item_path(const char *prefix, const char *name)
{
	cJSON *key = cJSON_Parse(name + 2), *at;
	const cJSON *keys = str_starts(name, "k:") ? key : NULL;
	struct buf out = { 0 };

	buf_printf(&out, "%s[", prefix);
	if (str_starts(name, "v:"))
		buf_printf(&out, "=%s", name + 2);
	cJSON_ArrayForEach (at, keys) {
		char *value = json_print(at);

		buf_printf(&out, "%s%s=%s", at == key->child ? "" : ",",
			   at->string, value);
		free(value);
	}
	buf_str(&out, "]");
	cJSON_Delete(key);
	return out.data;
}

static void walk(const cJSON *set, const char *prefix,
		 void (*each)(void *ctx, const char *path), void *ctx)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, set) {
		char *path;

		if (str_eq(at->string, "."))
			continue;
		if (str_starts(at->string, "f:"))
			path = xasprintf("%s.%s", prefix, at->string + 2);
		else
			path = item_path(prefix, at->string);
		if (is_member(at))
			each(ctx, path);
		walk(at, path, each, ctx);
		free(path);
	}
}

void fields_paths(const cJSON *set, void (*each)(void *ctx, const char *path),
		  void *ctx)
{
	walk(set, "", each, ctx);
}
