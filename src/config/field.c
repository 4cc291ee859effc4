#include "config/field.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#define MAX_FIELDS 64

void strings_free(char **strings)
{
	for (char **s = strings; s && *s; s++)
		free(*s);
	free(strings);
}

void field_release_string(void *dest)
{
	free(*(char **)dest);
}

void field_release_strings(void *dest)
{
	strings_free(*(char ***)dest);
}

bool field_may_quote(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 30)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalpha((unsigned char)name[i]) && name[i] != '-' &&
		    name[i] != '_')
			return false;
	return true;
}

/*
 * YAML 1.1 takes a bare `on` for a boolean, as a key too; nobody who writes
 * "on: [failed]" means that.
 */
static bool is_named(const struct field *field, const char *name)
{
	return strcmp(field->name, name) == 0 ||
	       (strcmp(field->name, "on") == 0 && strcmp(name, "true") == 0);
}

static const struct field *find_field(const struct field *fields,
				      const char *name)
{
	for (; fields->name; fields++)
		if (is_named(fields, name))
			return fields;
	return NULL;
}

static const char *type_name(const struct cJSON *node)
{
	if (cJSON_IsString(node))
		return "a string";
	if (cJSON_IsNumber(node))
		return "a number";
	if (cJSON_IsBool(node))
		return "true or false";
	if (cJSON_IsArray(node))
		return "a list";
	if (cJSON_IsObject(node))
		return "a mapping";
	return "empty";
}

static struct err *wrong_type(const struct yaml_doc *doc,
			      const struct cJSON *node, const char *wanted)
{
	bool quotable = strcmp(wanted, "a string") == 0 &&
			(cJSON_IsNumber(node) || cJSON_IsBool(node));

	return yaml_err(
		doc, node, "%s%swants %s, and this is %s%s",
		node->string && field_may_quote(node->string) ? node->string
							      : "",
		node->string && field_may_quote(node->string) ? " " : "",
		wanted, type_name(node), quotable ? "; put it in quotes" : "");
}

static struct err *unknown_field(const struct yaml_doc *doc,
				 const struct cJSON *node,
				 const struct field *fields)
{
	const char *names[MAX_FIELDS + 1] = { NULL };
	const char *near;
	struct err *err;
	size_t n = 0;

	if (!field_may_quote(node->string))
		return yaml_err(doc, node, "unknown field");
	for (; fields->name && n < MAX_FIELDS; fields++)
		names[n++] = fields->name;
	err = yaml_err(doc, node, "unknown field \"%s\"", node->string);
	near = text_suggest(node->string, names);
	if (near)
		return err_hint(err, "Did you mean \"%s\"?", near);
	return err;
}

KR_FALLIBLE field_string(const struct yaml_doc *doc, const struct cJSON *node,
			 char **out)
{
	char *copy;

	if (!cJSON_IsString(node))
		return wrong_type(doc, node, "a string");
	if (!*node->valuestring)
		return yaml_err(doc, node, "must not be empty");
	copy = strdup(node->valuestring);
	if (!copy)
		return err_new(KR_ENOMEM, "out of memory for configuration");
	free(*out);
	*out = copy;
	return NULL;
}

KR_FALLIBLE field_strings(const struct yaml_doc *doc, const struct cJSON *node,
			  char ***out)
{
	const struct cJSON *item;
	struct err *err;
	char **list;
	size_t n = 0;

	if (!cJSON_IsArray(node))
		return wrong_type(doc, node, "a list of strings");
	if (json_length(node) == 0)
		return yaml_err(doc, node, "the list must not be empty");
	list = calloc(json_length(node) + 1, sizeof(*list));
	if (!list)
		return err_new(KR_ENOMEM, "out of memory for configuration");
	cJSON_ArrayForEach (item, node) {
		err = field_string(doc, item, &list[n++]);
		if (err) {
			strings_free(list);
			return err;
		}
	}
	strings_free(*out);
	*out = list;
	return NULL;
}

KR_FALLIBLE field_duration(const struct yaml_doc *doc, const struct cJSON *node,
			   int64_t *out)
{
	kr_cleanup(err_freep) struct err *err = NULL;

	if (cJSON_IsString(node))
		err = clock_parse_duration(node->valuestring, false, out);
	if (!cJSON_IsString(node) || err)
		return yaml_err(doc, node,
				"wants a duration with a unit, such as 30s, "
				"15m or 24h");
	return NULL;
}

static KR_FALLIBLE read_choice(const struct yaml_doc *doc,
			       const struct cJSON *node,
			       const struct field *field, int *out)
{
	const char *near;
	struct err *err;

	if (!cJSON_IsString(node))
		return wrong_type(doc, node, "a string");
	for (int i = 0; field->choices[i]; i++) {
		if (strcmp(field->choices[i], node->valuestring) == 0) {
			*out = i;
			return NULL;
		}
	}
	near = text_suggest(node->valuestring, field->choices);
	err = yaml_err(
		doc, node, "%s is one of: %s%s%s%s%s%s", field->name,
		field->choices[0], field->choices[1] ? ", " : "",
		field->choices[1] ? field->choices[1] : "",
		field->choices[1] && field->choices[2] ? ", " : "",
		field->choices[1] && field->choices[2] ? field->choices[2] : "",
		field->choices[1] && field->choices[2] && field->choices[3]
			? ", ..."
			: "");
	return near ? err_hint(err, "Did you mean \"%s\"?", near) : err;
}

static KR_FALLIBLE read_list(const struct yaml_doc *doc,
			     const struct cJSON *node,
			     const struct field *field, void *base)
{
	size_t *count = (size_t *)(void *)((char *)base + field->count_offset);
	char **items = (char **)(void *)((char *)base + field->offset);
	const struct cJSON *item;
	struct err *err;

	if (!cJSON_IsArray(node))
		return wrong_type(doc, node, "a list");
	if (json_length(node) == 0)
		return yaml_err(doc, node, "the list must not be empty");
	*items = calloc(json_length(node), field->item_size);
	if (!*items)
		return err_new(KR_ENOMEM, "out of memory for configuration");
	cJSON_ArrayForEach (item, node) {
		char *at = *items + *count * field->item_size;

		if (field->item_init)
			field->item_init(at);
		(*count)++;
		err = fields_read(doc, item, field->fields, at);
		if (err)
			return err;
	}
	return NULL;
}

static KR_FALLIBLE read_field(const struct yaml_doc *doc,
			      const struct cJSON *node,
			      const struct field *field, void *base)
{
	void *dest = (char *)base + field->offset;

	switch (field->type) {
	case FIELD_STRING:
		return field_string(doc, node, dest);
	case FIELD_STRINGS:
		return field_strings(doc, node, dest);
	case FIELD_BOOL:
		if (!cJSON_IsBool(node))
			return wrong_type(doc, node, "true or false");
		*(bool *)dest = cJSON_IsTrue(node);
		return NULL;
	case FIELD_NUMBER:
		if (!cJSON_IsNumber(node))
			return wrong_type(doc, node, "a number");
		*(double *)dest = node->valuedouble;
		return NULL;
	case FIELD_DURATION:
		return field_duration(doc, node, dest);
	case FIELD_CHOICE:
		return read_choice(doc, node, field, dest);
	case FIELD_MAPPING:
		return fields_read(doc, node, field->fields, dest);
	case FIELD_LIST:
		return read_list(doc, node, field, base);
	case FIELD_CUSTOM:
		return field->read(doc, node, dest);
	}
	return NULL;
}

KR_FALLIBLE fields_read(const struct yaml_doc *doc, const struct cJSON *node,
			const struct field *fields, void *base)
{
	const struct cJSON *child;
	struct err *err;

	if (!cJSON_IsObject(node))
		return wrong_type(doc, node, "a mapping");
	cJSON_ArrayForEach (child, node) {
		const struct field *field = find_field(fields, child->string);

		err = field ? read_field(doc, child, field, base)
			    : unknown_field(doc, child, fields);
		if (err)
			return err;
	}
	for (const struct field *f = fields; f->name; f++)
		if (f->required && !json_member(node, f->name))
			return yaml_err(doc, node, "field \"%s\" is missing",
					f->name);
	return NULL;
}

void fields_release(const struct field *fields, void *base)
{
	for (const struct field *f = fields; f->name; f++) {
		char *dest = (char *)base + f->offset;
		char **items = (char **)(void *)dest;
		size_t n;

		switch (f->type) {
		case FIELD_STRING:
			free(*items);
			break;
		case FIELD_STRINGS:
			strings_free(*(char ***)(void *)dest);
			break;
		case FIELD_MAPPING:
			fields_release(f->fields, dest);
			break;
		case FIELD_LIST:
			n = *(size_t *)(void *)((char *)base + f->count_offset);
			for (size_t i = 0; i < n; i++)
				fields_release(f->fields,
					       *items + i * f->item_size);
			free(*items);
			break;
		case FIELD_CUSTOM:
			if (f->release)
				f->release(dest);
			break;
		case FIELD_BOOL:
		case FIELD_NUMBER:
		case FIELD_DURATION:
		case FIELD_CHOICE:
			break;
		}
	}
}
