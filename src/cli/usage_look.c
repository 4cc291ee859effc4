/*
 * Help texts of the commands that look, and of those about the program.
 */
#include "cli/command.h"

const struct usage usage_plan = {
	.text = "Show every step that apply would take, what each finds, and "
		"the kubectl\ncommand it stands for. Nothing is changed. "
		"With rotate, promote, rollback or retire:\nthe whole runbook, "
		"for the environments of keyrot.yaml; no cluster is asked.",
	.examples =
		(const struct example[]){
			{ "What would be done in staging?",
			  "kubectl keyrot plan --context aether-staging" },
			{ "The whole runbook, environment after environment",
			  "kubectl keyrot plan rotate" },
			{ "The same for a program to read",
			  "kubectl keyrot plan --context aether-staging -o "
			  "json" },
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

const struct usage usage_status = {
	.text = "Show which key each environment, Secret and pod runs, how old "
		"it is, who\nrotated it, and where the environments differ. "
		"Keys are shown as the first\ndigits of their fingerprint.",
	.examples =
		(const struct example[]){
			{ "Every environment of keyrot.yaml, or the current "
			  "context",
			  "kubectl keyrot status" },
			{ "One cluster, with the fingerprint of every pod",
			  "kubectl keyrot status --context aether-production "
			  "-o json" },
			{ "While somebody rotates",
			  "kubectl keyrot status --watch" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_status_flags,
			cli_secret_flags,
			cli_consumer_flags,
			NULL,
		},
};

const struct usage usage_doctor = {
	.text = "Check what a rotation needs: access to the cluster, the "
		"store, tools, other\nowners of the Secret and what they "
		"would do, and what a rotation by hand left\nbehind. Nothing "
		"is changed. What is missing is printed as a Role to apply.",
	.examples =
		(const struct example[]){
			{ "Before the maintenance window",
			  "kubectl keyrot doctor --context "
			  "aether-production" },
			{ "With the store that will be used",
			  "kubectl keyrot doctor --context aether-staging "
			  "--store pass" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_store_flags,
			cli_secret_flags,
			cli_consumer_flags,
			NULL,
		},
};

const struct usage usage_ledger = {
	.text = "Show the record of past rotations, check that nobody changed "
		"it, or export it.\n\n  show [ROTATION]    who did what, when, "
		"with which result (the default)\n  verify             the "
		"chain, the signed checkpoints, and what clusters and\n"
		"                     the store remember of it\n  export "
		"[ROTATION]  CSV; with -o json the records themselves\n  import "
		"FILE.csv    a record that the team kept before: its "
		"columns are in\n                     docs/ledger.md\n\nA "
		"ledger "
		"that was changed or cut is exit code 6, with the number of the "
		"line.",
	.examples =
		(const struct example[]){
			{ "Was it changed?", "kubectl keyrot ledger verify" },
			{ "The same without any cluster, and with signers from "
			  "elsewhere",
			  "kubectl keyrot ledger verify --offline --signers "
			  "FILE" },
			{ "For the auditor's spreadsheet",
			  "kubectl keyrot ledger export >rotations.csv" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_ledger_path_flags,
			cli_ledger_flags,
			cli_store_flags,
			cli_secret_flags,
			NULL,
		},
};

const struct usage usage_report = {
	.text = "One rotation as a page: what happened when, which key each "
		"Secret and pod runs,\nthe soak's charts and verdicts, rules "
		"set aside, whether the ledger is unchanged,\nwhat is not "
		"known, and what to do next. Without an id: the newest one. A "
		"roll-back\nstands in the report of what it undid.\n\nIt is "
		"made from the ledger, the journals of this machine and what "
		"the run ended\nwith; clusters and store are asked for the "
		"ledger's anchors alone (--offline: not\nat all). The HTML is "
		"one file, without script, and needs no network.",
	.examples =
		(const struct example[]){
			{ "The newest rotation, to read here",
			  "kubectl keyrot report" },
			{ "For the auditor: one file",
			  "kubectl keyrot report kr-20261122-7f3a9c --file "
			  "rotation.html" },
			{ "In the browser", "kubectl keyrot report --open" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_report_flags,
			cli_ledger_path_flags,
			cli_ledger_flags,
			cli_store_flags,
			cli_secret_flags,
			NULL,
		},
};

const struct usage usage_completion = {
	.text = "Print the completion script of a shell, for kubectl-keyrot "
		"called by its file\nname. For `kubectl keyrot`, kubectl's own "
		"completion asks the program\nkubectl_complete-keyrot, which "
		"`make install` puts beside kubectl-keyrot.",
	.examples =
		(const struct example[]){
			{ "For this shell",
			  "source <(kubectl-keyrot completion bash)" },
			{ "For every fish",
			  "kubectl-keyrot completion fish |\n      tee "
			  "~/.config/fish/completions/kubectl-keyrot.fish" },
			{ NULL, NULL },
		},
};

const struct usage usage_version = {
	.text = "Print the version. No cluster is asked.",
	.examples =
		(const struct example[]){
			{ "For people", "kubectl keyrot version" },
			{ "For a program", "kubectl keyrot version -o json" },
			{ NULL, NULL },
		},
};

const struct usage usage_help = {
	.text = "Help for a command, or the list of commands.",
	.examples =
		(const struct example[]){
			{ "What can be done", "kubectl keyrot help" },
			{ "The flags and examples of one command",
			  "kubectl keyrot help version" },
			{ NULL, NULL },
		},
};

const struct usage usage_options = {
	.text = "List the flags that every command takes.",
	.examples =
		(const struct example[]){
			{ "All of them", "kubectl keyrot options" },
			{ NULL, NULL },
		},
};
