/*
 * Help text of gitops.
 */
#include "cli/command.h"

const struct usage usage_gitops = {
	.text = "Rotations where Argo CD brings Git to the clusters. Git holds everything about\n"
		"the Secret but the key.\n\n"
		"`check` looks whether the working tree or the history holds a key; `manifest`\n"
		"prints the Secret without it, and `manifest application` what Argo CD needs to\n"
		"leave it alone; `request` asks for a rotation, on a branch; `run` carries out\n"
		"what was merged, once, and waits until Argo CD is Synced and Healthy; `hook`\n"
		"prints PreSync and PostSync Jobs.\n\n"
		"What is found is exit code 6, and so is a history that is not whole.",
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
			cli_ledger_path_flags,
			cli_gitops_flags,
			cli_secret_flags,
			NULL,
		},
	.as = "rotate",
};
