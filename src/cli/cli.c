/*
 * The table of commands, and what happens around each of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/afterwards.h"
#include "cli/again.h"
#include "cli/command.h"
#include "cli/handover.h"
#include "cli/keysource.h"
#include "cli/output.h"
#include "cli/target.h"
#include "config/config.h"
#include "ui/term.h"
#include "ui/ui.h"

static const struct command commands[] = {
	{ "rotate", GROUP_RUN, "",
	  "a new key through every environment, in order", &usage_rotate, 0,
	  COMMAND_CONFIG | COMMAND_PROGRESS, "RotateResult", cmd_rotate },
	{ "resume", GROUP_RUN, "[ROTATION]",
	  "go on with an interrupted rotation", &usage_resume, 1,
	  COMMAND_CONFIG | COMMAND_PROGRESS, "RotateResult", cmd_resume },
	{ "rollback", GROUP_RUN, "[ROTATION]",
	  "put the previous key back wherever the new one went",
	  &usage_rollback, 1, COMMAND_CONFIG | COMMAND_PROGRESS,
	  "RollbackResult", cmd_rollback },
	{ "generate", GROUP_STEP, "",
	  "make a key; put it into the store, a pipe or a new file",
	  &usage_generate, 0, COMMAND_CONFIG, "GenerateResult", cmd_generate },
	{ "render", GROUP_STEP, "",
	  "print the Secret manifest, to be piped into kubectl", &usage_render,
	  0, COMMAND_PLAIN | COMMAND_CONFIG, NULL, cmd_render },
	{ "apply", GROUP_STEP, "",
	  "write the Secret, restart what uses it, follow the rollout",
	  &usage_apply, 0, COMMAND_CONFIG | COMMAND_PROGRESS, "ApplyResult",
	  cmd_apply },
	{ "verify", GROUP_STEP, "",
	  "check the logs of the pods that run the new key", &usage_verify, 0,
	  COMMAND_CONFIG | COMMAND_PROGRESS, "VerifyResult", cmd_verify },
	{ "soak", GROUP_STEP, "",
	  "watch error rate and latency after a change, to a verdict",
	  &usage_soak, 0, COMMAND_CONFIG | COMMAND_PROGRESS, "SoakResult",
	  cmd_soak },
	{ "promote", GROUP_STEP, "",
	  "take the key that an environment runs, validated, to the next",
	  &usage_promote, 0, COMMAND_CONFIG | COMMAND_PROGRESS, "PromoteResult",
	  cmd_promote },
	{ "validate", GROUP_STEP, "",
	  "run the integration suite, check who depends on the key",
	  &usage_validate, 0, COMMAND_CONFIG | COMMAND_PROGRESS,
	  "ValidateResult", cmd_validate },
	{ "retire", GROUP_STEP, "",
	  "drop the previous key from the Secret once nothing uses it",
	  &usage_retire, 0, COMMAND_CONFIG | COMMAND_PROGRESS, "RetireResult",
	  cmd_retire },
	{ "plan", GROUP_LOOK, "[apply|rotate|promote|rollback|retire]",
	  "every step and its kubectl command; changes nothing", &usage_plan, 1,
	  COMMAND_CONFIG, "PlanResult", cmd_plan },
	{ "status", GROUP_LOOK, "",
	  "which key each environment and pod runs; its age; drift",
	  &usage_status, 0, COMMAND_CONFIG, "StatusResult", cmd_status },
	{ "ledger", GROUP_LOOK, "[show|verify|export|import] [ROTATION]",
	  "who rotated what, when; that nobody changed it", &usage_ledger, 2,
	  COMMAND_CONFIG, "LedgerResult", cmd_ledger },
	{ "report", GROUP_LOOK, "[ROTATION]",
	  "one rotation as a page: timeline, pods, soak, ledger", &usage_report,
	  1, COMMAND_CONFIG, "ReportResult", cmd_report },
	{ "doctor", GROUP_LOOK, "",
	  "the preconditions: access, store, owners, leftovers", &usage_doctor,
	  0, COMMAND_CONFIG, "DoctorResult", cmd_doctor },
	{ "init", GROUP_SETUP, "",
	  "write keyrot.yaml, filled in from what the clusters show",
	  &usage_init, 0, 0, "InitResult", cmd_init },
	{ "gitops", GROUP_SETUP, "check|manifest|request|run|hook [FILE]",
	  "Git without keys, and rotations through Git and Argo CD",
	  &usage_gitops, 2, COMMAND_CONFIG | COMMAND_PROGRESS, "GitopsResult",
	  cmd_gitops },
	{ "schedule", GROUP_SETUP, "ics|caldav|check|cronjob",
	  "remind of the next rotation: calendar, monitoring, CronJob",
	  &usage_schedule, 1, COMMAND_CONFIG, "ScheduleResult", cmd_schedule },
	{ "completion", GROUP_SETUP, "bash|zsh|fish",
	  "print the completion script of a shell", &usage_completion, 1,
	  COMMAND_PLAIN, NULL, cmd_completion },
	{ "version", GROUP_SETUP, "", "print the version", &usage_version, 0, 0,
	  "VersionResult", cmd_version },
	{ "help", GROUP_SETUP, "[COMMAND]", "help for a command", &usage_help,
	  1, COMMAND_PLAIN, NULL, cmd_help },
	{ "options", GROUP_SETUP, "", "the flags that every command takes",
	  &usage_options, 0, COMMAND_PLAIN, NULL, cmd_options },
	{ "__complete", GROUP_SETUP, "", "", &usage_help, 0,
	  COMMAND_PLAIN | COMMAND_RAW | COMMAND_HIDDEN, NULL, cmd_complete },
	{ "__reference", GROUP_SETUP, "", "", &usage_help, 0,
	  COMMAND_PLAIN | COMMAND_HIDDEN, NULL, cmd_reference },
	{ "__man", GROUP_SETUP, "", "", &usage_help, 1,
	  COMMAND_PLAIN | COMMAND_HIDDEN, NULL, cmd_man },
	{ "__schema", GROUP_SETUP, "", "", &usage_help, 0,
	  COMMAND_PLAIN | COMMAND_HIDDEN, NULL, cmd_schema },
	{ "__runbook", GROUP_SETUP, "", "", &usage_help, 0,
	  COMMAND_PLAIN | COMMAND_HIDDEN, NULL, cmd_runbook },
	{ .name = NULL },
};

const struct command *cli_commands(void)
{
	return commands;
}

const struct command *cli_find_command(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static void add_table(const struct option *out[CLI_MAX_TABLES], size_t *n,
		      const struct option *table)
{
	if (*n >= CLI_MAX_TABLES)
		abort();
	out[(*n)++] = table;
}

void cli_tables(const struct command *command,
		const struct option *out[CLI_MAX_TABLES])
{
	size_t n = 0;

	while (command) {
		const char *as = command->usage->as;

		for (option_tables t = command->usage->tables; t && *t; t++)
			add_table(out, &n, *t);
		command = as ? cli_find_command(as) : NULL;
	}
	add_table(out, &n, cli_common_flags);
	add_table(out, &n, cli_kube_flags);
	add_table(out, &n, NULL);
}

KR_FALLIBLE cli_unknown_command(const char *name)
{
	const char *names[64] = { NULL };
	const char *near;
	struct err *err;
	size_t n = 0;

	for (const struct command *c = commands; c->name && n < 63; c++)
		if (!(c->flags & COMMAND_HIDDEN))
			names[n++] = c->name;
	near = text_suggest(name, names);
	if (option_may_quote(name))
		err = err_new(KR_EUSAGE, "unknown command \"%s\"", name);
	else
		err = err_new(KR_EUSAGE, "unknown command");
	if (near)
		return err_hint(err, "Did you mean kubectl keyrot %s?", near);
	return err_hint(err, "kubectl keyrot help");
}

/* One run of the program, from argv to the exit code. */
struct session {
	struct cli_context context;
	struct out out, err;
	const struct option *tables[CLI_MAX_TABLES];
	const char **args;
	enum output_mode mode;
};

/*
 * Options that every command has may stand in front of the command's name.
 * *out_rest is the index of the first word after it.
 */
static KR_FALLIBLE find_command(struct session *s, int argc, char **argv,
				int *out_rest)
{
	struct option_parse parse = { .tables = s->tables,
				      .base = &s->context.options,
				      .argc = argc - 1,
				      .argv = argv + 1,
				      .args = s->args,
				      .stop_at_first = true };
	struct err *err;
	int n, used;

	cli_tables(NULL, s->tables);
	err = option_parse(&parse, &n, &used);
	if (err)
		return err;
	*out_rest = 1 + used + 1;
	if (1 + used >= argc) {
		s->context.command = NULL;
		return NULL;
	}
	s->context.command = cli_find_command(argv[1 + used]);
	return s->context.command ? NULL : cli_unknown_command(argv[1 + used]);
}

static KR_FALLIBLE parse_rest(struct session *s, int argc, char **argv,
			      int rest)
{
	const struct command *command = s->context.command;
	struct option_parse parse = { .tables = s->tables,
				      .base = &s->context.options,
				      .argc = argc - rest,
				      .argv = argv + rest,
				      .args = s->args };
	struct err *err;
	int used;

	cli_tables(command, s->tables);
	s->context.args = s->args;
	if (command->flags & COMMAND_RAW) {
		for (int i = rest; i < argc; i++)
			s->args[s->context.n_args++] = argv[i];
		return NULL;
	}
	err = option_parse(&parse, &s->context.n_args, &used);
	if (err || s->context.options.help)
		return err;
	if (s->context.n_args > command->max_args)
		return err_hint(err_new(KR_EUSAGE,
					"%s takes %s, and argument %d is one "
					"too many",
					command->name,
					command->max_args > 1 ? "two arguments"
					: command->max_args   ? "one argument"
							      : "no arguments",
					command->max_args + 1),
				"kubectl keyrot %s --help", command->name);
	return NULL;
}

/* A usage error knows the command's help, if nothing better. */
static struct err *point_to_help(struct err *take_err,
				 const struct command *command)
{
	if (!take_err || !command)
		return err_hint(take_err, "kubectl keyrot help");
	return err_hint(take_err, "kubectl keyrot %s --help", command->name);
}

static KR_FALLIBLE open_ui(struct session *s, struct ui **out)
{
	struct ui_options options = { .mode = UI_TEXT,
				      .out = &s->err,
				      .goes_on = s->context.handed != NULL };

	options.utf8 = term_is_utf8();
	if (!s->context.options.plain && term_is_live(s->err.fd)) {
		options.colour = term_has_colour(s->err.fd);
		options.mode = UI_TTY;
	}
	if (s->mode == OUTPUT_JSONL) {
		options.mode = UI_JSONL;
		options.out = &s->out;
	}
	return ui_open(&options, out);
}

/* The configuration, and the key that may stand in the environment. */
static KR_FALLIBLE load_config(struct cli_context *context)
{
	struct err *err;

	err = config_load(context->options.config, &context->config);
	if (err)
		return err;
	err = keysource_take_variable(cli_entry(context), &context->variable);
	context->variable_was_set = context->variable != NULL;
	return err;
}

static KR_FALLIBLE run_command(struct session *s, struct result *result)
{
	kr_cleanup(ui_closep) struct ui *ui = NULL;
	struct err *err;

	err = open_ui(s, &ui);
	if (err)
		return err;
	s->context.ui = ui;
	s->context.reporter = ui_reporter(ui);
	err = handover_secrets(&s->context);
	if (!err && s->context.command->flags & COMMAND_CONFIG)
		err = load_config(&s->context);
	if (!err)
		err = s->context.command->run(&s->context, result);
	if (err)
		handover_failed(&s->context, result);
	return err;
}

/* Prints what came out of it; the exit code. */
static int finish(struct session *s, struct result *result,
		  struct err *take_err)
{
	kr_cleanup(err_freep) struct err *err = take_err;
	kr_cleanup(err_freep) struct err *unwritten = NULL;
	int code;

	afterwards_complete(s->context.command, err, result);
	code = result_finish(result, err);
	again_complete(&s->context, s->tables, result);
	if (s->context.command ? s->context.command->kind != NULL : err != NULL)
		output_result(s->mode, result, &s->out, &s->err);
	else if (err)
		output_result(OUTPUT_TEXT, result, &s->out, &s->err);
	unwritten = out_check(&s->out);
	if (unwritten) {
		out_printf(&s->err, "error: %s\n", err_message(unwritten));
		if (code == 0)
			code = err_exit_code(unwritten);
	}
	return code;
}

static KR_FALLIBLE parse_all(struct session *s, int argc, char **argv)
{
	struct err *err;
	int rest;

	err = find_command(s, argc, argv, &rest);
	if (!err && s->context.command)
		err = parse_rest(s, argc, argv, rest);
	s->mode = err ? output_mode_guess(argc, argv)
		      : output_mode(s->context.options.output);
	return point_to_help(err, s->context.command);
}

static bool wants_help(const struct session *s)
{
	return !s->context.command || s->context.options.help;
}

int cli_main(int argc, char **argv, const struct runbook *runbook)
{
	struct session s = { .out = OUT_STDOUT, .err = OUT_STDERR };
	struct result result;
	struct err *err;
	int code;

	s.args = calloc((size_t)argc + 1, sizeof(*s.args));
	if (!s.args) {
		out_printf(&s.err, "error: %s\n", err_message(err_no_memory()));
		out_release(&s.err);
		return err_kind_exit_code(KR_ENOMEM);
	}
	cli_options_init(&s.context.options);
	s.context.runbook = runbook;
	s.context.out = &s.out;
	s.context.err = &s.err;
	err = handover_take(&s.context.handed);
	if (!err)
		err = parse_all(&s, argc, argv);
	result_init(&result, s.context.command && s.context.command->kind
				     ? s.context.command->kind
				     : "UsageResult");
	result.columns = output_columns(&s.context);
	if (!err && wants_help(&s)) {
		if (s.context.command)
			help_command(&s.out, s.context.command);
		else
			help_overview(&s.out);
		s.context.command = NULL;
	} else if (!err) {
		err = run_command(&s, &result);
	}
	code = finish(&s, &result, err);
	result_release(&result);
	secret_free(s.context.variable);
	config_free(s.context.config);
	json_free(s.context.handed);
	option_release(s.tables, &s.context.options);
	out_release(&s.out);
	out_release(&s.err);
	free(s.args);
	return code;
}
