/*
 * Completion: the protocol that the shells and kubectl speak to the program.
 *
 * `__complete WORD...` gets the words after the command's name, the last of
 * which is being completed. It prints a candidate a line, a tab and a
 * description, and as last line ":" and a sum of bits: 2 no space after it, 4
 * no file names.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "cli/completion.h"
#include "config/config.h"

#define DIRECTIVE_FILES	   0
#define DIRECTIVE_NO_FILES 4

/* A longer name is none. */
#define MAX_NAME 1024

void completion_offer(struct completion *c, const char *name,
		      const char *description)
{
	kr_cleanup(str_freep) char *clean = NULL;
	char **grown;

	if (!name || !*name || !text_starts_with(name, c->typed))
		return;
	for (size_t i = 0; i < c->n_offered; i++)
		if (strcmp(c->offered[i], name) == 0)
			return;
	grown = reallocarray(c->offered, c->n_offered + 1, sizeof(*grown));
	if (!grown)
		return;
	c->offered = grown;
	grown[c->n_offered] = strdup(name);
	if (!grown[c->n_offered])
		return;
	c->n_offered++;
	/* A name may hold a line break, and a terminal's escapes. */
	clean = text_clean(name, strlen(name), MAX_NAME);
	if (clean && strcmp(clean, name) == 0)
		out_printf(c->out, "%s%s\t%s\n", c->before, name, description);
}

static void offer_flags(struct completion *c)
{
	kr_cleanup(str_freep) char *name = NULL;

	for (option_tables t = c->tables; *t; t++) {
		for (const struct option *o = *t; o->name; o++) {
			if (o->hidden || strlen(o->name) < 2)
				continue;
			free(take_ptr(&name));
			if (asprintf(&name, "--%s%s", o->name,
				     option_needs_value(o) ? "=" : "") < 0) {
				name = NULL;
				return;
			}
			completion_offer(c, name, o->help);
		}
	}
}

static void offer_commands(struct completion *c)
{
	for (const struct command *row = cli_commands(); row->name; row++)
		if (!(row->flags & COMMAND_HIDDEN))
			completion_offer(c, row->name, row->summary);
}

static int complete_value(struct completion *c, const struct option *o)
{
	if (o->choices) {
		for (size_t i = 0; o->choices[i]; i++)
			completion_offer(c, o->choices[i], o->help);
		return o->type == OPTION_CHOICE ? DIRECTIVE_NO_FILES
						: DIRECTIVE_FILES;
	}
	completion_values(c, o->completion);
	return o->completion == COMPLETE_FILE ? DIRECTIVE_FILES
					      : DIRECTIVE_NO_FILES;
}

/* The option whose value the word is, as in "--output js". */
static const struct option *option_before(const struct completion *c,
					  const char *word)
{
	const struct option *o;

	if (word[0] != '-' || strchr(word, '='))
		return NULL;
	if (word[1] == '-')
		o = option_find(c->tables, word + 2, strlen(word + 2));
	else
		o = word[1] && !word[2] ? option_find_letter(c->tables, word[1])
					: NULL;
	return o && option_needs_value(o) ? o : NULL;
}

/* The command, and how many arguments of it stand before the word. */
static void scan_words(struct completion *c, const char *const *words, int n)
{
	cli_tables(NULL, c->tables);
	for (int i = 0; i < n; i++) {
		if (option_before(c, words[i])) {
			i++;
		} else if (words[i][0] == '-') {
			continue;
		} else if (c->command) {
			c->n_args++;
		} else {
			c->command = cli_find_command(words[i]);
			cli_tables(c->command, c->tables);
		}
	}
}

/* What the words before say; up to the first that cannot be understood. */
static KR_FALLIBLE read_options(struct completion *c, char **words, int n)
{
	const char **args = calloc((size_t)n + 1, sizeof(*args));
	struct option_parse parse = { .tables = c->tables,
				      .base = &c->options,
				      .argc = n,
				      .argv = words,
				      .args = args };
	struct err *err;
	int used;

	if (!args)
		return err_no_memory();
	err = option_parse(&parse, &n, &used);
	free(args);
	return err;
}

/*
 * One word of a row's `args`: "[ROTATION]", "bash|zsh|fish". Small letters are
 * what is typed, capitals are what it stands for.
 */
static int offer_argument(struct completion *c, const char *what, size_t len)
{
	char words[128];

	if (len >= sizeof(words))
		return DIRECTIVE_NO_FILES;
	memcpy(words, what, len);
	words[len] = '\0';
	if (strcmp(words, "ROTATION") == 0) {
		completion_values(c, COMPLETE_ROTATION);
	} else if (strcmp(words, "COMMAND") == 0) {
		offer_commands(c);
	} else if (strcmp(words, "FILE") == 0 || strcmp(words, "PATH") == 0) {
		return DIRECTIVE_FILES;
	} else {
		char *rest = words;

		for (char *one = strsep(&rest, "|"); one;
		     one = strsep(&rest, "|"))
			completion_offer(c, one, "");
	}
	return DIRECTIVE_NO_FILES;
}

static int complete_argument(struct completion *c)
{
	const char *args;

	if (!c->command) {
		offer_commands(c);
		return DIRECTIVE_NO_FILES;
	}
	args = c->command->args;
	for (int i = 0; i < c->n_args && *args; i++) {
		args += strcspn(args, " ");
		args += strspn(args, " ");
	}
	args += strspn(args, "[");
	if (!*args)
		return DIRECTIVE_NO_FILES;
	return offer_argument(c, args, strcspn(args, "] "));
}

static int complete(struct completion *c, const char *const *words, int n)
{
	const struct option *o = n > 1 ? option_before(c, words[n - 2]) : NULL;
	const char *value = strchr(c->word, '=');
	kr_cleanup(str_freep) char *before = NULL;
	int directive = DIRECTIVE_NO_FILES;

	c->before = "";
	c->typed = c->word;
	if (o)
		return complete_value(c, o);
	if (c->word[0] != '-')
		return complete_argument(c);
	if (!value) {
		offer_flags(c);
		return directive;
	}
	before = strndup(c->word, (size_t)(value + 1 - c->word));
	o = option_find(c->tables, c->word + strspn(c->word, "-"),
			(size_t)(value - c->word) - strspn(c->word, "-"));
	if (o && before) {
		c->before = before;
		c->typed = value + 1;
		directive = complete_value(c, o);
	}
	c->before = "";
	return directive;
}

static void completion_release(struct completion *c)
{
	for (size_t i = 0; i < c->n_offered; i++)
		free(c->offered[i]);
	free(c->offered);
	config_free(c->config);
	option_release(c->tables, &c->options);
}

KR_FALLIBLE cmd_complete(struct cli_context *context, struct result *result)
{
	struct completion c = { .out = context->out, .word = "" };
	int n = context->n_args, before = n > 0 ? n - 1 : 0;
	char **copies = calloc((size_t)n + 1, sizeof(*copies));
	struct err *err = copies ? NULL : err_no_memory();

	(void)result;
	cli_options_init(&c.options);
	for (int i = 0; !err && i < before; i++)
		if (!str_keep(&copies[i], context->args[i]))
			err = err_no_memory();
	if (!err) {
		if (n > 0)
			c.word = context->args[n - 1];
		scan_words(&c, context->args, before);
		err_free(read_options(&c, copies, before));
		out_printf(context->out, ":%d\n",
			   complete(&c, context->args, n));
	}
	completion_release(&c);
	for (int i = 0; copies && i < before; i++)
		free(copies[i]);
	free(copies);
	return err;
}
