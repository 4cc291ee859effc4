/*
 * Help text of `schedule`.
 */
#include "cli/command.h"

const struct usage usage_schedule = {
	.text = "Remind of the next rotation, which follows from the last one, as "
		"clusters and\nledger know it: by an iCalendar file (ics), in a "
		"calendar on a server (caldav),\nby exit code 6 and metrics "
		"(check), from within the cluster (cronjob).",
	.examples =
		(const struct example[]){
			{ "A reminder every quarter, a week before and on the "
			  "day",
			  "kubectl keyrot schedule ics --file keyrot.ics" },
			{ "In the team's calendar; the password is in a file",
			  "kubectl keyrot schedule caldav --login ops \\\n"
			  "      --password-from file:ops.password \\\n"
			  "      --url https://dav.example/team/ops" },
			{ "In a script, or from cron beside node_exporter",
			  "kubectl keyrot schedule check --max-age 90d \\\n"
			  "      --metrics /var/lib/node_exporter/keyrot.prom" },
			{ "In the cluster, every morning",
			  "kubectl keyrot schedule cronjob \\\n"
			  "      --image registry.example/keyrot:" KR_VERSION
			  " |\n      kubectl apply -f -" },
			{ NULL, NULL },
		},
	.tables =
		(const struct option *const[]){
			cli_ledger_path_flags,
			cli_schedule_flags,
			cli_secret_flags,
			NULL,
		},
};
