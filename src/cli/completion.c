/*
 * Completion: the scripts of the shells, and the protocol that they and
 * kubectl speak to the program.
 *
 * `__complete WORD...` gets the words after the command's name, the last of
 * which is being completed. It prints a candidate a line, a tab and a
 * description, and as last line ":" and a sum of bits: 2 no space after it, 4
 * no file names.
 */
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

#define DIRECTIVE_FILES	   0
#define DIRECTIVE_NO_FILES 4

static const char bash_script[] =
	"# Completion of kubectl-keyrot for bash:\n"
	"#   source <(kubectl-keyrot completion bash)\n"
	"_kubectl_keyrot()\n"
	"{\n"
	"\tlocal line directive=0 IFS=$'\\n'\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} typed=\"\"\n"
	"\tlocal -a words=(\"${COMP_WORDS[@]:1:COMP_CWORD}\") joined=()\n"
	"\t# bash splits --flag=value at the '=': put it together again.\n"
	"\tfor line in \"${words[@]}\"; do\n"
	"\t\tif [[ $line == = && ${#joined[@]} -gt 0 ]]; then\n"
	"\t\t\tjoined[-1]+==\n"
	"\t\telif [[ ${#joined[@]} -gt 0 && ${joined[-1]} == --*= ]]; then\n"
	"\t\t\tjoined[-1]+=$line\n"
	"\t\telse\n"
	"\t\t\tjoined+=(\"$line\")\n"
	"\t\tfi\n"
	"\tdone\n"
	"\t[[ $current == = ]] && current=\"\"\n"
	"\t[[ ${joined[-1]} == --*=* ]] && typed=${joined[-1]%%=*}=\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tif [[ $line == :[0-9]* ]]; then\n"
	"\t\t\tdirective=${line#:}\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tline=${line%%$'\\t'*}\n"
	"\t\tline=${line#\"$typed\"}\n"
	"\t\t[[ $line == \"$current\"* ]] && COMPREPLY+=(\"$line\")\n"
	"\tdone < <(kubectl-keyrot __complete \"${joined[@]}\" 2>/dev/null)\n"
	"\tif [[ ${#COMPREPLY[@]} -eq 0 && $directive -eq 0 ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -f -- \"$current\"))\n"
	"\tfi\n"
	"\tif [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then\n"
	"\t\tcompopt -o nospace\n"
	"\tfi\n"
	"}\n"
	"complete -F _kubectl_keyrot kubectl-keyrot\n";

static const char zsh_script[] =
	"#compdef kubectl-keyrot\n"
	"# Completion of kubectl-keyrot for zsh:\n"
	"#   source <(kubectl-keyrot completion zsh)\n"
	"_kubectl_keyrot()\n"
	"{\n"
	"\tlocal line directive=0\n"
	"\tlocal -a found\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tif [[ $line == :[0-9]* ]]; then\n"
	"\t\t\tdirective=${line#:}\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tline=${line//:/\\\\:}\n"
	"\t\tfound+=(\"${line/$'\\t'/:}\")\n"
	"\tdone < <(kubectl-keyrot __complete \"${(@)words[2,CURRENT]}\""
	" 2>/dev/null)\n"
	"\tif (( ${#found} )); then\n"
	"\t\t_describe -t values 'kubectl keyrot' found\n"
	"\telif (( directive == 0 )); then\n"
	"\t\t_files\n"
	"\tfi\n"
	"}\n"
	"compdef _kubectl_keyrot kubectl-keyrot\n";

static const char fish_script[] =
	"# Completion of kubectl-keyrot for fish:\n"
	"#   kubectl-keyrot completion fish | source\n"
	"function __kubectl_keyrot\n"
	"\tset -l words (commandline -opc) (commandline -ct)\n"
	"\tfor line in (kubectl-keyrot __complete $words[2..-1] 2>/dev/null)\n"
	"\t\tstring match -qr '^:[0-9]+$' -- $line; or echo $line\n"
	"\tend\n"
	"end\n"
	"complete -c kubectl-keyrot -a '(__kubectl_keyrot)'\n";

KR_FALLIBLE cmd_completion(struct cli_context *context, struct result *result)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = {
		{ "bash", bash_script },
		{ "zsh", zsh_script },
		{ "fish", fish_script },
	};

	(void)result;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		if (context->n_args == 1 &&
		    strcmp(context->args[0], scripts[i].shell) == 0) {
			out_puts(context->out, scripts[i].script);
			return NULL;
		}
	}
	return err_hint(err_new(KR_EUSAGE, "name the shell: bash, zsh or fish"),
			"kubectl keyrot completion bash");
}

struct completion {
	struct out *out;
	const struct command *command; /* NULL: not typed yet */
	const struct option *tables[CLI_MAX_TABLES];
	const char *word;	/* being completed */
	const char *kubeconfig; /* of --kubeconfig; NULL */
};

static void candidate(const struct completion *c, const char *before,
		      const char *name, const char *after,
		      const char *description)
{
	out_printf(c->out, "%s%s%s\t%s\n", before, name, after, description);
}

static void complete_flags(const struct completion *c)
{
	for (option_tables t = c->tables; *t; t++)
		for (const struct option *o = *t; o->name; o++)
			if (!o->hidden && strlen(o->name) > 1 &&
			    text_starts_with(o->name,
					     c->word + strspn(c->word, "-")))
				candidate(c, "--", o->name,
					  option_needs_value(o) ? "=" : "",
					  o->help);
}

static void complete_commands(const struct completion *c)
{
	for (const struct command *row = cli_commands(); row->name; row++)
		if (!(row->flags & COMMAND_HIDDEN) &&
		    text_starts_with(row->name, c->word))
			candidate(c, "", row->name, "", row->summary);
}

/* Names of the kubeconfig; without one there is nothing to offer. */
static void complete_kubeconfig(const struct completion *c,
				enum option_completion what, const char *before,
				const char *typed)
{
	struct kube_contexts contexts = { 0 };
	kr_cleanup(err_freep) struct err *err =
		kube_contexts_load(c->kubeconfig, &contexts);

	for (size_t i = 0; !err && i < contexts.count; i++) {
		const struct kube_context *k = &contexts.items[i];
		const char *name = what == COMPLETE_CONTEXT   ? k->name
				   : what == COMPLETE_CLUSTER ? k->cluster
							      : k->user;

		if (name && *name && text_starts_with(name, typed))
			candidate(c, before, name, "",
				  k->current ? "current" : "");
	}
	kube_contexts_release(&contexts);
}

/* `before` is what stands in front of the value: "" or "--output=". */
static int complete_value(const struct completion *c, const struct option *o,
			  const char *before, const char *typed)
{
	if (o->choices) {
		for (size_t i = 0; o->choices[i]; i++)
			if (text_starts_with(o->choices[i], typed))
				candidate(c, before, o->choices[i], "",
					  o->help);
		return o->type == OPTION_CHOICE ? DIRECTIVE_NO_FILES
						: DIRECTIVE_FILES;
	}
	if (o->completion != COMPLETE_FILE && o->completion != COMPLETE_NOTHING)
		complete_kubeconfig(c, o->completion, before, typed);
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

static void scan_words(struct completion *c, const char *const *words, int n)
{
	cli_tables(NULL, c->tables);
	for (int i = 0; i < n && !c->command; i++) {
		const struct option *o = option_before(c, words[i]);

		if (o)
			i++;
		else if (words[i][0] != '-')
			c->command = cli_find_command(words[i]);
	}
	cli_tables(c->command, c->tables);
	for (int i = 0; i < n; i++) {
		if (text_starts_with(words[i], "--kubeconfig="))
			c->kubeconfig = strchr(words[i], '=') + 1;
		else if (strcmp(words[i], "--kubeconfig") == 0 && i + 1 < n)
			c->kubeconfig = words[i + 1];
	}
}

static int complete_argument(const struct completion *c)
{
	static const char *const shells[] = { "bash", "zsh", "fish", NULL };

	if (!c->command || strcmp(c->command->name, "help") == 0) {
		complete_commands(c);
	} else if (strcmp(c->command->name, "completion") == 0) {
		for (size_t i = 0; shells[i]; i++)
			if (text_starts_with(shells[i], c->word))
				candidate(c, "", shells[i], "", "");
	}
	return DIRECTIVE_NO_FILES;
}

static int complete(struct completion *c, const char *const *words, int n)
{
	const struct option *o = n > 1 ? option_before(c, words[n - 2]) : NULL;
	const char *value = strchr(c->word, '=');

	if (o)
		return complete_value(c, o, "", c->word);
	if (c->word[0] == '-' && value) {
		kr_cleanup(str_freep) char *before =
			strndup(c->word, (size_t)(value + 1 - c->word));
		size_t skip = strspn(c->word, "-");

		o = option_find(c->tables, c->word + skip,
				(size_t)(value - c->word) - skip);
		if (!o || !before)
			return DIRECTIVE_NO_FILES;
		return complete_value(c, o, before, value + 1);
	}
	if (c->word[0] == '-') {
		complete_flags(c);
		return DIRECTIVE_NO_FILES;
	}
	return complete_argument(c);
}

KR_FALLIBLE cmd_complete(struct cli_context *context, struct result *result)
{
	struct completion c = { .out = context->out, .word = "" };
	int n = context->n_args;

	(void)result;
	if (n > 0)
		c.word = context->args[n - 1];
	scan_words(&c, context->args, n > 0 ? n - 1 : 0);
	out_printf(context->out, ":%d\n", complete(&c, context->args, n));
	return NULL;
}
