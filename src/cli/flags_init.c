/*
 * Options of init.
 */
#include "cli/options.h"

#define AT(field) offsetof(struct cli_options, field)

static const char *const dry_runs[] = { "client", "none", NULL };

const struct option cli_init_flags[] = {
	{ .name = "staging",
	  .type = OPTION_LIST,
	  .metavar = "CONTEXT",
	  .help = "a context that is staging (repeatable)",
	  .offset = AT(staging),
	  .completion = COMPLETE_CONTEXT },
	{ .name = "production",
	  .type = OPTION_LIST,
	  .metavar = "CONTEXT",
	  .help = "a context that is production (repeatable)",
	  .offset = AT(production),
	  .completion = COMPLETE_CONTEXT },
	{ .name = "file",
	  .letter = 'f',
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "the file to write (./keyrot.yaml); - is standard output",
	  .offset = AT(file),
	  .completion = COMPLETE_FILE },
	{ .name = "dry-run",
	  .type = OPTION_BARE,
	  .metavar = "client",
	  .help = "print it on standard output, and write nothing",
	  .offset = AT(dry_run),
	  .choices = dry_runs },
	{ .name = "yes",
	  .letter = 'y',
	  .type = OPTION_BOOL,
	  .help = "ask nothing: the most likely answer is taken",
	  .offset = AT(yes) },
	{ .name = "allow-overwrite",
	  .type = OPTION_BOOL,
	  .help = "replace a file that says something else",
	  .offset = AT(allow_overwrite) },
	{ .name = "store",
	  .type = OPTION_STRING,
	  .metavar = "TYPE[:WHERE]",
	  .help = "where keys are kept (file)",
	  .choices = cli_store_words,
	  .offset = AT(store) },
	{ .name = "prometheus",
	  .type = OPTION_STRING,
	  .metavar = "URL",
	  .help = "the Prometheus that a soak is to ask",
	  .offset = AT(prometheus) },
	{ .name = NULL },
};
