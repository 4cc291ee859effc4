#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void cause_add(cJSON *causes, const char *type, const char *field,
	       const char *format, ...)
{
	cJSON *cause = cJSON_CreateObject();
	va_list ap;
	char *detail;

	va_start(ap, format);
	if (vasprintf(&detail, format, ap) < 0)
		die("out of memory");
	va_end(ap);
	json_put_text(cause, "reason", type);
	json_put_text(cause, "message", detail);
	json_put_text(cause, "field", field);
	cJSON_AddItemToArray(causes, cause);
	free(detail);
}

bool status_causes(struct reply *reply, const char *group, const char *kind,
		   const char *name, cJSON *take_causes)
{
	bool many = cJSON_GetArraySize(take_causes) > 1;
	cJSON *details;
	const cJSON *at;
	struct buf text = { 0 };

	if (json_empty(take_causes)) {
		cJSON_Delete(take_causes);
		return true;
	}
	buf_printf(&text, "%s%s%s \"%s\" is invalid: %s", kind,
		   *group ? "." : "", group, name, many ? "[" : "");
	cJSON_ArrayForEach (at, take_causes)
		buf_printf(&text, "%s%s: %s", at->prev->next ? ", " : "",
			   json_text(at, "field"), json_text(at, "message"));
	buf_str(&text, many ? "]" : "");
	details = cJSON_CreateObject();
	if (*name)
		json_put_text(details, "name", name);
	if (*group)
		json_put_text(details, "group", group);
	if (*kind)
		json_put_text(details, "kind", kind);
	json_put(details, "causes", take_causes);
	status_set(reply, 422, "Invalid", text.data, details);
	buf_release(&text);
	return false;
}

bool status_invalid(struct reply *reply, const struct kind *kind,
		    const char *name, const char *type, const char *field,
		    const char *format, ...)
{
	cJSON *causes = cJSON_CreateArray();
	va_list ap;
	char *detail;

	va_start(ap, format);
	if (vasprintf(&detail, format, ap) < 0)
		die("out of memory");
	va_end(ap);
	cause_add(causes, type, field, "%s", detail);
	free(detail);
	return status_causes(reply, kind->group, kind->name, name ? name : "",
			     causes);
}

bool status_bare(struct reply *reply, int code, const char *reason,
		 const char *message)
{
	status_set(reply, code, reason, message, cJSON_CreateObject());
	return false;
}
