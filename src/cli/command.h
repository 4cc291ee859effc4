/*
 * A command: its row in the table of cli.c, and what it is given to run.
 *
 * To add one: a struct usage in usage_*.c, a row in cli.c, and cmd_NAME.c with
 * the function. Help, completion and docs/reference.md follow from the row.
 */
#ifndef KR_CLI_COMMAND_H
#define KR_CLI_COMMAND_H

#include "cli/options.h"
#include "runbook/reporter.h"
#include "runbook/result.h"
#include "ui/out.h"

struct cli_context;
struct cJSON;
struct config;
struct secret;
struct ui;

typedef struct err *cli_run(struct cli_context *context, struct result *result);

enum command_group {
	GROUP_RUN,   /* "Run the runbook" */
	GROUP_STEP,  /* "Run one step of it" */
	GROUP_LOOK,  /* "Look" */
	GROUP_SETUP, /* "Set up and automate" */
	GROUP_COUNT,
};

enum command_flags {
	/* No document: the command prints by itself, and has no -o. */
	COMMAND_PLAIN = 1,
	/* Needs keyrot.yaml (or its defaults) loaded. */
	COMMAND_CONFIG = 2,
	/* Arguments are not parsed: a hidden protocol. */
	COMMAND_RAW = 4,
	COMMAND_HIDDEN = 8,
	/* Goes on for longer than a moment: progress is shown. */
	COMMAND_PROGRESS = 16,
};

struct example {
	const char *what;
	const char *command; /* after "kubectl keyrot" or a whole line */
};

/* What help says about a command. */
struct usage {
	const char *text;		/* paragraphs, wrapped at 78 columns */
	const struct example *examples; /* ended by a row of NULL */
	/* Its own options, ended by NULL; kubectl's and the common ones are
	 * added by the parser. */
	const struct option *const *tables;
	const char *as; /* a command whose options it takes, too, or NULL */
};

struct command {
	const char *name;
	enum command_group group;
	const char *args; /* "" or "[COMMAND]" */
	const char *summary;
	const struct usage *usage;
	int max_args;
	int flags;
	const char *kind; /* "ApplyResult"; NULL for COMMAND_PLAIN */
	cli_run *run;
};

struct cli_context {
	const struct command *command;
	struct cli_options options;
	const char *const *args; /* positional; n_args of them */
	int n_args;
	/* keyrot.yaml or the defaults; NULL without COMMAND_CONFIG. */
	struct config *config;
	/* The environment variable named like the Secret's entry, taken out
	 * of the environment at the start; NULL where it was not set. */
	struct secret *variable;
	bool variable_was_set;
	struct ui *ui;
	/* What the process before this one left, by an execve(2); NULL. */
	struct cJSON *handed;
	/* Never NULL; shows nothing where the command has no progress. */
	const struct reporter *reporter;
	struct out *out;	       /* standard output */
	struct out *err;	       /* standard error */
	const struct runbook *runbook; /* the tables of kubectl-keyrot.c */
};

/* Rows of the table; NULL ends. */
const struct command *cli_commands(void);
const struct command *cli_find_command(const char *name);

/* KR_EUSAGE with a suggestion. */
KR_FALLIBLE cli_unknown_command(const char *name);

/*
 * All tables of a command, ended by NULL: its own, those of the command whose
 * options it takes too, common, kubectl's. A command with more tables than
 * there is room for is a defect of the table, and ends the program.
 */
#define CLI_MAX_TABLES 16
void cli_tables(const struct command *command,
		const struct option *out[CLI_MAX_TABLES]);

/* Runs the program; the exit code. argv is kept, and its secrets blanked. */
int cli_main(int argc, char **argv, const struct runbook *runbook);

/* Text of `help`, `options` and `COMMAND --help`. */
void help_overview(struct out *out);
void help_command(struct out *out, const struct command *command);
void help_options(struct out *out);

const char *cli_group_title(enum command_group group);

extern const struct usage usage_rotate;
extern const struct usage usage_resume;
extern const struct usage usage_rollback;
extern const struct usage usage_generate;
extern const struct usage usage_render;
extern const struct usage usage_apply;
extern const struct usage usage_verify;
extern const struct usage usage_soak;
extern const struct usage usage_validate;
extern const struct usage usage_retire;
extern const struct usage usage_promote;
extern const struct usage usage_plan;
extern const struct usage usage_status;
extern const struct usage usage_doctor;
extern const struct usage usage_init;
extern const struct usage usage_completion;
extern const struct usage usage_version;
extern const struct usage usage_help;
extern const struct usage usage_options;

cli_run cmd_rotate;
cli_run cmd_resume;
cli_run cmd_rollback;
cli_run cmd_generate;
cli_run cmd_render;
cli_run cmd_apply;
cli_run cmd_verify;
cli_run cmd_soak;
cli_run cmd_validate;
cli_run cmd_retire;
cli_run cmd_promote;
cli_run cmd_plan;
cli_run cmd_status;
cli_run cmd_doctor;
cli_run cmd_init;
cli_run cmd_completion;
cli_run cmd_complete;
cli_run cmd_reference;
cli_run cmd_man;
cli_run cmd_schema;
cli_run cmd_runbook;
cli_run cmd_version;
cli_run cmd_help;
cli_run cmd_options;

extern const struct usage usage_ledger;
extern const struct usage usage_report;
cli_run cmd_ledger;
cli_run cmd_report;

extern const struct usage usage_gitops;
cli_run cmd_gitops;

extern const struct usage usage_schedule;
cli_run cmd_schedule;

#endif
