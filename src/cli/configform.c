#include "cli/configform.h"

#include "config/table.h"
#include "config/value.h"

#define NAME	  "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
#define REFERENCE "(env|file|exec):."
#define SHARE	  "^[0-9.]+%$"
#define WORKLOAD  "^[A-Za-z]+/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
#define STORES	  "^(file|pass|gopass|keepassxc|vault|op|bw|exec|none)(:.*)?$"

/* Readers with a grammar of their own. */
static const struct {
	field_read *read;
	struct configform form;
} customs[] = {
	{ value_ref,
	  { .word = "env:NAME, file:PATH or exec:COMMAND",
	    .pattern = "^" REFERENCE } },
	{ value_url,
	  { .word = "a URL, or env:NAME, file:PATH or exec:COMMAND",
	    .pattern = "^(https?://.|" REFERENCE ")" } },
	{ value_window,
	  { .word = "such as Mon-Thu 09:00-16:00 Europe/London",
	    .pattern = "^[A-Z][a-z][a-z].* [0-9]{1,2}:[0-9]{2}-" } },
	{ value_percent, { .word = "a percentage", .pattern = SHARE } },
	{ value_share,
	  { .word = "a number or a percentage",
	    .pattern = SHARE,
	    .or_number = true } },
	{ value_shares,
	  { .word = "a list of numbers or percentages",
	    .pattern = SHARE,
	    .is_list = true,
	    .or_number = true } },
	{ value_format,
	  { .word = "a mapping", .fields = config_format_fields } },
	{ value_store,
	  { .word = "TYPE[:WHERE], or a mapping",
	    .pattern = STORES,
	    .fields = config_store_fields } },
	{ value_consumers,
	  { .word = "auto, or a list of KIND/NAME",
	    .pattern = WORKLOAD,
	    .is_list = true,
	    .or_string = true } },
	{ value_workloads,
	  { .word = "a list of KIND/NAME",
	    .pattern = WORKLOAD,
	    .is_list = true } },
	{ value_operator, { .word = "auto, or a name" } },
	{ value_secret_name, { .word = "a name", .pattern = NAME } },
	{ value_namespace,
	  { .word = "a name", .pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" } },
	{ value_secret_key,
	  { .word = "a name", .pattern = "^[A-Za-z0-9._-]+$" } },
};

struct configform configform_of(const struct field *field)
{
	for (size_t i = 0; i < sizeof(customs) / sizeof(*customs); i++) {
		if (field->type == FIELD_CUSTOM &&
		    customs[i].read == field->read)
			return customs[i].form;
	}
	switch (field->type) {
	case FIELD_STRINGS:
		return (struct configform){ .word = "a list of strings",
					    .is_list = true };
	case FIELD_BOOL:
		return (struct configform){ .word = "true or false" };
	case FIELD_NUMBER:
		return (struct configform){ .word = "a number" };
	case FIELD_DURATION:
		return (struct configform){
			.word = "a duration, such as 30s",
			.pattern = "^([0-9.]+(ns|us|\xc2\xb5s|ms|s|m|h))+$"
		};
	case FIELD_MAPPING:
		return (struct configform){ .word = "a mapping",
					    .fields = field->fields };
	case FIELD_LIST:
		return (struct configform){ .word = "a list",
					    .is_list = true,
					    .fields = field->fields };
	case FIELD_CHOICE: /* its words stand in the field */
	case FIELD_CUSTOM:
	case FIELD_STRING:
		break;
	}
	return (struct configform){ .word = "a string" };
}
