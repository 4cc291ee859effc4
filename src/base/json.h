/*
 * Reading and building cJSON trees.
 *
 * The readers take any tree, NULL included, and answer "not there" instead of
 * failing: an API object may lack anything. A path is member names separated
 * by '.', and "[0]"-style indexes are not supported: iterate instead. Names
 * that contain dots (annotations) are reached by json_member().
 */
#ifndef KR_BASE_JSON_H
#define KR_BASE_JSON_H

#include <stddef.h>

#include "base/err.h"

struct cJSON;

/*
 * Parses one JSON document. max nesting is cJSON's (1000). A parse error is
 * KR_EINVALID and says at which byte, never what stands there.
 */
KR_FALLIBLE json_parse(const char *data, size_t len, struct cJSON **out);

/* The member's exact name, no path. NULL where it is not there. */
const struct cJSON *json_member(const struct cJSON *object, const char *name);
struct cJSON *json_member_mut(struct cJSON *object, const char *name);

/* By path. NULL where not there, or (json_str) not a string. */
const struct cJSON *json_at(const struct cJSON *tree, const char *path);
const char *json_str(const struct cJSON *tree, const char *path);
const char *json_str_or(const struct cJSON *tree, const char *path,
			const char *otherwise);
/* The number truncated to a long long; `otherwise` where not a number. */
long long json_int(const struct cJSON *tree, const char *path,
		   long long otherwise);
bool json_bool(const struct cJSON *tree, const char *path, bool otherwise);

/* A string member by exact name. NULL where not there. */
const char *json_member_str(const struct cJSON *object, const char *name);

/* The children of an array or object, one after the other; NULL at the end:
 * for (item = json_first(list); item; item = json_next(item)) */
const struct cJSON *json_first(const struct cJSON *array_or_object);
const struct cJSON *json_next(const struct cJSON *item);
/* The member's name; NULL for an array's item. */
const char *json_name(const struct cJSON *item);
/* The string itself; NULL where the node is NULL or not a string. */
const char *json_text(const struct cJSON *node);
bool json_is_null(const struct cJSON *node);
bool json_is_object(const struct cJSON *node);
bool json_is_array(const struct cJSON *node);

/* 0 for NULL. */
size_t json_length(const struct cJSON *array_or_object);

/*
 * Building. Each adds to `object` (or appends to `array`) and never fails by
 * itself: where memory is out the member is missing, and json_print() of that
 * object, or of what holds it, is KR_ENOMEM. A NULL string adds null.
 */
void json_set_str(struct cJSON *object, const char *name, const char *value);
void json_set_int(struct cJSON *object, const char *name, long long value);
void json_set_bool(struct cJSON *object, const char *name, bool value);
void json_set_null(struct cJSON *object, const char *name);
/* The new child, owned by the tree. */
struct cJSON *json_add_object(struct cJSON *object, const char *name);
struct cJSON *json_add_array(struct cJSON *object, const char *name);
struct cJSON *json_append_object(struct cJSON *array);
void json_append_str(struct cJSON *array, const char *value);
/* Takes child over. */
void json_set(struct cJSON *object, const char *name, struct cJSON *take_child);
void json_append(struct cJSON *array, struct cJSON *take_child);
/* As json_set(), but in the place that a member of the name has already. */
void json_put(struct cJSON *object, const char *name, struct cJSON *take_child);

struct cJSON *json_object(void);
struct cJSON *json_array(void);
struct cJSON *json_copy(const struct cJSON *tree);

/* Compact text, malloc'd, without a newline at the end. */
KR_FALLIBLE json_print(const struct cJSON *tree, char **out);
/* Indented by two spaces, as kubectl prints. */
KR_FALLIBLE json_print_pretty(const struct cJSON *tree, char **out);

void json_free(struct cJSON *tree);
static inline void json_freep(struct cJSON **p)
{
	json_free(*p);
}

#endif
