/*
 * Manual pages, made from the tables of commands, options and fields: the
 * hidden command __man prints the names of all of them, or the page of one.
 * `make man` writes them, in man(7), which every man reads.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/man.h"

#define PREFIX "kubectl-keyrot"

/* Text between requests: nothing of it is one. */
void man_text(struct out *out, const char *text)
{
	bool line_begins = true;

	for (; *text; text++) {
		if (line_begins && (*text == '.' || *text == '\''))
			out_puts(out, "\\&");
		line_begins = *text == '\n';
		if (*text == '\\')
			out_puts(out, "\\e");
		else if (*text == '-')
			out_puts(out, "\\-");
		else if (*text == '\'')
			out_puts(out, "\\(aq");
		else if (*text == '`')
			out_puts(out, "\\(ga");
		else if (*text == '^')
			out_puts(out, "\\(ha");
		else if (*text == '~')
			out_puts(out, "\\(ti");
		else
			out_write(out, text, 1);
	}
}

static void man_part(struct out *out, const char *text, size_t len)
{
	kr_cleanup(str_freep) char *copy = strndup(text, len);

	if (copy)
		man_text(out, copy);
}

/* Paragraphs; what is indented in the text is a table and stays as it is. */
void man_paragraphs(struct out *out, const char *text)
{
	bool table = false;

	while (*text) {
		size_t n = strcspn(text, "\n");
		bool indented = *text == ' ';

		if (n == 0 && !table)
			out_puts(out, ".PP\n");
		if (table && !indented)
			out_puts(out, ".fi\n.RE\n.PP\n");
		if (indented && !table)
			out_puts(out, ".RS 2\n.nf\n");
		table = indented;
		if (n) {
			size_t blanks = indented ? 2 : 0;

			man_part(out, text + blanks, n - blanks);
			out_puts(out, "\n");
		}
		text += n + (text[n] == '\n');
	}
	if (table)
		out_puts(out, ".fi\n.RE\n");
}

/* SOURCE_DATE_EPOCH makes a build that can be repeated. */
void man_head(struct out *out, const char *name, const char *section)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	int64_t now_ms = epoch ? (int64_t)strtoll(epoch, NULL, 10) * 1000
			       : clock_wall_ms();
	char day[CLOCK_RFC3339_LEN];

	clock_rfc3339(now_ms, day);
	out_puts(out, ".\\\" Made by `make man` from the program's tables.\n"
		      ".TH ");
	for (const char *c = name; *c; c++) {
		char upper = *c;

		if (upper >= 'a' && upper <= 'z' && section[0] == '1')
			upper = (char)(upper - 'a' + 'A');
		man_part(out, &upper, 1);
	}
	out_printf(out, " %s %.10s \"keyrot %s\" \"kubectl keyrot\"\n", section,
		   day, KR_VERSION);
}

static void head_of(struct out *out, const char *command, const char *summary)
{
	kr_cleanup(str_freep) char *name = NULL;

	if (asprintf(&name, command ? PREFIX "-%s" : PREFIX, command) < 0) {
		name = NULL;
		return;
	}
	man_head(out, name, "1");
	out_puts(out, ".SH NAME\n");
	man_text(out, name);
	out_puts(out, " \\- ");
	man_text(out, summary);
	out_puts(out, "\n");
}

static void option_value(struct out *out, const struct option *o)
{
	bool bare = o->type == OPTION_BARE;

	if (o->type == OPTION_CHOICE) {
		for (size_t i = 0; o->choices[i]; i++) {
			out_puts(out, i ? "|\\fB" : "=\\fB");
			man_text(out, o->choices[i]);
			out_puts(out, "\\fR");
		}
		return;
	}
	if (!o->metavar)
		return;
	out_puts(out, bare ? "[=\\fI" : "=\\fI");
	man_text(out, o->metavar);
	out_puts(out, bare ? "\\fR]" : "\\fR");
}

static void options(struct out *out, const struct option *table)
{
	for (const struct option *o = table; o->name; o++) {
		if (o->hidden)
			continue;
		out_puts(out, ".TP\n");
		if (o->letter && strlen(o->name) > 1)
			out_printf(out, "\\fB\\-%c\\fR, ", o->letter);
		out_puts(out, strlen(o->name) > 1 ? "\\fB\\-\\-" : "\\fB\\-");
		man_text(out, o->name);
		out_puts(out, "\\fR");
		option_value(out, o);
		out_puts(out, "\n");
		man_text(out, o->help);
		out_puts(out, "\n");
	}
}

static void see_also(struct out *out, const char *self)
{
	const char *before = "";

	out_puts(out, ".SH SEE ALSO\n");
	if (self) {
		out_puts(out, ".BR kubectl\\-keyrot (1),\n");
	} else {
		for (const struct command *c = cli_commands(); c->name; c++) {
			if (c->flags & COMMAND_HIDDEN)
				continue;
			out_printf(out, "%s.BR kubectl\\-keyrot\\-%s (1)",
				   before, c->name);
			before = ",\n";
		}
		out_puts(out, ",\n");
	}
	out_puts(out, ".BR keyrot.yaml (5),\n.BR kubectl (1)\n");
}

static void page_of(struct out *out, const struct command *c)
{
	const struct usage *usage = c->usage;

	head_of(out, c->name, c->summary);
	out_printf(out, ".SH SYNOPSIS\n.B kubectl keyrot %s\n", c->name);
	if (*c->args) {
		out_puts(out, ".I ");
		man_text(out, c->args);
		out_puts(out, "\n");
	}
	out_puts(out, ".RI [ flags ]\n.SH DESCRIPTION\n");
	man_paragraphs(out, usage->text);
	if (usage->tables && *usage->tables) {
		out_puts(out,
			 ".SH OPTIONS\nThose of every command, kubectl\\(aqs "
			 "own among them, stand in\n"
			 ".BR kubectl\\-keyrot (1).\n");
		if (usage->as)
			out_printf(out,
				   "It takes those of\n"
				   ".BR kubectl\\-keyrot\\-%s (1),\ntoo.\n",
				   usage->as);
		for (option_tables t = usage->tables; *t; t++)
			options(out, *t);
	}
	if (usage->examples) {
		out_puts(out, ".SH EXAMPLES\n");
		for (const struct example *e = usage->examples; e->what; e++) {
			out_puts(out, e == usage->examples ? "" : ".PP\n");
			man_text(out, e->what);
			out_puts(out, ":\n.PP\n.RS 4\n.nf\n");
			man_text(out, e->command);
			out_puts(out, "\n.fi\n.RE\n");
		}
	}
	out_puts(out, ".SH EXIT STATUS\nIn\n.BR kubectl\\-keyrot (1).\n");
	see_also(out, c->name);
}

static void commands(struct out *out)
{
	out_puts(out, ".SH COMMANDS\n");
	for (int group = 0; group < GROUP_COUNT; group++) {
		out_printf(out, ".SS %s\n",
			   cli_group_title((enum command_group)group));
		for (const struct command *c = cli_commands(); c->name; c++) {
			if ((int)c->group != group || c->flags & COMMAND_HIDDEN)
				continue;
			out_printf(out, ".TP\n.BR kubectl\\-keyrot\\-%s (1)\n",
				   c->name);
			man_text(out, c->summary);
			out_puts(out, "\n");
		}
	}
}

static void overview(struct out *out)
{
	head_of(out, NULL, "rotate an encryption key held in a Secret");
	out_puts(out, ".SH SYNOPSIS\n.B kubectl keyrot\n.I command\n"
		      ".RI [ flags ]\n.SH DESCRIPTION\n");
	man_paragraphs(out, man_about);
	commands(out);
	out_puts(out, ".SH OPTIONS\nEvery command takes these.\n");
	options(out, cli_common_flags);
	out_puts(out, ".PP\nkubectl\\(aqs own, with kubectl\\(aqs meaning:\n");
	options(out, cli_kube_flags);
	man_terms(out, "EXIT STATUS", man_exits);
	man_terms(out, "ENVIRONMENT", man_variables);
	man_terms(out, "FILES", man_files);
	see_also(out, NULL);
}

static void names(struct out *out)
{
	out_puts(out, PREFIX ".1\nkeyrot.yaml.5\n");
	for (const struct command *c = cli_commands(); c->name; c++)
		if (!(c->flags & COMMAND_HIDDEN))
			out_printf(out, PREFIX "-%s.1\n", c->name);
}

KR_FALLIBLE cmd_man(struct cli_context *context, struct result *result)
{
	const char *name = context->n_args ? context->args[0] : NULL;
	kr_cleanup(str_freep) char *word = NULL;
	const struct command *command;

	(void)result;
	if (!name) {
		names(context->out);
		return NULL;
	}
	if (strcmp(name, PREFIX ".1") == 0) {
		overview(context->out);
		return NULL;
	}
	if (strcmp(name, "keyrot.yaml.5") == 0) {
		man_config(context->out);
		return NULL;
	}
	if (text_starts_with(name, PREFIX "-") && text_ends_with(name, ".1"))
		word = strndup(name + strlen(PREFIX "-"),
			       strlen(name) - strlen(PREFIX "-.1"));
	command = word ? cli_find_command(word) : NULL;
	if (!command || command->flags & COMMAND_HIDDEN)
		return err_new(KR_EUSAGE, "there is no such manual page");
	page_of(context->out, command);
	return NULL;
}
