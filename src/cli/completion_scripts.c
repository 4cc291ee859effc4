/*
 * The completion scripts of the shells: each asks the program, by the words
 * that were typed.
 */
#include <string.h>

#include "cli/command.h"

static const char bash_script[] =
	"# Completion of kubectl-keyrot for bash:\n"
	"#   source <(kubectl-keyrot completion bash)\n"
	"_kubectl_keyrot()\n"
	"{\n"
	"\tlocal line directive=0 i rest=$COMP_LINE typed=\"\"\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]}\n"
	"\tlocal -a words=()\n"
	"\t# bash splits words at '=' and ':': what no blank parts is one word.\n"
	"\tfor ((i = 0; i <= COMP_CWORD; i++)); do\n"
	"\t\tline=${COMP_WORDS[i]}\n"
	"\t\tif [[ $i -gt 0 && $rest != [[:blank:]]* && ( -n $rest || -z $line ) ]]; then\n"
	"\t\t\twords[-1]+=$line\n"
	"\t\telse\n"
	"\t\t\twords+=(\"$line\")\n"
	"\t\tfi\n"
	"\t\trest=${rest#\"${rest%%[![:blank:]]*}\"}\n"
	"\t\trest=${rest#\"$line\"}\n"
	"\tdone\n"
	"\t[[ $current == [=:] ]] && current=\"\"\n"
	"\ttyped=${words[-1]%\"$current\"}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tif [[ $line == :[0-9]* ]]; then\n"
	"\t\t\tdirective=${line#:}\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tline=${line%%$'\\t'*}\n"
	"\t\tline=${line#\"$typed\"}\n"
	"\t\t[[ $line == \"$current\"* ]] || continue\n"
	"\t\tif [[ $line == *[![:alnum:]@%+=:,./_-]* ]]; then\n"
	"\t\t\tprintf -v line %q \"$line\"\n"
	"\t\tfi\n"
	"\t\tCOMPREPLY+=(\"$line\")\n"
	"\tdone < <(kubectl-keyrot __complete \"${words[@]:1}\" 2>/dev/null)\n"
	"\tif [[ ${#COMPREPLY[@]} -eq 0 && $directive -eq 0 ]]; then\n"
	"\t\tcompopt -o filenames\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
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
	"\tlocal -a found open\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tif [[ $line == :[0-9]* ]]; then\n"
	"\t\t\tdirective=${line#:}\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tline=${line//:/\\\\:}\n"
	"\t\tif [[ ${line%%$'\\t'*} == *= ]]; then\n"
	"\t\t\topen+=(\"${line/$'\\t'/:}\")\n"
	"\t\telse\n"
	"\t\t\tfound+=(\"${line/$'\\t'/:}\")\n"
	"\t\tfi\n"
	"\tdone < <(kubectl-keyrot __complete \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)\n"
	"\tif (( ${#found} + ${#open} )); then\n"
	"\t\t(( ${#found} )) && _describe -t values 'kubectl keyrot' found\n"
	"\t\t(( ${#open} )) && _describe -t flags 'kubectl keyrot' open -S ''\n"
	"\telif (( directive == 0 )); then\n"
	"\t\tcompset -P '--*='\n"
	"\t\t_files\n"
	"\tfi\n"
	"}\n"
	"# In a file of $fpath, this is the function itself.\n"
	"if [[ $funcstack[1] == _kubectl-keyrot ]]; then\n"
	"\t_kubectl_keyrot \"$@\"\n"
	"else\n"
	"\tcompdef _kubectl_keyrot kubectl-keyrot\n"
	"fi\n";

static const char fish_script[] =
	"# Completion of kubectl-keyrot for fish:\n"
	"#   kubectl-keyrot completion fish | source\n"
	"function __kubectl_keyrot\n"
	"\tset -l words (commandline -opc) (commandline -ct)\n"
	"\tset -l found\n"
	"\tset -l directive 0\n"
	"\tfor line in (kubectl-keyrot __complete $words[2..-1] 2>/dev/null)\n"
	"\t\tif string match -qr '^:[0-9]+$' -- $line\n"
	"\t\t\tset directive (string sub -s 2 -- $line)\n"
	"\t\telse\n"
	"\t\t\tset -a found $line\n"
	"\t\tend\n"
	"\tend\n"
	"\tif set -q found[1]\n"
	"\t\tprintf '%s\\n' $found\n"
	"\telse if test $directive = 0\n"
	"\t\tset -l flag (string match -r '^--[^=]*=' -- $words[-1]; or echo)\n"
	"\t\tfor path in (__fish_complete_path (string replace -r '^--[^=]*=' '' -- $words[-1]))\n"
	"\t\t\techo $flag$path\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c kubectl-keyrot -f -a '(__kubectl_keyrot)'\n";

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
