/*
 * Options of the command `ledger`.
 */
#include "cli/options.h"

#define AT(field) offsetof(struct cli_options, field)

const struct option cli_ledger_flags[] = {
	{ .name = "ledger",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "the file, instead of keyrot.yaml's",
	  .offset = AT(ledger),
	  .completion = COMPLETE_FILE },
	{ .name = "offline",
	  .type = OPTION_BOOL,
	  .help = "ask no cluster and no store for anchors",
	  .offset = AT(offline) },
	{ .name = "signers",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "allowed signers, known from elsewhere",
	  .offset = AT(signers),
	  .completion = COMPLETE_FILE },
	{ .name = "anchor",
	  .type = OPTION_LIST,
	  .metavar = "TEXT",
	  .help = "an anchor from a message (repeatable)",
	  .offset = AT(anchors) },
	{ .name = "ignore-ledger",
	  .type = OPTION_LIST,
	  .metavar = "ID",
	  .help = "pass over anchors of a ledger given up",
	  .offset = AT(ignore_ledgers) },
	{ .name = NULL },
};
