/*
 * Short access to cJSON trees. All names are compared with their case. Paths
 * are given as arguments and end with NULL (the macros add it).
 */
#ifndef PRACTICE_JSON_H
#define PRACTICE_JSON_H

#include <stdbool.h>

#include <cjson/cJSON.h>

/* The member at a path, or NULL. */
cJSON *json_path(const cJSON *root, ...) __attribute__((sentinel));
#define json_get(root, ...) json_path(root, __VA_ARGS__, NULL)

/* Its text, or NULL when absent or not a string. */
#define json_text(root, ...) json_string(json_path(root, __VA_ARGS__, NULL))
const char *json_string(const cJSON *item);

/* Its number as an integer, or fallback. */
#define json_long(root, fallback, ...)                                         \
	json_number(json_path(root, __VA_ARGS__, NULL), fallback)
long json_number(const cJSON *item, long fallback);

bool json_true(const cJSON *item);

/* The object at a path, made where it is missing. */
cJSON *json_make_path(cJSON *root, ...) __attribute__((sentinel));
#define json_make(root, ...) json_make_path(root, __VA_ARGS__, NULL)

/* Set a member, replacing one of that name. json_put consumes value. */
void json_put(cJSON *object, const char *name, cJSON *value);
void json_put_text(cJSON *object, const char *name, const char *text);
void json_put_long(cJSON *object, const char *name, long value);
void json_put_bool(cJSON *object, const char *name, bool value);
void json_del(cJSON *object, const char *name);

bool json_same(const cJSON *a, const cJSON *b);
cJSON *json_copy(const cJSON *item);
/* A copy whose objects are in the order of their names. */
cJSON *json_sorted(const cJSON *item);

char *json_print(const cJSON *item);

/* True when an object or array has no members, or there is none. */
bool json_empty(const cJSON *item);

/* Parses a whole text: false when anything but white space is left over. */
cJSON *json_parse(const char *text, size_t len);

/* The first name that stands twice in one object, or NULL. */
const char *json_duplicate(const cJSON *item);

#endif
