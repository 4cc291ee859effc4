/*
 * Help texts of the commands that set up.
 */
#include "cli/command.h"

const struct usage usage_init = {
	.text = "Write a commented keyrot.yaml, filled in from what the "
		"clusters show: Secrets\nwith entries that look like keys, the "
		"workloads that use them, contexts that\nare staging and "
		"production by their names, Prometheus and Argo CD, and the\n"
		"Secret's manifest below deploy/. Values are judged in memory; "
		"none is shown or\nwritten. No cluster is changed. What cannot "
		"be seen is asked, on a terminal;\nelsewhere the flag that "
		"answers it is named. Run again it changes nothing.",
	.examples =
		(const struct example[]){
			{ "Look, ask what cannot be seen, write ./keyrot.yaml",
			  "kubectl keyrot init" },
			{ "In a script",
			  "kubectl keyrot init --yes --staging stg-eu "
			  "--production prod-eu" },
			{ "Only look", "kubectl keyrot init --dry-run" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_init_flags,
			cli_secret_flags,
			NULL,
		},
};
