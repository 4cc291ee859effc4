/*
 * Help texts of the commands that run the whole runbook.
 */
#include "cli/command.h"

const struct usage usage_rotate = {
	.text = "Generate a key, store it and read it back; then, environment after environment\n"
		"as keyrot.yaml orders them: write the Secret, restart what uses it, follow the\n"
		"rollout, verify the logs, run the integration suite. It can be interrupted at\n"
		"any moment: `kubectl keyrot resume` goes on.",
	.examples =
		(const struct example[]){
			{ "Everything that keyrot.yaml says",
			  "kubectl keyrot rotate" },
			{ "For a script: one JSON object a line",
			  "kubectl keyrot rotate -o jsonl" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
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

const struct usage usage_resume = {
	.text = "Go on with a rotation that was interrupted, from what the clusters and the\n"
		"store say. Steps that are done are seen and skipped; nothing is restarted\n"
		"twice for the same key. On another machine, or with the journal lost, the\n"
		"Leases, the Secrets' annotations and the store tell which one it is.",
	.examples =
		(const struct example[]){
			{ "The one that has not ended",
			  "kubectl keyrot resume" },
			{ "By its id, where several were begun",
			  "kubectl keyrot resume kr-20261122-7f3a9c" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_store_flags,
			cli_consumer_flags,
			cli_rotate_flags,
			cli_approve_flags,
			cli_timeout_flags,
			cli_operator_flags,
			NULL,
		},
};

const struct usage usage_rollback = {
	.text = "Put the previous key back wherever the rotation's key went, last environment\n"
		"first: it is read back from the store and checked against the fingerprint that\n"
		"the cluster recorded, written, and rolled out until no pod of the new key is\n"
		"left. It works on a half-done rotation and on a stuck rollout.",
	.examples =
		(const struct example[]){
			{ "The last rotation", "kubectl keyrot rollback" },
			{ "By its id, also from another machine",
			  "kubectl keyrot rollback kr-20261122-7f3a9c" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_store_flags,
			cli_consumer_flags,
			cli_rotate_flags,
			cli_timeout_flags,
			cli_operator_flags,
			NULL,
		},
};
