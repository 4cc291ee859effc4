/*
 * Help texts of validation and promotion.
 */
#include "cli/command.h"

const struct usage usage_validate = {
	.text = "Check the environment that runs the new key: the logs of its pods, the checks\n"
		"of validate: in keyrot.yaml (a suite, a Job, a probe), and the workloads of\n"
		"dependents:. Where all of it passes, the key is marked as validated on the\n"
		"Secret, which is what the next environment asks for. docs/validation.md has the\n"
		"rules.",
	.examples =
		(const struct example[]){
			{ "The environment that has this context",
			  "kubectl keyrot validate --context aether-staging" },
			{ "All targets of an environment",
			  "kubectl keyrot validate --env staging" },
			{ "Only look",
			  "kubectl keyrot validate --env staging --no-mark" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_validate_flags,
			cli_verify_flags,
			cli_secret_flags,
			cli_consumer_flags,
			NULL,
		},
};

const struct usage usage_retire = {
	.text = "Drop the previous key from every keyring (secret.mode: keyring), and restart\n"
		"what uses it, so that no pod has it any more. Refused while a pod from before\n"
		"the promotion runs, while it is not recorded that data were encrypted anew, and\n"
		"while the probe of retire: in keyrot.yaml does not say that nobody needs it. The\n"
		"key stays in the store. docs/keyring.md has the rules.",
	.examples =
		(const struct example[]){
			{ "Everywhere that keyrot.yaml says",
			  "kubectl keyrot retire" },
			{ "What holds which key, before",
			  "kubectl keyrot status" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_store_flags,
			cli_consumer_flags,
			cli_retire_flags,
			cli_timeout_flags,
			cli_operator_flags,
			NULL,
		},
};

const struct usage usage_promote = {
	.text = "Take the key that an environment runs to the next one: it has to be marked as\n"
		"validated there, and is read back from the store by its fingerprint. What\n"
		"follows is what a rotation does in that environment, with all its rules:\n"
		"requires and within, window, clusterID, confirmation; then Secret, restart,\n"
		"rollout, logs, validation, soak, dependents, ledger. `resume` goes on with it,\n"
		"`rollback` undoes it.",
	.examples =
		(const struct example[]){
			{ "To the one environment that follows another",
			  "kubectl keyrot promote" },
			{ "By name", "kubectl keyrot promote --to production" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_promote_flags,
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
