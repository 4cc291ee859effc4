#include "managed.h"

#include <stdlib.h>

#include "fieldset.h"
#include "status.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

struct conflict_list {
	cJSON *causes;
	struct buf text;
	char *who;
	int count;
};

static char *manager_text(const cJSON *entry)
{
	struct buf out = { 0 };
	const char *sub = json_text(entry, "subresource");

	buf_printf(&out, "\"%s\"", json_text(entry, "manager"));
	if (sub)
		buf_printf(&out, " with subresource \"%s\"", sub);
	if (str_eq(json_text(entry, "operation"), "Update"))
		buf_printf(&out, " using %s", json_text(entry, "apiVersion"));
	return out.data;
}

static void conflict_add(void *ctx, const char *path)
{
	struct conflict_list *list = ctx;
	cJSON *cause = cJSON_CreateObject();
	char *message = xasprintf("conflict with %s", list->who);

	json_put_text(cause, "reason", "FieldManagerConflict");
	json_put_text(cause, "message", message);
	json_put_text(cause, "field", path);
	cJSON_AddItemToArray(list->causes, cause);
	buf_printf(&list->text, "\n- %s", path);
	list->count++;
	free(message);
}

static void conflict_reply(struct reply *reply, struct conflict_list *list)
{
	cJSON *details = cJSON_CreateObject();
	char *message;

	if (list->count == 1) {
		const cJSON *cause = list->causes->child;

		message = xasprintf("Apply failed with 1 conflict: %s: %s",
				    json_text(cause, "message"),
				    json_text(cause, "field"));
	} else {
		message = xasprintf("Apply failed with %d conflicts: %s",
				    list->count, list->text.data);
	}
	json_put(details, "causes", list->causes);
	status_set(reply, 409, "Conflict", message, details);
	free(message);
}

/*
 * For the manager "kubectl" alone, fields that still are what its annotation
 * says may be taken over without force.
 */
static cJSON *allowed_fields(const cJSON *live, const struct writer *by)
{
	const char *text =
		json_text(live, "metadata", "annotations", LAST_APPLIED);
	cJSON *last, *all, *changed, *removed, *allowed;

	if (!str_eq(by->manager, "kubectl") || !text)
		return cJSON_CreateObject();
	last = cJSON_Parse(text);
	all = fields_of(last);
	fields_compare(live, last, &changed, &removed);
	allowed = fields_minus(all, changed);
	cJSON_Delete(last);
	cJSON_Delete(all);
	cJSON_Delete(changed);
	cJSON_Delete(removed);
	return allowed;
}

bool managed_settle(cJSON *entries, const cJSON *own, const cJSON *live,
		    const cJSON *merged, const struct writer *by,
		    struct reply *reply)
{
	struct conflict_list list = { .causes = cJSON_CreateArray() };
	cJSON *allowed = allowed_fields(live, by);
	cJSON *empty = live ? NULL : cJSON_CreateObject();
	cJSON *changed, *removed, *at;

	fields_compare(live ? live : empty, merged, &changed, &removed);
	cJSON_ArrayForEach (at, entries) {
		cJSON *both, *hard;

		if (at == own || by->force)
			continue;
		both = fields_both(json_get(at, "fieldsV1"), changed);
		hard = fields_minus(both, allowed);
		if (hard->child) {
			list.who = manager_text(at);
			buf_printf(&list.text, "%sconflicts with %s:",
				   list.count ? "\n" : "", list.who);
			fields_paths(hard, conflict_add, &list);
			free(list.who);
		}
		cJSON_Delete(both);
		cJSON_Delete(hard);
	}
	cJSON_ArrayForEach (at, entries)
		if (at != own && !list.count)
			managed_take(at, changed, removed);
	if (list.count)
		conflict_reply(reply, &list);
	else
		cJSON_Delete(list.causes);
	buf_release(&list.text);
	cJSON_Delete(allowed);
	cJSON_Delete(empty);
	cJSON_Delete(changed);
	cJSON_Delete(removed);
	return list.count == 0;
}
