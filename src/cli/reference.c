/*
 * docs/reference.md, made from the tables: the hidden command __reference
 * prints it, `make docs` writes it, and a test compares.
 */
#include <string.h>

#include "cli/command.h"

/* Text in a cell of a table. */
static void cell(struct out *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|' || *text == '<' || *text == '[')
			out_puts(out, "\\");
		out_write(out, text, 1);
	}
}

static void option_name(struct out *out, const struct option *o)
{
	bool optional = o->type == OPTION_BARE;

	out_puts(out, "`");
	if (o->letter && strlen(o->name) > 1)
		out_printf(out, "-%c`, `", o->letter);
	out_printf(out, "%s%s", strlen(o->name) > 1 ? "--" : "-", o->name);
	if (o->metavar)
		out_printf(out, "%s%s%s", optional ? "[=" : "=", o->metavar,
			   optional ? "]" : "");
	out_puts(out, "`");
	if (o->type != OPTION_CHOICE)
		return;
	for (size_t i = 0; o->choices[i]; i++)
		out_printf(out, "%s`%s`", i ? ", " : " ", o->choices[i]);
}

static void options(struct out *out, const struct option *table)
{
	for (const struct option *o = table; o->name; o++) {
		if (o->hidden)
			continue;
		out_puts(out, "| ");
		option_name(out, o);
		out_puts(out, " | ");
		cell(out, o->help);
		out_puts(out, " |\n");
	}
}

static void table_head(struct out *out)
{
	out_puts(out, "\n| flag | meaning |\n|---|---|\n");
}

static void command(struct out *out, const struct command *c)
{
	const struct usage *usage = c->usage;

	out_printf(out, "\n### %s\n\n", c->name);
	out_printf(out, "`kubectl keyrot %s%s%s [flags]`", c->name,
		   *c->args ? " " : "", c->args);
	if (c->kind)
		out_printf(out, "; document `%s`", c->kind);
	out_printf(out, "\n\n%s\n", usage->text);
	if (usage->examples) {
		out_puts(out, "\n```sh\n");
		for (const struct example *e = usage->examples; e->what; e++)
			out_printf(out, "# %s\n%s\n", e->what, e->command);
		out_puts(out, "```\n");
	}
	if (usage->as)
		out_printf(out,
			   "\nThe flags of `kubectl keyrot %s`, and these:\n",
			   usage->as);
	if (!usage->tables || !*usage->tables)
		return;
	table_head(out);
	for (option_tables t = usage->tables; *t; t++)
		options(out, *t);
}

KR_FALLIBLE cmd_reference(struct cli_context *context, struct result *result)
{
	struct out *out = context->out;

	(void)result;
	out_puts(out,
		 "# Commands and flags\n\nMade by `make docs` from the tables "
		 "of the program; not edited by hand.\n\nExit codes and the "
		 "JSON document: [errors.md](errors.md).\n");
	for (int group = 0; group < GROUP_COUNT; group++) {
		out_printf(out, "\n## %s\n",
			   cli_group_title((enum command_group)group));
		for (const struct command *c = cli_commands(); c->name; c++)
			if ((int)c->group == group &&
			    !(c->flags & COMMAND_HIDDEN))
				command(out, c);
	}
	out_puts(out, "\n## Flags of every command\n");
	table_head(out);
	options(out, cli_common_flags);
	out_puts(out, "\nkubectl's own, with kubectl's meaning:\n");
	table_head(out);
	options(out, cli_kube_flags);
	return NULL;
}
