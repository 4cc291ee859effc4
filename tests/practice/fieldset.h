/*
 * Sets of field paths in the form of managedFields[].fieldsV1
 * (structured-merge-diff): a tree of objects whose members are "f:NAME" for a
 * field, k:{...} for an item of an associative list, v:VALUE for an item of a
 * set. A node without members is itself in the set, and so is one that has the
 * member ".".
 */
#ifndef PRACTICE_FIELDSET_H
#define PRACTICE_FIELDSET_H

#include "json.h"
#include "util.h"

enum list_type {
	LIST_ATOMIC,
	LIST_SET,
	LIST_MAP,
};

/* How the list of this field merges; keys[] gets up to two key names. */
enum list_type list_type_of(const char *field, const char *keys[2]);

/* k:{"name":"app"}; the caller frees it. */
char *list_item_key(const cJSON *item, const char *keys[2]);

/* The item of a list that has the same keys as item, or NULL. */
cJSON *list_match(const cJSON *list, const cJSON *item, const char *keys[2]);

/* All fields that a value names; root values give a set. */
cJSON *fields_of(const cJSON *value);

/*
 * What changed between two objects: set or altered, and removed. Both results
 * are the caller's.
 */
void fields_compare(const cJSON *old, const cJSON *now, cJSON **out_changed,
		    cJSON **out_removed);

cJSON *fields_union(const cJSON *a, const cJSON *b);
cJSON *fields_minus(const cJSON *a, const cJSON *b);
cJSON *fields_both(const cJSON *a, const cJSON *b);

/* Takes out what no manager may own (apiVersion, kind, identity, status). */
void fields_strip(cJSON *set, bool keep_status);

/* Live overlaid by an applied configuration. The caller frees it. */
cJSON *fields_merge(const cJSON *live, const cJSON *config);

/*
 * Removes every field of the set from the value, but what somebody owns within
 * one (kept) stays.
 */
void fields_prune(cJSON *value, const cJSON *set, const cJSON *kept);

/* Calls each(".data.KEY") for every member of the set. */
void fields_paths(const cJSON *set, void (*each)(void *ctx, const char *path),
		  void *ctx);

#endif
