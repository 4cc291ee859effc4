#include "objects.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

enum { SECRET_MAX_BYTES = 1048576 };

static bool refuse_base64(const cJSON *object, enum body_source source,
			  const char *raw, size_t at, struct reply *reply)
{
	cJSON *causes;
	char *text;

	if (source == BODY_APPLY)
		return status_plain(reply, 500, NULL,
				    "illegal base64 data at input byte %zu",
				    at);
	if (source == BODY_FULL)
		return status_bad_request(reply,
					  "Secret in version \"v1\" cannot be "
					  "handled as a Secret: illegal base64 "
					  "data at input byte %zu",
					  at);
	/* The real server quotes the whole object here, or the patch. */
	causes = cJSON_CreateArray();
	text = source == BODY_MERGE ? json_print(object) : xstrdup(raw);
	cause_add(causes, "FieldValueInvalid", "patch",
		  "Invalid value: \"%s\": illegal base64 data at input byte "
		  "%zu",
		  text, at);
	free(text);
	return status_causes(reply, "", "", "", causes);
}

static bool decode_secret(cJSON *object, enum body_source source,
			  const char *raw, struct reply *reply)
{
	cJSON *data = json_get(object, "data");
	cJSON *plain = json_get(object, "stringData");
	cJSON *at;

	cJSON_ArrayForEach (at, data) {
		size_t len, bad;
		char *bytes;

		if (cJSON_IsNull(at)) {
			json_put_text(data, at->string, "");
			return decode_secret(object, source, raw, reply);
		}
		bytes = at->valuestring
				? base64_decode(at->valuestring, &len, &bad)
				: NULL;
		if (!bytes)
			return refuse_base64(object, source, raw,
					     at->valuestring ? bad : 0, reply);
		free(bytes);
	}
	cJSON_ArrayForEach (at, plain) {
		const char *text = json_string(at);
		char *encoded = base64_encode(text ? text : "",
					      text ? strlen(text) : 0);

		json_put_text(json_make(object, "data"), at->string, encoded);
		free(encoded);
	}
	json_del(object, "stringData");
	if (data && json_empty(json_get(object, "data")))
		json_del(object, "data");
	return true;
}

static bool micro_time(const char *text)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddddd";
	size_t i;

	for (i = 0; shape[i]; i++) {
		if (shape[i] == 'd' ? !isdigit((unsigned char)text[i])
				    : text[i] != shape[i])
			return false;
	}
	return str_eq(text + i, "Z") || text[i] == '+' || text[i] == '-';
}

static bool decode_times(const struct kind *kind, const cJSON *parent,
			 const char *const *names, struct reply *reply)
{
	for (; *names; names++) {
		const char *text = json_text(parent, *names);

		if (text && !micro_time(text))
			return status_bad_request(
				reply,
				"%s in version \"%s\" cannot be handled as a "
				"%s: parsing time \"%s\" as "
				"\"2006-01-02T15:04:05.000000Z07:00\": cannot "
				"parse \"%s\" as \".000000\"",
				kind->name, kind->version, kind->name, text,
				text);
	}
	return true;
}

static void drop_empty(cJSON *object, const char *name)
{
	const cJSON *member = json_get(object, name);

	if (member && json_empty(member))
		json_del(object, name);
}

bool object_decode(const struct kind *kind, cJSON *object,
		   enum body_source source, const char *raw,
		   struct reply *reply)
{
	static const char *const lease[] = { "acquireTime", "renewTime", NULL };
	static const char *const event[] = { "eventTime", NULL };
	cJSON *metadata = json_get(object, "metadata");

	if (kind_is(kind, "Secret") &&
	    !decode_secret(object, source, raw, reply))
		return false;
	if (kind_is(kind, "Lease") &&
	    !decode_times(kind, json_get(object, "spec"), lease, reply))
		return false;
	if (kind_is(kind, "Event") && !decode_times(kind, object, event, reply))
		return false;
	drop_empty(metadata, "annotations");
	drop_empty(metadata, "labels");
	drop_empty(metadata, "finalizers");
	drop_empty(metadata, "ownerReferences");
	if (cJSON_IsNull(json_get(metadata, "creationTimestamp")))
		json_del(metadata, "creationTimestamp");
	return true;
}

static bool key_valid(const char *key)
{
	size_t len = strlen(key);

	return len > 0 && len <= 253 && !str_eq(key, ".") &&
	       !str_starts(key, "..") &&
	       strspn(key, "-._abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

static bool validate_data(const struct kind *kind, const char *name,
			  const cJSON *data, struct reply *reply)
{
	const cJSON *at;
	cJSON *causes = cJSON_CreateArray();
	size_t total = 0;

	cJSON_ArrayForEach (at, data) {
		size_t len = strlen(at->valuestring);
		const char *pad = strchr(at->valuestring, '=');

		if (!key_valid(at->string)) {
			char *field = xasprintf("data[%s]", at->string);

			cause_add(causes, "FieldValueInvalid", field,
				  "Invalid value: \"%s\": a valid config key "
				  "must consist of alphanumeric characters, "
				  "'-', '_' or '.'",
				  at->string);
			free(field);
		}
		total += len / 4 * 3;
		if (pad)
			total -= strlen(pad);
	}
	if (total > SECRET_MAX_BYTES)
		cause_add(causes, "FieldValueTooLong", "data",
			  "Too long: may not be more than %d bytes",
			  SECRET_MAX_BYTES);
	return status_causes(reply, "", kind->name, name, causes);
}

static bool validate_type(const struct kind *kind, const char *name,
			  const cJSON *object, struct reply *reply)
{
	static const struct {
		const char *type;
		const char *key;
	} needs[] = {
		{ "kubernetes.io/tls", "tls.crt" },
		{ "kubernetes.io/tls", "tls.key" },
		{ "kubernetes.io/dockerconfigjson", ".dockerconfigjson" },
		{ "kubernetes.io/ssh-auth", "ssh-privatekey" },
	};
	const char *type = json_text(object, "type");
	cJSON *causes = cJSON_CreateArray();
	size_t i;

	for (i = 0; i < ARRAY_LEN(needs); i++) {
		char *field;

		if (!str_eq(type, needs[i].type) ||
		    json_get(object, "data", needs[i].key))
			continue;
		field = xasprintf("data[%s]", needs[i].key);
		cause_add(causes, "FieldValueRequired", field,
			  "Required value");
		free(field);
	}
	return status_causes(reply, "", kind->name, name, causes);
}

bool secret_validate(const struct kind *kind, const char *name,
		     const cJSON *live, const cJSON *object,
		     struct reply *reply)
{
	const char *type = json_text(object, "type");

	if (live && !str_eq(type, json_text(live, "type")))
		return status_invalid(reply, kind, name, "FieldValueInvalid",
				      "type",
				      "Invalid value: \"%s\": field is "
				      "immutable",
				      type);
	if (live && json_true(json_get(live, "immutable"))) {
		if (!json_true(json_get(object, "immutable")))
			return status_invalid(reply, kind, name,
					      "FieldValueForbidden",
					      "immutable",
					      "Forbidden: field is immutable "
					      "when `immutable` is set");
		if (!json_same(json_get(live, "data"),
			       json_get(object, "data")))
			return status_invalid(
				reply, kind, name, "FieldValueForbidden",
				"data",
				"Forbidden: field is immutable when "
				"`immutable` is set");
	}
	return validate_data(kind, name, json_get(object, "data"), reply) &&
	       validate_type(kind, name, object, reply);
}
