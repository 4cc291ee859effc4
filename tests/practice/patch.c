#include "patch.h"

#include <stdlib.h>
#include <string.h>

#include "fieldset.h"
#include "util.h"

cJSON *patch_merge(const cJSON *live, const cJSON *patch)
{
	cJSON *out, *at;

	if (!cJSON_IsObject(patch))
		return json_copy(patch);
	out = cJSON_IsObject(live) ? json_copy(live) : cJSON_CreateObject();
	cJSON_ArrayForEach (at, patch) {
		if (cJSON_IsNull(at))
			json_del(out, at->string);
		else
			json_put(out, at->string,
				 patch_merge(json_get(live, at->string), at));
	}
	return out;
}

static cJSON *strategic(const cJSON *live, const cJSON *patch,
			const char *field);

static cJSON *strategic_list(const cJSON *live, const cJSON *patch,
			     const char *keys[2])
{
	/* A patch merges ports by containerPort alone. */
	const char *first[2] = { keys[0], NULL };
	cJSON *out = live ? json_copy(live) : cJSON_CreateArray();
	cJSON *at;

	cJSON_ArrayForEach (at, patch) {
		cJSON *have = list_match(out, at, first);
		const char *directive = json_text(at, "$patch");

		if (str_eq(directive, "delete")) {
			if (have)
				cJSON_Delete(
					cJSON_DetachItemViaPointer(out, have));
		} else if (have) {
			cJSON_ReplaceItemViaPointer(out, have,
						    strategic(have, at, ""));
		} else {
			cJSON_AddItemToArray(out, strategic(NULL, at, ""));
		}
	}
	return out;
}

static bool listed(const cJSON *list, const char *text)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, list)
		if (str_eq(json_string(at), text))
			return true;
	return false;
}

/* "$retainKeys": everything that it does not name goes. */
static void retain(cJSON *object, const cJSON *keys)
{
	cJSON *at, *next;

	for (at = keys ? object->child : NULL; at; at = next) {
		next = at->next;
		if (!listed(keys, at->string))
			cJSON_Delete(cJSON_DetachItemViaPointer(object, at));
	}
}

static cJSON *strategic(const cJSON *live, const cJSON *patch,
			const char *field)
{
	const char *keys[2];
	cJSON *out, *at;

	if (cJSON_IsArray(patch) && list_type_of(field, keys) == LIST_MAP)
		return strategic_list(live, patch, keys);
	if (!cJSON_IsObject(patch))
		return json_copy(patch);
	if (str_eq(json_text(patch, "$patch"), "delete"))
		return cJSON_CreateObject();
	out = cJSON_IsObject(live) &&
			      !str_eq(json_text(patch, "$patch"), "replace")
		      ? json_copy(live)
		      : cJSON_CreateObject();
	retain(out, json_get(patch, "$retainKeys"));
	cJSON_ArrayForEach (at, patch) {
		if (at->string[0] == '$')
			continue;
		if (cJSON_IsNull(at))
			json_del(out, at->string);
		else
			json_put(out, at->string,
				 strategic(json_get(live, at->string), at,
					   at->string));
	}
	return out;
}

cJSON *patch_strategic(const cJSON *live, const cJSON *patch)
{
	return strategic(live, patch, "");
}

/* "~1" is "/", "~0" is "~". */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '~' && (text[1] == '0' || text[1] == '1')) {
			*to++ = text[1] == '0' ? '~' : '/';
			text++;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* The parent of what a pointer names; *out_last is the caller's. */
static cJSON *pointer_parent(cJSON *root, const char *pointer, char **out_last)
{
	*out_last = NULL;
	while (root && *pointer == '/') {
		size_t len = strcspn(pointer + 1, "/");
		char *token = xstrndup(pointer + 1, len);

		unescape(token);
		pointer += len + 1;
		if (!*pointer) {
			*out_last = token;
			return root;
		}
		root = cJSON_IsArray(root)
			       ? cJSON_GetArrayItem(root, atoi(token))
			       : json_get(root, token);
		free(token);
	}
	return NULL;
}

static cJSON *member(cJSON *parent, const char *last)
{
	if (cJSON_IsArray(parent))
		return cJSON_GetArrayItem(parent, atoi(last));
	return json_get(parent, last);
}

static bool json_op(cJSON *root, const cJSON *op)
{
	const char *name = json_text(op, "op");
	const char *path = json_text(op, "path");
	const cJSON *value = json_get(op, "value");
	char *last = NULL;
	cJSON *parent = path ? pointer_parent(root, path, &last) : NULL;
	cJSON *have = parent ? member(parent, last) : NULL;
	bool ok = parent != NULL;

	if (str_eq(name, "test")) {
		ok = have && value && json_same(have, value);
	} else if (ok && str_eq(name, "remove")) {
		ok = have != NULL;
		if (ok)
			cJSON_Delete(cJSON_DetachItemViaPointer(parent, have));
	} else if (ok && cJSON_IsObject(parent)) {
		/* The server's library replaces even what is not there. */
		json_put(parent, last, json_copy(value));
	} else if (ok && str_eq(name, "replace")) {
		ok = have != NULL;
		if (ok)
			cJSON_ReplaceItemViaPointer(parent, have,
						    json_copy(value));
	} else if (ok && str_eq(last, "-")) {
		cJSON_AddItemToArray(parent, json_copy(value));
	} else if (ok) {
		cJSON_InsertItemInArray(parent, atoi(last), json_copy(value));
	}
	free(last);
	return ok;
}

cJSON *patch_json(const cJSON *live, const cJSON *ops)
{
	cJSON *out = json_copy(live);
	const cJSON *op;

	cJSON_ArrayForEach (op, ops) {
		if (!json_op(out, op)) {
			cJSON_Delete(out);
			return NULL;
		}
	}
	return out;
}
