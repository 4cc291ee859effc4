/*
 * kubectl keyrot: the runbook, as a table whose rows are its steps.
 *
 * Each row says what is done, the kubectl command it stands for, how to see
 * that nothing is left to do, and what does it. `kubectl keyrot plan` prints
 * these rows; src/runbook/ holds the functions and the engine that runs them.
 */
#include "base/stop.h"
#include "cli/command.h"
#include "runbook/step.h"
#include "secret/wipe.h"

static const struct step apply[] = {
	{
		.id = "read",
		.title =
			"Read the Secret, the workloads that use it, and their pods",
		.kubectl = "kubectl --context %c -n %n get secret/%s "
			   "deployments,statefulsets,daemonsets,cronjobs,pods",
		.perform = step_read,
	},
	{
		.id = "check",
		.title = "Check that the change is allowed",
		.kubectl = "kubectl --context %c -n %n get secret/%s "
			   "--show-managed-fields -o yaml",
		.perform = step_check,
	},
	{
		.id = "store-key",
		.title = "Put the key into the store and read it back",
		.perform = step_store_key,
	},
	{
		.id = "prove-previous",
		.title = "Prove that the key being replaced can be got back",
		.perform = step_prove_previous,
	},
	{
		.id = "write-secret",
		.title = "Write the Secret",
		.kubectl =
			"kubectl --context %c -n %n create secret generic %s "
			"--from-literal=%e=... --dry-run=client -o yaml | "
			"kubectl --context %c -n %n apply -f -",
		.flags = STEP_WRITES,
		.observe = step_is_written,
		.perform = step_write,
	},
	{
		.id = "restart",
		.title = "Restart the workloads that use it",
		.kubectl = "kubectl --context %c -n %n rollout restart %w",
		.flags = STEP_WRITES | STEP_AT_ONCE | STEP_RESTARTS,
		.observe = step_is_restarted,
		.perform = step_restart,
	},
	{
		.id = "drop-last-applied",
		.title = "Remove the copy of the key that kubectl left behind",
		.kubectl = "kubectl --context %c -n %n annotate secret/%s "
			   "kubectl.kubernetes.io/last-applied-configuration-",
		.flags = STEP_WRITES | STEP_AT_ONCE,
		.observe = step_is_clean,
		.perform = step_clean,
	},
	{
		.id = "rollout",
		.title =
			"Follow the rollout until every pod is new and no old one is left",
		.kubectl = "kubectl --context %c -n %n rollout status %w",
		.flags = STEP_WAITS,
		.perform = step_follow,
	},
	{ .id = NULL },
};

int main(int argc, char **argv)
{
	static const struct runbook runbook = { .apply = apply };

	harden_process();
	stop_install();
	return cli_main(argc, argv, &runbook);
}
