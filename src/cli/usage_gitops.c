/*
 * Help text of gitops.
 */
#include "cli/command.h"

const struct usage usage_gitops = {
	.text = "Rotations where Argo CD brings Git to the clusters. Git holds everything about\n"
		"the Secret but the key.\n\n"
		"  check     the working tree and the whole history hold no key: searched by\n"
		"            the fingerprints of all known keys and by their shape\n"
		"  manifest  the Secret's manifest without the key; `manifest application`:\n"
		"            what the Application needs, so that Argo CD leaves the key alone\n"
		"  request   a file that asks for a rotation, on a branch for a pull request\n"
		"  run       in a pipeline: carry out the request that was merged, once; have\n"
		"            Argo CD sync, and wait until it is Synced and Healthy\n"
		"  hook      Jobs for Argo CD: PreSync (the Secret holds a key), PostSync (the\n"
		"            pods run it); with account and Role\n\n"
		"What is found is exit code 6, told by commit, path and line, never by its text.\n"
		"A history that could not be looked at as a whole is exit code 6, too.\n"
		"docs/gitops.md has the rules.",
	.examples =
		(const struct example[]){
			{ "Does this repository hold a key?",
			  "kubectl keyrot gitops check" },
			{ "In a pipeline without access to clusters and store",
			  "kubectl keyrot gitops check --offline" },
			{ "Ask for a rotation, by a pull request",
			  "kubectl keyrot gitops request --reason quarterly --push" },
			{ "After the merge, in the pipeline",
			  "kubectl keyrot gitops run" },
			{ "Jobs for Argo CD, before and after each sync",
			  "kubectl keyrot gitops hook --image registry.example/keyrot:0.1.0" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_gitops_flags,
			cli_secret_flags,
			cli_store_flags,
			cli_consumer_flags,
			cli_rotate_flags,
			cli_approve_flags,
			cli_new_flags,
			cli_timeout_flags,
			cli_operator_flags,
			NULL,
		},
};
