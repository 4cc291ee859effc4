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
	{ .name = "reason",
	  .type = OPTION_STRING,
	  .metavar = "TEXT",
	  .help = "request: why",
	  .offset = AT(reason) },
	{ .name = "base",
	  .type = OPTION_STRING,
	  .metavar = "BRANCH",
	  .help = "request: what its branch is made from (HEAD)",
	  .offset = AT(base) },
	{ .name = "push",
	  .type = OPTION_BOOL,
	  .help = "request: push the branch to origin, too",
	  .offset = AT(push) },
	{ .name = "image",
	  .type = OPTION_STRING,
	  .metavar = "IMAGE",
	  .help = "hook: the image with this program",
	  .offset = AT(image) },
	{ .name = NULL },
};
