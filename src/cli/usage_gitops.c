/*
 * Help text of gitops.
 */
#include "cli/command.h"

const struct usage usage_gitops = {
	.text = "Rotations where Argo CD brings Git to the clusters. Git holds everything about\n"
		"the Secret but the key.\n\n"
		"  check     the working tree and the whole history hold no key: searched by\n"
		"            the fingerprints of all known keys and by their shape\n\n"
		"What is found is exit code 6, told by commit, path and line, never by its text.\n"
		"A history that could not be looked at as a whole is exit code 6, too.\n"
		"docs/gitops.md has the rules.",
	.examples =
		(const struct example[]){
			{ "Does this repository hold a key?",
			  "kubectl keyrot gitops check" },
			{ "In a pipeline without access to clusters and store",
			  "kubectl keyrot gitops check --offline" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_gitops_flags,
			cli_secret_flags,
			cli_store_flags,
			NULL,
		},
};
