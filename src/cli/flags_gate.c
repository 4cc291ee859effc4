/*
 * Options of validation, promotion and approval.
 */
#include "cli/options.h"

#define AT(field) offsetof(struct cli_options, field)

const struct option cli_validate_flags[] = {
	{ .name = "env",
	  .type = OPTION_STRING,
	  .metavar = "NAME",
	  .help = "the environment of keyrot.yaml, all its targets",
	  .offset = AT(env) },
	{ .name = "no-mark",
	  .type = OPTION_BOOL,
	  .help = "do not mark the key as validated",
	  .offset = AT(no_mark) },
	{ .name = NULL },
};
