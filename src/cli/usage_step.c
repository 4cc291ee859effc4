/*
 * Help texts of the commands that run one step of the runbook.
 */
#include "cli/command.h"

const struct usage usage_generate = {
	.text = "Make a fresh key and put it into the store. It is never shown "
		"on a terminal\nunless that is asked for; what is printed is "
		"its entry and its fingerprint.",
	.examples =
		(const struct example[]){
			{ "A new entry in the store; apply takes the newest",
			  "kubectl keyrot generate" },
			{ "Into a new file that only you can read",
			  "kubectl keyrot generate --key-file new.key" },
			{ "Straight on, with no file in between",
			  "kubectl keyrot generate --stdout |\n      kubectl "
			  "keyrot apply --key-file - --context aether-staging" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_generate_flags,
			cli_terminal_flags,
			cli_store_flags,
			cli_secret_flags,
			cli_operator_flags,
			NULL,
		},
};

const struct usage usage_render = {
	.text = "Print the Secret's manifest, key included, for kubectl apply "
		"or kubectl diff.\nkubectl apply without --server-side keeps "
		"a second copy of the key in an\nannotation of the Secret: use "
		"--server-side, or `kubectl keyrot apply`.",
	.examples =
		(const struct example[]){
			{ "See what would change",
			  "kubectl keyrot render | kubectl diff "
			  "--server-side -f -" },
			{ "Apply it by hand",
			  "kubectl keyrot render | kubectl apply "
			  "--server-side -f -" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_key_flags,
			cli_store_flags,
			cli_secret_flags,
			cli_terminal_flags,
			cli_operator_flags,
			NULL,
		},
};

const struct usage usage_apply = {
	.text = "Write a key to the Secret of one context, restart what uses "
		"it, and follow the\nrollout until every pod runs the new key "
		"and no older pod is left.\n\nThe key comes from --key-file, "
		"else --from-store, else the environment variable\nnamed like "
		"the entry (SECRET_ENCRYPTION_KEY), else the store's newest "
		"entry. A\nkey that the store does not hold yet is put there "
		"first; so is the key that is\nreplaced. What is applied is "
		"what was read back from the store.",
	.examples =
		(const struct example[]){
			{ "The runbook's habit",
			  "export SECRET_ENCRYPTION_KEY=\"$(openssl rand "
			  "-base64 32)\"\n  kubectl keyrot apply --context "
			  "aether-staging" },
			{ "The same key to production, from the store",
			  "kubectl keyrot apply --context aether-production "
			  "--from-store" },
			{ "Let the server check it, change nothing",
			  "kubectl keyrot apply --context aether-staging "
			  "--dry-run=server" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_key_flags,
			cli_store_flags,
			cli_secret_flags,
			cli_consumer_flags,
			cli_write_flags,
			cli_rollout_flags,
			cli_operator_flags,
			NULL,
		},
};

const struct usage usage_verify = {
	.text = "Read the logs of exactly the pods that run the new key: every "
		"expected line must\ncome from each of them, no forbidden one "
		"from any, no container may have\nrestarted, and the key itself "
		"must not stand in a log.",
	.examples =
		(const struct example[]){
			{ "With the patterns of keyrot.yaml",
			  "kubectl keyrot verify --context aether-staging" },
			{ "With patterns of your own",
			  "kubectl keyrot verify --context aether-staging \\\n"
			  "      --expect 'self-test ok' --forbid "
			  "'decrypt.*failed' --within 2m" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_verify_flags,
			cli_secret_flags,
			cli_consumer_flags,
			NULL,
		},
};

const struct usage usage_soak = {
	.text = "Watch the metrics of keyrot.yaml, the pods, the Secret and the "
		"logs for a fixed\ntime, and say pass, fail, inconclusive or "
		"error. Only a pass ends with 0: what could\nnot be seen has "
		"not passed. After Ctrl-C the same command goes on with the "
		"same\nclock.",
	.examples =
		(const struct example[]){
			{ "As keyrot.yaml says it for this context",
			  "kubectl keyrot soak --context aether-production" },
			{ "A shorter look, by way of a port-forward",
			  "kubectl keyrot soak --context aether-staging \\\n"
			  "      --for 5m --every 10s --prometheus "
			  "http://127.0.0.1:9090" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_soak_flags,
			cli_secret_flags,
			cli_consumer_flags,
			NULL,
		},
};
