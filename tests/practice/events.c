#include "api.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *core;
	const char *now;
} names[] = {
	{ "involvedObject", "regarding" },
	{ "message", "note" },
	{ "reportingComponent", "reportingController" },
	{ "source", "deprecatedSource" },
	{ "firstTimestamp", "deprecatedFirstTimestamp" },
	{ "lastTimestamp", "deprecatedLastTimestamp" },
	{ "count", "deprecatedCount" },
};

static void rename_member(cJSON *object, const char *from, const char *to)
{
	cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(object, from);

	if (item)
		json_put(object, to, item);
}

void event_to_core(cJSON *event)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		rename_member(event, names[i].now, names[i].core);
}

void event_from_core(cJSON *event)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		rename_member(event, names[i].core, names[i].now);
}

static void required(const cJSON *event, const char *stored, const char *field,
		     size_t max, cJSON *causes)
{
	const char *text = json_text(event, stored);

	if (!text || !*text)
		cause_add(causes, "FieldValueRequired", field,
			  "Required value");
	else if (strlen(text) > max)
		cause_add(causes, "FieldValueInvalid", field,
			  "Invalid value: can have at most %zu characters",
			  max);
}

static void check_controller(const cJSON *event, cJSON *causes)
{
	const char *name = json_text(event, "reportingComponent");
	const char *field = "reportingController";
	int i;

	required(event, "reportingComponent", field, 317, causes);
	if (name && strpbrk(name, " \t"))
		cause_add(causes, "FieldValueInvalid", field,
			  "Invalid value: \"%s\": must be a qualified name",
			  name);
	/* An empty name breaks two rules of qualified names. */
	for (i = 0; i < 2 && (!name || !*name); i++)
		cause_add(causes, "FieldValueInvalid", field,
			  "Invalid value: \"\": name part must be non-empty");
}

/* The rules of events.k8s.io/v1; core/v1 has none of them. */
static void check_new(const cJSON *event, cJSON *causes)
{
	const char *type = json_text(event, "type");
	const char *message = json_text(event, "message");

	required(event, "eventTime", "eventTime", 64, causes);
	check_controller(event, causes);
	required(event, "reportingInstance", "reportingInstance", 128, causes);
	required(event, "action", "action", 128, causes);
	required(event, "reason", "reason", 128, causes);
	if (message && strlen(message) > 1024)
		cause_add(causes, "FieldValueInvalid", "message",
			  "Invalid value: can have at most 1024 characters");
	if (!str_eq(type, "Normal") && !str_eq(type, "Warning"))
		cause_add(causes, "FieldValueInvalid", "type",
			  "Invalid value: \"%s\": has invalid value",
			  type ? type : "");
	if (json_text(event, "firstTimestamp"))
		cause_add(causes, "FieldValueInvalid", "firstTimestamp",
			  "Invalid value: needs to be unset");
	if (json_get(event, "count"))
		cause_add(causes, "FieldValueInvalid", "count",
			  "Invalid value: needs to be unset");
}

bool event_validate(const struct target *to, const cJSON *event,
		    struct reply *reply)
{
	const char *name = json_text(event, "metadata", "name");
	const char *about = json_text(event, "involvedObject", "namespace");
	bool fits = about ? str_eq(about, to->ns) : str_eq(to->ns, "default");
	cJSON *causes = cJSON_CreateArray();

	if (!fits)
		cause_add(causes, "FieldValueInvalid",
			  "involvedObject.namespace",
			  "Invalid value: \"%s\": does not match "
			  "event.namespace",
			  about ? about : "");
	else if (to->kind->flags & KIND_ALIAS)
		check_new(event, causes);
	return status_causes(reply, "", "Event", name, causes);
}
