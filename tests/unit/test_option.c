#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/option.h"
#include "cli/options.h"
#include "unit.h"

struct values {
	bool flag;
	bool other;
	const char *text;
	const char *name;
	char *secret;
	const char *bare;
	const char *choice;
	const char *truth;
	const char *const *list;
	int level;
	int64_t wait_ms;
};

#define AT(field) offsetof(struct values, field)

static const char *const colours[] = { "red", "green", NULL };

static const struct option table[] = {
	{ .name = "flag", .letter = 'f', .offset = AT(flag) },
	{ .name = "other", .letter = 'g', .offset = AT(other) },
	{ .name = "some-text", .type = OPTION_STRING, .offset = AT(text) },
	{ .name = "namespace",
	  .letter = 'n',
	  .type = OPTION_STRING,
	  .offset = AT(name) },
	{ .name = "token", .type = OPTION_SECRET, .offset = AT(secret) },
	{ .name = "from", .type = OPTION_BARE, .offset = AT(bare) },
	{ .name = "colour",
	  .type = OPTION_CHOICE,
	  .offset = AT(choice),
	  .choices = colours },
	{ .name = "truth", .type = OPTION_BOOL_TEXT, .offset = AT(truth) },
	{ .name = "item", .type = OPTION_LIST, .offset = AT(list) },
	{ .name = "v", .letter = 'v', .type = OPTION_INT, .offset = AT(level) },
	{ .name = "wait", .type = OPTION_DURATION, .offset = AT(wait_ms) },
	{ .name = NULL },
};

static const struct option *const tables[] = { table, NULL };

struct line {
	struct values values;
	char *argv[16];
	const char *args[16];
	int n_args, used;
};

/* Parses words separated by a single space; "~" stands for an empty one. */
static KR_FALLIBLE parse(const char *text, struct line *line)
{
	char *copy = strdup(text);
	struct option_parse p = { .tables = tables, .base = &line->values };
	struct err *err;

	*line = (struct line){ 0 };
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		line->argv[p.argc++] = strdup(*word == '~' ? "" : word);
	free(copy);
	p.argv = line->argv;
	p.args = line->args;
	err = option_parse(&p, &line->n_args, &line->used);
	return err;
}

static void release(struct line *line)
{
	option_release(tables, &line->values);
	for (int i = 0; line->argv[i]; i++)
		free(line->argv[i]);
}

static void reads_every_spelling(void)
{
	static const char *const spellings[] = {
		"--namespace=ns", "--namespace ns", "-nns",   "-n ns",
		"-n=ns",	  "-fnns",	    "-fn ns", "-fgn=ns",
		"x -n ns",	  "-n other -n ns",
	};

	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		struct line line;

		if (UNIT_OK(parse(spellings[i], &line)))
			UNIT_STR(line.values.name, "ns");
		release(&line);
	}
}

static void reads_values_of_each_type(void)
{
	struct line line;

	if (UNIT_OK(parse("--some_text=a=b --colour green --truth -v6 "
			  "--wait 90 --item x --item=y,z -g=false --from",
			  &line))) {
		UNIT_STR(line.values.text, "a=b");
		UNIT_STR(line.values.choice, "green");
		UNIT_STR(line.values.truth, "true");
		CU_ASSERT_EQUAL(line.values.level, 6);
		CU_ASSERT_EQUAL(line.values.wait_ms, 90000);
		UNIT_STR(line.values.list[1], "y,z");
		CU_ASSERT_PTR_NULL(line.values.list[2]);
		CU_ASSERT_FALSE(line.values.other);
		UNIT_STR(line.values.bare, "");
	}
	release(&line);
	if (UNIT_OK(parse("--from=entry --truth=F --some-text ~ --wait=1m30s",
			  &line))) {
		UNIT_STR(line.values.bare, "entry");
		UNIT_STR(line.values.truth, "false");
		UNIT_STR(line.values.text, "");
		CU_ASSERT_EQUAL(line.values.wait_ms, 90000);
	}
	release(&line);
}

static void keeps_arguments_in_order(void)
{
	struct line line;

	if (UNIT_OK(parse("a -f b -- -g --nothing -", &line))) {
		CU_ASSERT_EQUAL(line.n_args, 5);
		UNIT_STR(line.args[1], "b");
		UNIT_STR(line.args[2], "-g");
		UNIT_STR(line.args[4], "-");
		CU_ASSERT(line.values.flag);
		CU_ASSERT_FALSE(line.values.other);
	}
	release(&line);
	/* A value may begin with a dash; a bare option takes none. */
	if (UNIT_OK(parse("-n -f --from next", &line))) {
		UNIT_STR(line.values.name, "-f");
		CU_ASSERT_FALSE(line.values.flag);
		UNIT_STR(line.args[0], "next");
	}
	release(&line);
}

static void stops_at_the_command(void)
{
	struct line line;
	struct option_parse p = { .tables = tables,
				  .base = &line.values,
				  .argc = 5,
				  .stop_at_first = true };

	line = (struct line){ 0 };
	for (int i = 0; i < 5; i++)
		line.argv[i] = strdup((const char *const[]){
			"-n", "ns", "apply", "--nothing", "-f" }[i]);
	p.argv = line.argv;
	p.args = line.args;
	UNIT_OK(option_parse(&p, &line.n_args, &line.used));
	CU_ASSERT_EQUAL(line.used, 2);
	CU_ASSERT_EQUAL(line.n_args, 0);
	release(&line);
}

static void refuses(const char *text, const char *part)
{
	struct line line;

	UNIT_FAILS(parse(text, &line), KR_EUSAGE, part);
	release(&line);
}

static void refuses_what_is_wrong(void)
{
	refuses("--namespac x", "Did you mean --namespace?");
	refuses("--flag=maybe", "true or false");
	refuses("--flag= ", "true or false");
	refuses("--names", "unknown flag");
	refuses("-z", "unknown flag: -z");
	refuses("-fz", "unknown flag: -z");
	refuses("--namespace", "needs an argument: --namespace");
	refuses("-n", "needs an argument: --namespace");
	refuses("-fn", "needs an argument: --namespace");
	refuses("--colour blue", "red|green");
	refuses("--colour gren", "Did you mean --colour=green?");
	refuses("-v x", "--v wants a number");
	refuses("-v=-1", "--v wants a number");
	refuses("-v=99999999999999999999", "--v wants a number");
	refuses("--wait soon", "--wait wants a duration");
	refuses("--wait=-1s", "--wait wants a duration");
	refuses("--= ", "unknown flag");
	refuses("---flag", "unknown flag");
}

/* What may be a key that was put in the wrong place. */
static void never_quotes_values(void)
{
	static const char *const lines[] = {
		"--colour aGVsbG8K", "--wait aGVsbG8K",	 "-v aGVsbG8K",
		"--flag=aGVsbG8K",   "--aGVsbG8Kxyz1=1", "--x9=aGVsbG8K",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct line line;
		struct err *err = parse(lines[i], &line);

		CU_ASSERT(err_is(err, KR_EUSAGE));
		if (err)
			CU_ASSERT_PTR_NULL(
				strstr(err_message(err), "aGVsbG8K"));
		err_free(err);
		release(&line);
	}
}

static void blanks_secrets(void)
{
	struct line line;

	if (UNIT_OK(parse("--token=abc --token def", &line))) {
		UNIT_STR(line.values.secret, "def");
		UNIT_STR(line.argv[0], "--token=***");
		UNIT_STR(line.argv[2], "***");
	}
	release(&line);
	CU_ASSERT_PTR_NULL(line.values.secret);
}

/* There is room for the tables of each; where not, cli_tables aborts. */
static void knows_the_options_of_every_command(void)
{
	const struct option *all[CLI_MAX_TABLES + 1];

	for (const struct command *c = cli_commands(); c->name; c++) {
		size_t n = 0;

		all[CLI_MAX_TABLES] = cli_common_flags;
		cli_tables(c, all);
		while (all[n])
			n++;
		CU_ASSERT_FATAL(n >= 2 && n < CLI_MAX_TABLES);
		CU_ASSERT_PTR_EQUAL(all[n - 1], cli_kube_flags);
		CU_ASSERT_PTR_EQUAL(all[CLI_MAX_TABLES], cli_common_flags);
	}
}

const struct unit_suite unit_option = {
	.tests = { { "reads every spelling", reads_every_spelling },
		   { "reads values of each type", reads_values_of_each_type },
		   { "keeps arguments in order", keeps_arguments_in_order },
		   { "stops at the command", stops_at_the_command },
		   { "refuses what is wrong", refuses_what_is_wrong },
		   { "never quotes values", never_quotes_values },
		   { "blanks secrets", blanks_secrets },
		   { "knows the options of every command",
		     knows_the_options_of_every_command },
		   { NULL, NULL } },
};
