#include "api.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *core;
	const char *now;
} names[] = {
	{"involvedObject", "regarding"},
	{"message", "note"},
	{"reportingComponent", "reportingController"},
	{"source", "deprecatedSource"},
	{"firstTimestamp", "deprecatedFirstTimestamp"},
	{"lastTimestamp", "deprecatedLastTimestamp"},
	{"count", "deprecatedCount"},
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

static bool required(const struct target *to, const cJSON *event,
		     const char *stored, const char *field, size_t max,
		     struct reply *reply)
{
	const char *name = json_text(event, "metadata", "name");
	const char *text = json_text(event, stored);

	if (!text || !*text)
		return status_invalid(reply, to->kind, name,
				      "FieldValueRequired", field,
				      "Required value");
	if (strlen(text) > max)
		return status_invalid(reply, to->kind, name,
				      "FieldValueInvalid", field,
				      "Invalid value: can have at most %zu "
				      "characters",
				      max);
	return true;
}

bool event_validate(const struct target *to, const cJSON *event,
		    struct reply *reply)
{
	const char *name = json_text(event, "metadata", "name");
	const char *type = json_text(event, "type");
	const char *message = json_text(event, "message");
	const char *about = json_text(event, "involvedObject", "namespace");

	if (about && *about && strcmp(about, to->ns) != 0)
		return status_invalid(reply, to->kind, name,
				      "FieldValueInvalid",
				      "involvedObject.namespace",
				      "Invalid value: \"%s\": does not match "
				      "event.namespace",
				      about);
	if (!(to->kind->flags & KIND_ALIAS))
		return true;
	if (!required(to, event, "eventTime", "eventTime", 64, reply) ||
	    !required(to, event, "reportingComponent", "reportingController",
		      317, reply) ||
	    !required(to, event, "reportingInstance", "reportingInstance", 128,
		      reply) ||
	    !required(to, event, "action", "action", 128, reply) ||
	    !required(to, event, "reason", "reason", 128, reply))
		return false;
	if (!strchr(json_text(event, "reportingComponent"), '.'))
		return status_invalid(reply, to->kind, name,
				      "FieldValueInvalid",
				      "reportingController",
				      "Invalid value: must be a qualified "
				      "name");
	if (message && strlen(message) > 1024)
		return status_invalid(reply, to->kind, name,
				      "FieldValueInvalid", "note",
				      "Invalid value: can have at most 1024 "
				      "characters");
	if (!str_eq(type, "Normal") && !str_eq(type, "Warning"))
		return status_invalid(reply, to->kind, name,
				      "FieldValueInvalid", "type",
				      "Invalid value: \"%s\": has invalid "
				      "value",
				      type ? type : "");
	if (json_get(event, "firstTimestamp") || json_get(event, "count"))
		return status_invalid(reply, to->kind, name,
				      "FieldValueInvalid",
				      "deprecatedFirstTimestamp",
				      "Invalid value: needs to be unset");
	return true;
}
