#include "json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

cJSON *json_path(const cJSON *root, ...)
{
	const cJSON *at = root;
	cJSON *next = NULL;
	const char *name;
	va_list ap;

	va_start(ap, root);
	while ((name = va_arg(ap, const char *))) {
		next = at ? cJSON_GetObjectItemCaseSensitive(at, name) : NULL;
		at = next;
	}
	va_end(ap);
	return next;
}

const char *json_string(const cJSON *item)
{
	return cJSON_IsString(item) ? item->valuestring : NULL;
}

long json_number(const cJSON *item, long fallback)
{
	return cJSON_IsNumber(item) ? (long)item->valuedouble : fallback;
}

bool json_true(const cJSON *item)
{
	return cJSON_IsTrue(item);
}

cJSON *json_make_path(cJSON *root, ...)
{
	const char *name;
	va_list ap;

	va_start(ap, root);
	while ((name = va_arg(ap, const char *))) {
		cJSON *next = cJSON_GetObjectItemCaseSensitive(root, name);

		if (!next || cJSON_IsNull(next)) {
			next = cJSON_CreateObject();
			json_put(root, name, next);
		}
		root = next;
	}
	va_end(ap);
	return root;
}

void json_put(cJSON *object, const char *name, cJSON *value)
{
	if (cJSON_GetObjectItemCaseSensitive(object, name))
		cJSON_ReplaceItemInObjectCaseSensitive(object, name, value);
	else
		cJSON_AddItemToObject(object, name, value);
}

void json_put_text(cJSON *object, const char *name, const char *text)
{
	json_put(object, name, cJSON_CreateString(text));
}

void json_put_long(cJSON *object, const char *name, long value)
{
	json_put(object, name, cJSON_CreateNumber((double)value));
}

void json_put_bool(cJSON *object, const char *name, bool value)
{
	json_put(object, name, cJSON_CreateBool(value));
}

void json_del(cJSON *object, const char *name)
{
	if (object)
		cJSON_DeleteItemFromObjectCaseSensitive(object, name);
}

static bool same_members(const cJSON *a, const cJSON *b)
{
	const cJSON *at, *other = b->child;

	if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b))
		return false;
	for (at = a->child; at; at = at->next, other = other->next) {
		/* Mostly the order is the same too. */
		const cJSON *match = other;

		if (cJSON_IsObject(a) && !str_eq(at->string, other->string))
			match = json_get(b, at->string);
		if (!match || !json_same(at, match))
			return false;
	}
	return true;
}

/* cJSON_Compare() takes time exponential in the depth. */
bool json_same(const cJSON *a, const cJSON *b)
{
	if (!a || !b)
		return a == b;
	if ((a->type & 0xff) != (b->type & 0xff))
		return false;
	if (cJSON_IsObject(a) || cJSON_IsArray(a))
		return same_members(a, b);
	if (cJSON_IsString(a))
		return strcmp(a->valuestring, b->valuestring) == 0;
	return !cJSON_IsNumber(a) ||
	       memcmp(&a->valuedouble, &b->valuedouble, sizeof(double)) == 0;
}

cJSON *json_copy(const cJSON *item)
{
	return item ? cJSON_Duplicate(item, true) : NULL;
}

cJSON *json_sorted(const cJSON *item)
{
	cJSON *out, *at, *first;
	cJSON *left = json_copy(item);

	if (!cJSON_IsObject(item) && !cJSON_IsArray(item))
		return left;
	out = cJSON_IsObject(item) ? cJSON_CreateObject() : cJSON_CreateArray();
	while (left->child) {
		first = left->child;
		cJSON_ArrayForEach (at, left)
			if (at->string && strcmp(at->string, first->string) < 0)
				first = at;
		cJSON_DetachItemViaPointer(left, first);
		if (first->string)
			cJSON_AddItemToObject(out, first->string,
					      json_sorted(first));
		else
			cJSON_AddItemToArray(out, json_sorted(first));
		cJSON_Delete(first);
	}
	cJSON_Delete(left);
	return out;
}

char *json_print(const cJSON *item)
{
	char *text = cJSON_PrintUnformatted(item);

	if (!text)
		die("out of memory");
	return text;
}

bool json_empty(const cJSON *item)
{
	return !item || !item->child;
}

cJSON *json_parse(const char *text, size_t len)
{
	const char *end = NULL;
	cJSON *root;

	if (memchr(text, '\0', len))
		return NULL;
	root = cJSON_ParseWithLengthOpts(text, len + 1, &end, false);
	if (!root)
		return NULL;
	while (end < text + len && strchr(" \t\r\n", *end))
		end++;
	if (end < text + len) {
		cJSON_Delete(root);
		return NULL;
	}
	return root;
}

const char *json_duplicate(const cJSON *item)
{
	const cJSON *a, *b;

	for (a = item ? item->child : NULL; a; a = a->next) {
		const char *hit;

		for (b = a->next; b && a->string; b = b->next)
			if (str_eq(a->string, b->string))
				return a->string;
		hit = json_duplicate(a);
		if (hit)
			return hit;
	}
	return NULL;
}
