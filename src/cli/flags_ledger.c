/*
 * Options of the commands `ledger`, `report` and `status`.
 */
#include "cli/options.h"

#define AT(field) offsetof(struct cli_options, field)

const struct option cli_ledger_path_flags[] = {
	{ .name = "ledger",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "the ledger, instead of keyrot.yaml's",
	  .offset = AT(ledger),
	  .completion = COMPLETE_FILE },
	{ .name = NULL },
};

const struct option cli_ledger_flags[] = {
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

static const char *const pages[] = { "markdown", "html", "json", "yaml", NULL };

const struct option cli_report_flags[] = {
	/* Instead of the one that every command has. */
	{ .name = "output",
	  .letter = 'o',
	  .type = OPTION_CHOICE,
	  .help = "what it is written in (by the ending of --file; else "
		  "markdown)",
	  .offset = AT(output),
	  .choices = pages },
	{ .name = "file",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "write it to this file",
	  .offset = AT(file),
	  .completion = COMPLETE_FILE },
	{ .name = "open",
	  .type = OPTION_BOOL,
	  .help = "show the page in a browser (html, by xdg-open)",
	  .offset = AT(open) },
	{ .name = NULL },
};

const struct option cli_status_flags[] = {
	{ .name = "watch",
	  .letter = 'w',
	  .type = OPTION_BARE,
	  .metavar = "DURATION",
	  .help = "look again, every 5s or so often, until ^C",
	  .offset = AT(watch) },
	{ .name = NULL },
};
