#include "managed.h"

#include <stdlib.h>
#include <string.h>

#include "fieldset.h"
#include "status.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/* What a new object holds before anyone wrote a field: the fixed parts. */
static cJSON *zero_object(const struct kind *kind)
{
	static const struct {
		const char *kind;
		const char *text;
	} zeros[] = {
		{ "Pod", "{\"metadata\":{},\"spec\":{\"containers\":[]},"
			 "\"status\":{}}" },
		{ "CronJob", "{\"metadata\":{},\"spec\":{\"jobTemplate\":{"
			     "\"metadata\":{},\"spec\":{\"template\":{"
			     "\"metadata\":{},\"spec\":{\"containers\":[]}}}}}"
			     ",\"status\":{}}" },
		{ "Event", "{\"metadata\":{},\"source\":{},"
			   "\"deprecatedSource\":{},\"reportingComponent\":"
			   "\"\",\"reportingInstance\":\"\"}" },
		{ "Namespace", "{\"metadata\":{},\"spec\":{\"finalizers\":["
			       "\"kubernetes\"]},\"status\":{\"phase\":"
			       "\"Active\"}}" },
		{ "StatefulSet", "{\"metadata\":{},\"spec\":{"
				 "\"updateStrategy\":{},\"template\":{"
				 "\"metadata\":{},\"spec\":{\"containers\":[]}"
				 "}},\"status\":{}}" },
	};
	const char *text = "{\"metadata\":{},\"spec\":{\"strategy\":{},"
			   "\"updateStrategy\":{},\"template\":{"
			   "\"metadata\":{},\"spec\":{\"containers\":[]}}},"
			   "\"status\":{}}";
	size_t i;

	for (i = 0; i < ARRAY_LEN(zeros); i++)
		if (kind_is(kind, zeros[i].kind))
			text = zeros[i].text;
	return cJSON_Parse(text);
}

static cJSON *entry_new(const struct writer *by, const char *operation,
			cJSON *take_set)
{
	cJSON *entry = cJSON_CreateObject();
	char now[TIME_LEN];

	time_seconds(now);
	json_put_text(entry, "manager", by->manager);
	json_put_text(entry, "operation", operation);
	json_put_text(entry, "apiVersion", kind_api_version(by->kind));
	json_put_text(entry, "time", now);
	json_put_text(entry, "fieldsType", "FieldsV1");
	json_put(entry, "fieldsV1", take_set);
	if (*by->subresource)
		json_put_text(entry, "subresource", by->subresource);
	return entry;
}

static cJSON *entry_find(const cJSON *entries, const struct writer *by,
			 const char *operation)
{
	cJSON *at;

	cJSON_ArrayForEach (at, entries) {
		const char *sub = json_text(at, "subresource");

		if (str_eq(json_text(at, "manager"), by->manager) &&
		    str_eq(json_text(at, "operation"), operation) &&
		    str_eq(sub ? sub : "", by->subresource))
			return at;
	}
	return NULL;
}

static void entry_set(cJSON *entry, cJSON *take_set)
{
	json_put(entry, "fieldsV1", take_set);
}

static int entry_order(const cJSON *a, const cJSON *b)
{
	static const char *const by[] = { "operation", "time", "manager" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(by); i++) {
		const char *x = json_text(a, by[i]), *y = json_text(b, by[i]);
		int order = strcmp(x ? x : "", y ? y : "");

		if (order)
			return order;
	}
	return 0;
}

/* Puts the entries into the object: empty ones dropped, in order. */
static void entries_store(cJSON *object, cJSON *take_entries)
{
	cJSON *sorted = cJSON_CreateArray();

	while (take_entries->child) {
		cJSON *at, *first = take_entries->child;

		cJSON_ArrayForEach (at, take_entries)
			if (entry_order(at, first) < 0)
				first = at;
		cJSON_DetachItemViaPointer(take_entries, first);
		if (json_empty(json_get(first, "fieldsV1")))
			cJSON_Delete(first);
		else
			cJSON_AddItemToArray(sorted, first);
	}
	cJSON_Delete(take_entries);
	json_del(json_get(object, "metadata"), "managedFields");
	if (sorted->child)
		json_put(json_make(object, "metadata"), "managedFields",
			 sorted);
	else
		cJSON_Delete(sorted);
}

/* The entries that a write starts from: the request may set or reset them. */
static cJSON *entries_of(const cJSON *live, const cJSON *now)
{
	const cJSON *sent = json_get(now, "metadata", "managedFields");
	const cJSON *have = json_get(live, "metadata", "managedFields");

	if (cJSON_GetArraySize(sent) == 1 && !sent->child->child)
		return cJSON_CreateArray();
	if (!json_empty(sent))
		return json_copy(sent);
	return have ? json_copy(have) : cJSON_CreateArray();
}

void managed_take(cJSON *entry, const cJSON *changed, const cJSON *removed)
{
	cJSON *some = fields_minus(json_get(entry, "fieldsV1"), changed);

	entry_set(entry, fields_minus(some, removed));
	cJSON_Delete(some);
}

void managed_update(const cJSON *live, cJSON *now, const struct writer *by)
{
	cJSON *entries = entries_of(live, now);
	cJSON *zero = live ? NULL : zero_object(by->kind);
	cJSON *changed, *removed, *entry;
	bool status = str_eq(by->subresource, "status");
	char time[TIME_LEN];

	fields_compare(live ? live : zero, now, &changed, &removed);
	fields_strip(changed, status);
	fields_strip(removed, status);
	cJSON_ArrayForEach (entry, entries)
		managed_take(entry, changed, removed);
	entry = entry_find(entries, by, "Update");
	if (changed->child && entry) {
		time_seconds(time);
		entry_set(entry,
			  fields_union(json_get(entry, "fieldsV1"), changed));
		json_put_text(entry, "time", time);
	} else if (changed->child) {
		cJSON_AddItemToArray(entries, entry_new(by, "Update", changed));
		changed = NULL;
	}
	entries_store(now, entries);
	cJSON_Delete(changed);
	cJSON_Delete(removed);
	cJSON_Delete(zero);
}

/* Everything that anybody owns, this manager by its new set. */
static cJSON *owned_fields(const cJSON *entries, const cJSON *own,
			   const cJSON *set)
{
	cJSON *all = json_copy(set);
	const cJSON *at;

	cJSON_ArrayForEach (at, entries) {
		cJSON *more;

		if (at == own)
			continue;
		more = fields_union(all, json_get(at, "fieldsV1"));
		cJSON_Delete(all);
		all = more;
	}
	return all;
}

/* Objects without managedFields belong to "before-first-apply". */
static cJSON *apply_entries(const cJSON *live, const struct kind *kind)
{
	const struct writer before = { .kind = kind,
				       .manager = "before-first-apply",
				       .subresource = "" };
	const cJSON *have = json_get(live, "metadata", "managedFields");
	cJSON *entries, *zero, *changed, *removed;

	if (!json_empty(have))
		return json_copy(have);
	entries = cJSON_CreateArray();
	if (!live)
		return entries;
	zero = zero_object(kind);
	fields_compare(zero, live, &changed, &removed);
	fields_strip(changed, true);
	cJSON_AddItemToArray(entries, entry_new(&before, "Update", changed));
	cJSON_Delete(zero);
	cJSON_Delete(removed);
	return entries;
}

static void refresh_last_applied(const cJSON *live, cJSON *merged,
				 const cJSON *config, const struct writer *by)
{
	cJSON *annotations = json_get(merged, "metadata", "annotations");
	cJSON *sorted;
	char *text, *line;

	if (!str_eq(by->manager, "kubectl") ||
	    !json_text(live, "metadata", "annotations", LAST_APPLIED))
		return;
	sorted = json_sorted(config);
	text = json_print(sorted);
	line = xasprintf("%s\n", text);
	json_put_text(annotations, LAST_APPLIED, line);
	free(line);
	free(text);
	cJSON_Delete(sorted);
}

/*
 * The applier's entry gets the new set. Its time is that of the last apply
 * that changed the object: none at all if the first one changed nothing.
 */
static void renew(cJSON *entries, cJSON *own, const struct writer *by,
		  cJSON *take_set, bool unchanged)
{
	cJSON *entry = entry_new(by, "Apply", take_set);
	const cJSON *time = json_get(own, "time");

	if (unchanged && time)
		json_put(entry, "time", json_copy(time));
	else if (unchanged)
		json_del(entry, "time");
	if (own)
		cJSON_Delete(cJSON_DetachItemViaPointer(entries, own));
	cJSON_AddItemToArray(entries, entry);
}

cJSON *managed_apply(const cJSON *live, const cJSON *config,
		     const struct writer *by, struct reply *reply)
{
	cJSON *entries = apply_entries(live, by->kind);
	cJSON *own = entry_find(entries, by, "Apply");
	cJSON *set = fields_of(config);
	cJSON *kept, *left, *merged;

	fields_strip(set, str_eq(by->subresource, "status"));
	merged = live ? fields_merge(live, config) : json_copy(config);
	json_del(merged, "apiVersion");
	json_del(merged, "kind");
	/* What it applied before, applies no more, and nobody else owns. */
	kept = owned_fields(entries, own, set);
	left = fields_minus(json_get(own, "fieldsV1"), kept);
	fields_prune(merged, left, kept);
	cJSON_Delete(left);
	cJSON_Delete(kept);
	if (!managed_settle(entries, own, live, merged, by, reply)) {
		cJSON_Delete(entries);
		cJSON_Delete(set);
		cJSON_Delete(merged);
		return NULL;
	}
	renew(entries, own, by, set, live && json_same(live, merged));
	refresh_last_applied(live, merged, config, by);
	entries_store(merged, entries);
	return merged;
}

bool managed_same(const cJSON *a, const cJSON *b)
{
	cJSON *copies[2] = { json_copy(a), json_copy(b) };
	bool same;
	int i;

	for (i = 0; i < 2; i++) {
		cJSON *metadata = json_get(copies[i], "metadata");
		cJSON *at;

		json_del(metadata, "resourceVersion");
		cJSON_ArrayForEach (at, json_get(metadata, "managedFields"))
			json_del(at, "time");
	}
	same = json_same(copies[0], copies[1]);
	cJSON_Delete(copies[0]);
	cJSON_Delete(copies[1]);
	return same;
}
