/*
 * docs/schema/keyrot.schema.json, for editors: the hidden command __schema
 * prints it from the tables that read keyrot.yaml.
 */
#include <string.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/configform.h"
#include "config/table.h"

static void put_fields(struct cJSON *schema, const struct field *fields);

static void put_string(struct cJSON *schema, const struct configform *form)
{
	json_set_str(schema, "type", "string");
	if (form->pattern)
		json_set_str(schema, "pattern", form->pattern);
}

static void put_number(struct cJSON *schema)
{
	json_set_str(schema, "type", "number");
	json_set_int(schema, "minimum", 1);
}

/* One of it, where it may be a list. */
static void put_one(struct cJSON *schema, const struct configform *form)
{
	struct cJSON *ways;

	if (!form->or_number && !(form->fields && form->pattern)) {
		if (form->fields)
			put_fields(schema, form->fields);
		else
			put_string(schema, form);
		return;
	}
	ways = json_add_array(schema, "anyOf");
	put_string(json_append_object(ways), form);
	if (form->or_number)
		put_number(json_append_object(ways));
	else
		put_fields(json_append_object(ways), form->fields);
}

static void put_list(struct cJSON *schema, const struct configform *form)
{
	json_set_str(schema, "type", "array");
	json_set_int(schema, "minItems", 1);
	put_one(json_add_object(schema, "items"), form);
}

static void put_field(struct cJSON *schema, const struct field *field)
{
	struct configform form = configform_of(field);
	struct cJSON *ways;

	if (field->help)
		json_set_str(schema, "description", field->help);
	if (field->type == FIELD_BOOL) {
		json_set_str(schema, "type", "boolean");
	} else if (field->type == FIELD_NUMBER) {
		json_set_str(schema, "type", "number");
	} else if (field->type == FIELD_CHOICE) {
		ways = json_add_array(schema, "enum");
		for (size_t i = 0; field->choices[i]; i++)
			json_append_str(ways, field->choices[i]);
	} else if (form.is_list && form.or_string) {
		ways = json_add_array(schema, "anyOf");
		json_set_str(json_append_object(ways), "const", "auto");
		put_list(json_append_object(ways), &form);
	} else if (form.is_list) {
		put_list(schema, &form);
	} else {
		put_one(schema, &form);
	}
}

static void put_fields(struct cJSON *schema, const struct field *fields)
{
	struct cJSON *properties, *required = NULL;

	json_set_str(schema, "type", "object");
	json_set_bool(schema, "additionalProperties", false);
	properties = json_add_object(schema, "properties");
	for (const struct field *f = fields; f->name; f++) {
		put_field(json_add_object(properties, f->name), f);
		if (!f->required)
			continue;
		if (!required)
			required = json_add_array(schema, "required");
		json_append_str(required, f->name);
	}
}

KR_FALLIBLE cmd_schema(struct cli_context *context, struct result *result)
{
	kr_cleanup(json_freep) struct cJSON *schema = json_object();
	kr_cleanup(str_freep) char *text = NULL;
	struct err *err;

	(void)result;
	json_set_str(schema, "$schema",
		     "https://json-schema.org/draft/2020-12/schema");
	json_set_str(schema, "$id",
		     "https://keyrot.dev/schema/keyrot.schema.json");
	json_set_str(schema, "title", "keyrot.yaml");
	put_fields(schema, config_fields);
	err = json_print_pretty(schema, &text);
	if (!err)
		out_printf(context->out, "%s\n", text);
	return err;
}
