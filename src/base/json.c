#include "base/json.h"

#include <cjson/cJSON.h>
#include <string.h>

KR_FALLIBLE json_parse(const char *data, size_t len, struct cJSON **out)
{
	const char *end = NULL;
	cJSON *tree = cJSON_ParseWithLengthOpts(data, len, &end, 0);

	if (!tree) {
		size_t at = end && end >= data ? (size_t)(end - data) : 0;

		return err_new(KR_EINVALID, "not valid JSON at byte %zu of %zu",
			       at, len);
	}
	for (; end < data + len; end++) {
		if (!strchr(" \t\r\n", *end)) {
			size_t at = (size_t)(end - data);

			cJSON_Delete(tree);
			return err_new(KR_EINVALID,
				       "more than one JSON value, at byte %zu",
				       at);
		}
	}
	*out = tree;
	return NULL;
}

const struct cJSON *json_member(const struct cJSON *object, const char *name)
{
	return object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

struct cJSON *json_member_mut(struct cJSON *object, const char *name)
{
	return object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const struct cJSON *json_at(const struct cJSON *tree, const char *path)
{
	char name[128];

	while (tree && *path) {
		size_t n = strcspn(path, ".");

		if (n >= sizeof(name))
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		tree = json_member(tree, name);
		path += n;
		if (*path == '.')
			path++;
	}
	return tree;
}

const char *json_str(const struct cJSON *tree, const char *path)
{
	const struct cJSON *node = json_at(tree, path);

	return node && cJSON_IsString(node) ? node->valuestring : NULL;
}

const char *json_str_or(const struct cJSON *tree, const char *path,
			const char *otherwise)
{
	const char *text = json_str(tree, path);

	return text ? text : otherwise;
}

long long json_int(const struct cJSON *tree, const char *path,
		   long long otherwise)
{
	const struct cJSON *node = json_at(tree, path);

	if (!node || !cJSON_IsNumber(node))
		return otherwise;
	if (node->valuedouble >= 9.2e18 || node->valuedouble <= -9.2e18)
		return otherwise;
	return (long long)node->valuedouble;
}

bool json_bool(const struct cJSON *tree, const char *path, bool otherwise)
{
	const struct cJSON *node = json_at(tree, path);

	if (!node || !cJSON_IsBool(node))
		return otherwise;
	return cJSON_IsTrue(node);
}

const char *json_member_str(const struct cJSON *object, const char *name)
{
	const struct cJSON *node = json_member(object, name);

	return node && cJSON_IsString(node) ? node->valuestring : NULL;
}

const struct cJSON *json_first(const struct cJSON *array_or_object)
{
	return array_or_object ? array_or_object->child : NULL;
}

const struct cJSON *json_next(const struct cJSON *item)
{
	return item->next;
}

const char *json_name(const struct cJSON *item)
{
	return item->string;
}

const char *json_text(const struct cJSON *node)
{
	return node && cJSON_IsString(node) ? node->valuestring : NULL;
}

bool json_is_null(const struct cJSON *node)
{
	return node && cJSON_IsNull(node);
}

bool json_is_object(const struct cJSON *node)
{
	return node && cJSON_IsObject(node);
}

bool json_is_array(const struct cJSON *node)
{
	return node && cJSON_IsArray(node);
}

size_t json_length(const struct cJSON *array_or_object)
{
	int n = array_or_object ? cJSON_GetArraySize(array_or_object) : 0;

	return n > 0 ? (size_t)n : 0;
}

/*
 * A container that a child could not be added to for want of memory says so
 * until it is printed: what lacks a member must not be taken for whole. cJSON
 * leaves this field of a container alone, and copies it.
 */
#define LOST 1

static void lose(struct cJSON *container)
{
	if (container)
		container->valueint = LOST;
}

void json_set(struct cJSON *object, const char *name, struct cJSON *take_child)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	if (!cJSON_AddItemToObject(object, name, take_child)) {
		cJSON_Delete(take_child);
		lose(object);
	}
}

void json_put(struct cJSON *object, const char *name, struct cJSON *take_child)
{
	if (!take_child || !json_member(object, name)) {
		json_set(object, name, take_child);
	} else if (!cJSON_ReplaceItemInObjectCaseSensitive(object, name,
							   take_child)) {
		json_free(take_child);
		lose(object);
	}
}

void json_append(struct cJSON *array, struct cJSON *take_child)
{
	if (!cJSON_AddItemToArray(array, take_child)) {
		cJSON_Delete(take_child);
		lose(array);
	}
}

void json_set_str(struct cJSON *object, const char *name, const char *value)
{
	json_set(object, name,
		 value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void json_set_int(struct cJSON *object, const char *name, long long value)
{
	json_set(object, name, cJSON_CreateNumber((double)value));
}

void json_set_bool(struct cJSON *object, const char *name, bool value)
{
	json_set(object, name, cJSON_CreateBool(value));
}

void json_set_null(struct cJSON *object, const char *name)
{
	json_set(object, name, cJSON_CreateNull());
}

struct cJSON *json_add_object(struct cJSON *object, const char *name)
{
	json_set(object, name, cJSON_CreateObject());
	return json_member_mut(object, name);
}

struct cJSON *json_add_array(struct cJSON *object, const char *name)
{
	json_set(object, name, cJSON_CreateArray());
	return json_member_mut(object, name);
}

struct cJSON *json_append_object(struct cJSON *array)
{
	cJSON *child = cJSON_CreateObject();

	json_append(array, child);
	return array ? child : NULL;
}

void json_append_str(struct cJSON *array, const char *value)
{
	json_append(array, cJSON_CreateString(value));
}

struct cJSON *json_object(void)
{
	return cJSON_CreateObject();
}

struct cJSON *json_array(void)
{
	return cJSON_CreateArray();
}

struct cJSON *json_copy(const struct cJSON *tree)
{
	return cJSON_Duplicate(tree, 1);
}

/* As deep as cJSON prints, which refuses what is deeper. */
static bool is_whole(const struct cJSON *tree)
{
	if ((cJSON_IsObject(tree) || cJSON_IsArray(tree)) &&
	    tree->valueint == LOST)
		return false;
	for (const cJSON *item = tree->child; item; item = item->next)
		if (!is_whole(item))
			return false;
	return true;
}

static KR_FALLIBLE printed(char *take_text, char **out)
{
	if (!take_text)
		return err_no_memory();
	*out = take_text;
	return NULL;
}

KR_FALLIBLE json_print(const struct cJSON *tree, char **out)
{
	if (!tree || !is_whole(tree))
		return err_no_memory();
	return printed(cJSON_PrintUnformatted(tree), out);
}

/* cJSON indents by tabs; kubectl and jq by two spaces. */
static char *tabs_to_spaces(const char *text)
{
	size_t tabs = 0;
	char *wide, *to;
	bool in_string = false;

	for (const char *p = text; *p; p++)
		tabs += *p == '\t';
	wide = malloc(strlen(text) + tabs + 1);
	if (!wide)
		return NULL;
	to = wide;
	for (; *text; text++) {
		if (*text == '\\' && in_string) {
			*to++ = *text++;
		} else if (*text == '"') {
			in_string = !in_string;
		} else if (*text == '\t' && !in_string) {
			bool after_colon = text[-1] == ':';

			*to++ = ' ';
			if (!after_colon)
				*to++ = ' ';
			continue;
		}
		*to++ = *text;
	}
	*to = '\0';
	return wide;
}

KR_FALLIBLE json_print_pretty(const struct cJSON *tree, char **out)
{
	kr_cleanup(str_freep) char *tabbed =
		tree && is_whole(tree) ? cJSON_Print(tree) : NULL;

	return printed(tabbed ? tabs_to_spaces(tabbed) : NULL, out);
}

void json_free(struct cJSON *tree)
{
	cJSON_Delete(tree);
}
