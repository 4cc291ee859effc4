/*
 * Help, made from the table of commands and the tables of options.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

#define COLUMNS 80
#define LEFT	30

const char *cli_group_title(enum command_group group)
{
	static const char *const titles[GROUP_COUNT] = {
		[GROUP_RUN] = "Run the runbook",
		[GROUP_STEP] = "Run one step of it",
		[GROUP_LOOK] = "Look",
		[GROUP_SETUP] = "Set up and automate",
	};

	return titles[group];
}

static const char *metavar(const struct option *o, char *room, size_t size)
{
	size_t n = 0;

	if (o->type != OPTION_CHOICE)
		return o->metavar;
	room[0] = '\0';
	for (size_t i = 0; o->choices[i] && n < size; i++) {
		int more = snprintf(room + n, size - n, i ? "|%s" : "%s",
				    o->choices[i]);

		n += more > 0 ? (size_t)more : 0;
	}
	return room;
}

/* "  -n, --namespace=NAME   the namespace ..." */
static void print_option(struct out *out, const struct option *o)
{
	char left[80], room[64];
	const char *var = metavar(o, room, sizeof(room));
	const char *before = o->type == OPTION_BARE ? "[=" : "=";
	const char *after = o->type == OPTION_BARE ? "]" : "";

	if (strlen(o->name) == 1)
		(void)snprintf(left, sizeof(left), "-%s", o->name);
	else if (o->letter)
		(void)snprintf(left, sizeof(left), "-%c, --%s", o->letter,
			       o->name);
	else
		(void)snprintf(left, sizeof(left), "    --%s", o->name);
	if (var) {
		size_t n = strlen(left);

		(void)snprintf(left + n, sizeof(left) - n, "%s%s%s", before,
			       var, after);
	}
	if (strlen(left) <= LEFT)
		out_printf(out, "  %-*s ", LEFT, left);
	else
		out_printf(out, "  %s\n  %-*s ", left, LEFT, "");
	out_wrapped(out, o->help, COLUMNS, LEFT + 3, LEFT + 3);
	out_puts(out, "\n");
}

static void print_table(struct out *out, const struct option *table)
{
	for (const struct option *o = table; o->name; o++)
		if (!o->hidden)
			print_option(out, o);
}

void help_overview(struct out *out)
{
	out_puts(out,
		 "Rotate an encryption key that is held in a Kubernetes "
		 "Secret: write it, restart\nwhat uses it, follow the rollout "
		 "until every pod runs the new key, and keep the\nold key "
		 "recoverable.\n\nUsage:\n  kubectl keyrot COMMAND [flags]\n");
	for (int group = 0; group < GROUP_COUNT; group++) {
		bool titled = false;

		for (const struct command *c = cli_commands(); c->name; c++) {
			if ((int)c->group != group ||
			    (c->flags & COMMAND_HIDDEN))
				continue;
			if (!titled)
				out_printf(out, "\n%s\n",
					   cli_group_title(c->group));
			titled = true;
			out_printf(out, "  %-11s %s\n", c->name, c->summary);
		}
	}
	out_puts(out,
		 "\nkubectl keyrot COMMAND --help   a command's flags and "
		 "examples\nkubectl keyrot options          the flags that "
		 "every command takes\n");
}

void help_command(struct out *out, const struct command *command)
{
	const struct usage *usage = command->usage;

	out_wrapped(out, usage->text, COLUMNS, 0, 0);
	out_printf(out, "\n\nUsage:\n  kubectl keyrot %s%s%s%s\n",
		   command->name, *command->args ? " " : "", command->args,
		   command->flags & COMMAND_RAW ? "" : " [flags]");
	if (usage->examples) {
		out_puts(out, "\nExamples:\n");
		for (const struct example *e = usage->examples; e->what; e++)
			out_printf(out, "  # %s\n  %s\n", e->what, e->command);
	}
	if (usage->tables && *usage->tables) {
		out_puts(out, "\nFlags:\n");
		for (option_tables t = usage->tables; *t; t++)
			print_table(out, *t);
	}
	if (usage->as)
		out_printf(out, "  and those of `kubectl keyrot %s`\n",
			   usage->as);
	out_puts(out, "\nkubectl keyrot options   flags of every command: "
		      "--context, -n, -o ...\n");
}

void help_options(struct out *out)
{
	out_puts(out, "Every command takes these flags.\n\n");
	print_table(out, cli_common_flags);
	out_puts(out, "\nkubectl's own flags, with kubectl's meaning:\n\n");
	print_table(out, cli_kube_flags);
}

KR_FALLIBLE cmd_help(struct cli_context *context, struct result *result)
{
	const struct command *command;

	(void)result;
	if (context->n_args == 0) {
		help_overview(context->out);
		return NULL;
	}
	command = cli_find_command(context->args[0]);
	if (!command)
		return cli_unknown_command(context->args[0]);
	help_command(context->out, command);
	return NULL;
}

KR_FALLIBLE cmd_options(struct cli_context *context, struct result *result)
{
	(void)result;
	help_options(context->out);
	return NULL;
}
