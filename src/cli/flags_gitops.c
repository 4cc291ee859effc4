/*
 * Options of the command `gitops`.
 */
#include "cli/options.h"

#define AT(field) offsetof(struct cli_options, field)

const struct option cli_gitops_flags[] = {
	{ .name = "repository",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "a folder of the repository (that of keyrot.yaml)",
	  .offset = AT(folder),
	  .completion = COMPLETE_FILE },
	{ .name = "offline",
	  .type = OPTION_BOOL,
	  .help = "check: ask no cluster and no store for fingerprints",
	  .offset = AT(offline) },
	{ .name = "ledger",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "the ledger, instead of keyrot.yaml's",
	  .offset = AT(ledger),
	  .completion = COMPLETE_FILE },
	{ .name = NULL },
};
