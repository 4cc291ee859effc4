#include "objects.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

bool object_name_valid(const struct kind *kind, const char *name,
		       struct reply *reply)
{
	size_t i, len = strlen(name);
	bool ok = len > 0 && len <= 253 && isalnum((unsigned char)name[0]) &&
		  isalnum((unsigned char)name[len - 1]);

	for (i = 0; ok && i < len; i++)
		ok = islower((unsigned char)name[i]) ||
		     isdigit((unsigned char)name[i]) ||
		     strchr("-.", name[i]) != NULL;
	if (ok)
		return true;
	return status_invalid(reply, kind, name, "FieldValueInvalid",
			      "metadata.name",
			      "Invalid value: \"%s\": a lowercase RFC 1123 "
			      "subdomain must consist of lower case "
			      "alphanumeric characters, '-' or '.', and must "
			      "start and end with an alphanumeric character",
			      name);
}

static bool labels_match(const cJSON *selector, const cJSON *template)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, json_get(selector, "matchLabels"))
		if (!json_same(at, json_get(template, "metadata", "labels",
					    at->string)))
			return false;
	return selector != NULL;
}

static bool validate_workload(const struct kind *kind, const char *name,
			      const cJSON *live, const cJSON *object,
			      struct reply *reply)
{
	const cJSON *selector = json_get(object, "spec", "selector");
	const cJSON *template = json_get(object, "spec", "template");
	cJSON *causes = cJSON_CreateArray();

	if (!selector)
		cause_add(causes, "FieldValueRequired", "spec.selector",
			  "Required value");
	if (!labels_match(selector, template))
		cause_add(causes, "FieldValueInvalid",
			  "spec.template.metadata.labels",
			  "Invalid value: `selector` does not match template "
			  "`labels`");
	if (json_empty(json_get(template, "spec", "containers")))
		cause_add(causes, "FieldValueRequired",
			  "spec.template.spec.containers", "Required value");
	if (live && !json_same(selector, json_get(live, "spec", "selector")))
		cause_add(causes, "FieldValueInvalid", "spec.selector",
			  "Invalid value: field is immutable");
	return status_causes(reply, kind->group, kind->name, name, causes);
}

static bool validate_lease(const struct kind *kind, const char *name,
			   const cJSON *object, struct reply *reply)
{
	const cJSON *spec = json_get(object, "spec");
	const cJSON *duration = json_get(spec, "leaseDurationSeconds");

	if (duration && json_number(duration, 0) < 1)
		return status_invalid(reply, kind, name, "FieldValueInvalid",
				      "spec.leaseDurationSeconds",
				      "Invalid value: %ld: must be greater "
				      "than 0",
				      json_number(duration, 0));
	if (json_long(spec, 0, "leaseTransitions") < 0)
		return status_invalid(reply, kind, name, "FieldValueInvalid",
				      "spec.leaseTransitions",
				      "Invalid value: %ld: must be greater "
				      "than or equal to 0",
				      json_long(spec, 0, "leaseTransitions"));
	return true;
}

bool object_validate(const struct kind *kind, const char *name,
		     const cJSON *live, const cJSON *object,
		     struct reply *reply)
{
	if (kind_is(kind, "Secret"))
		return secret_validate(kind, name, live, object, reply);
	if (kind->flags & KIND_WORKLOAD)
		return validate_workload(kind, name, live, object, reply);
	if (kind_is(kind, "Lease"))
		return validate_lease(kind, name, object, reply);
	return true;
}

static const char *const secret_fields[] = { "apiVersion", "kind",
					     "metadata",   "data",
					     "stringData", "type",
					     "immutable",  NULL };
static const char *const metadata_fields[] = { "name",
					       "generateName",
					       "namespace",
					       "uid",
					       "resourceVersion",
					       "generation",
					       "creationTimestamp",
					       "deletionTimestamp",
					       "deletionGracePeriodSeconds",
					       "labels",
					       "annotations",
					       "ownerReferences",
					       "finalizers",
					       "managedFields",
					       "selfLink",
					       NULL };

static const char *unknown_in(const cJSON *object, const char *const *known)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, object) {
		size_t i;

		for (i = 0; known[i] && !str_eq(known[i], at->string); i++)
			;
		if (!known[i])
			return at->string;
	}
	return NULL;
}

char *object_unknown(const struct kind *kind, const cJSON *object)
{
	const char *name;

	if (kind_is(kind, "Secret")) {
		name = unknown_in(object, secret_fields);
		if (name)
			return xasprintf(".%s", name);
	}
	name = unknown_in(json_get(object, "metadata"), metadata_fields);
	return name ? xasprintf(".metadata.%s", name) : NULL;
}

void object_prune(const struct kind *kind, cJSON *object)
{
	const char *name;

	while (kind_is(kind, "Secret") &&
	       (name = unknown_in(object, secret_fields)))
		json_del(object, name);
	while ((name = unknown_in(json_get(object, "metadata"),
				  metadata_fields)))
		json_del(json_get(object, "metadata"), name);
}
