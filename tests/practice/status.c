#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *status_text(int code, const char *reason, const char *message,
		  cJSON *take_details)
{
	cJSON *status = cJSON_CreateObject();
	char *text;

	json_put_text(status, "kind", "Status");
	json_put_text(status, "apiVersion", "v1");
	json_put(status, "metadata", cJSON_CreateObject());
	json_put_text(status, "status", code < 300 ? "Success" : "Failure");
	if (message)
		json_put_text(status, "message", message);
	if (reason)
		json_put_text(status, "reason", reason);
	if (take_details)
		json_put(status, "details", take_details);
	if (code >= 300)
		json_put_long(status, "code", code);
	text = json_print(status);
	cJSON_Delete(status);
	return text;
}

void status_set(struct reply *reply, int code, const char *reason,
		const char *message, cJSON *take_details)
{
	char *text = status_text(code, reason, message, take_details);

	buf_release(&reply->body);
	reply->status = code;
	reply->content_type = "application/json";
	buf_str(&reply->body, text);
	buf_str(&reply->body, "\n");
	free(text);
}

__attribute__((format(printf, 1, 0))) static char *
format_text(const char *format, va_list ap)
{
	char *text;

	if (vasprintf(&text, format, ap) < 0)
		die("out of memory");
	return text;
}

bool status_plain(struct reply *reply, int code, const char *reason,
		  const char *format, ...)
{
	va_list ap;
	char *message;

	va_start(ap, format);
	message = format_text(format, ap);
	va_end(ap);
	status_set(reply, code, reason, message, NULL);
	free(message);
	return false;
}

static cJSON *details_new(const struct kind *kind, const char *name,
			  const char *kind_text)
{
	cJSON *details = cJSON_CreateObject();

	if (name && *name)
		json_put_text(details, "name", name);
	if (kind && *kind->group)
		json_put_text(details, "group", kind->group);
	if (kind_text)
		json_put_text(details, "kind", kind_text);
	return details;
}

bool status_object(struct reply *reply, int code, const char *reason,
		   const struct kind *kind, const char *name,
		   const char *format, ...)
{
	va_list ap;
	char *message;

	va_start(ap, format);
	message = format_text(format, ap);
	va_end(ap);
	status_set(reply, code, reason, message,
		   details_new(kind, name, kind->resource));
	free(message);
	return false;
}

bool status_not_found(struct reply *reply, const struct kind *kind,
		      const char *name)
{
	char resource[128];

	kind_qualified(kind, resource, sizeof(resource));
	return status_object(reply, 404, "NotFound", kind, name,
			     "%s \"%s\" not found", resource, name);
}

bool status_exists(struct reply *reply, const struct kind *kind,
		   const char *name)
{
	char resource[128];

	kind_qualified(kind, resource, sizeof(resource));
	return status_object(reply, 409, "AlreadyExists", kind, name,
			     "%s \"%s\" already exists", resource, name);
}

bool status_stale(struct reply *reply, const struct kind *kind,
		  const char *name)
{
	char resource[128];

	kind_qualified(kind, resource, sizeof(resource));
	return status_object(reply, 409, "Conflict", kind, name,
			     "Operation cannot be fulfilled on %s \"%s\": the "
			     "object has been modified; please apply your "
			     "changes to the latest version and try again",
			     resource, name);
}

bool status_bad_request(struct reply *reply, const char *format, ...)
{
	va_list ap;
	char *message;

	va_start(ap, format);
	message = format_text(format, ap);
	va_end(ap);
	status_set(reply, 400, "BadRequest", message, NULL);
	free(message);
	return false;
}
