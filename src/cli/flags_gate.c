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
	  .offset = AT(env),
	  .completion = COMPLETE_ENVIRONMENT },
	{ .name = "no-mark",
	  .type = OPTION_BOOL,
	  .help = "do not mark the key as validated",
	  .offset = AT(no_mark) },
	{ .name = NULL },
};

const struct option cli_retire_flags[] = {
	{ .name = "take-ownership",
	  .type = OPTION_LIST,
	  .metavar = "MANAGER",
	  .help = "take over from this manager (repeatable)",
	  .offset = AT(take_ownership),
	  .completion = COMPLETE_MANAGER },
	{ .name = "allow-older-pods",
	  .type = OPTION_BOOL,
	  .help = "retire though pods may need the previous key",
	  .offset = AT(allow_older_pods) },
	{ .name = "allow-not-reencrypted",
	  .type = OPTION_BOOL,
	  .help = "... though nothing says that data were encrypted anew",
	  .offset = AT(allow_not_reencrypted) },
	{ .name = "allow-needed-previous",
	  .type = OPTION_BOOL,
	  .help = "... without asking the probe",
	  .offset = AT(allow_needed_previous) },
	{ .name = NULL },
};

const struct option cli_promote_flags[] = {
	{ .name = "to",
	  .type = OPTION_STRING,
	  .metavar = "ENV",
	  .help = "the environment that gets the key",
	  .offset = AT(to),
	  .completion = COMPLETE_ENVIRONMENT },
	{ .name = "from",
	  .type = OPTION_STRING,
	  .metavar = "ENV",
	  .help = "the environment that runs it",
	  .offset = AT(from),
	  .completion = COMPLETE_ENVIRONMENT },
	{ .name = NULL },
};

const struct option cli_approve_flags[] = {
	{ .name = "approve",
	  .type = OPTION_LIST,
	  .metavar = "FILE",
	  .help = "an approval, with FILE.sig beside it (repeatable)",
	  .offset = AT(approve),
	  .completion = COMPLETE_FILE },
	{ .name = "approval-request",
	  .type = OPTION_BARE,
	  .metavar = "ENV",
	  .help = "print what a second person has to sign",
	  .offset = AT(approval_request),
	  .completion = COMPLETE_ENVIRONMENT },
	{ .name = "valid-for",
	  .type = OPTION_DURATION,
	  .metavar = "DURATION",
	  .help = "time that the approval will be good for (4h)",
	  .offset = AT(valid_ms) },
	{ .name = NULL },
};
