/*
 * kubectl keyrot: the runbook, as a table whose rows are its steps.
 *
 * Each row says what is done, the kubectl command it stands for, how to see
 * that nothing is left to do, and what does it. `kubectl keyrot plan` prints
 * these rows; src/runbook/ holds the functions and the engine that runs them.
 */
#include "base/stop.h"
#include "cli/command.h"
#include "runbook/retire.h"
#include "runbook/rotate.h"
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
		.id = "check-ring",
		.title = "Check that the keyring has room for another key",
		.flags = STEP_KEYRING,
		.perform = step_check_ring,
	},
	{
		.id = "add-next",
		.title = "Add the new key beside the current one",
		.kubectl = "kubectl --context %c -n %n patch secret/%s -p "
			   "'{\"stringData\":{\"%e_NEXT\":\"...\"}}'",
		.flags = STEP_WRITES | STEP_KEYRING,
		.observe = step_is_added,
		.perform = step_add,
	},
	{
		.id = "restart-next",
		.title = "Restart the workloads, so that they can read with it",
		.kubectl = "kubectl --context %c -n %n rollout restart %w",
		.flags = STEP_WRITES | STEP_AT_ONCE | STEP_RESTARTS |
			 STEP_KEYRING,
		.observe = step_is_next_restarted,
		.perform = step_restart,
	},
	{
		.id = "rollout-next",
		.title = "Follow the rollout until every pod has it",
		.kubectl = "kubectl --context %c -n %n rollout status %w",
		.flags = STEP_WAITS | STEP_KEYRING,
		.observe = step_is_next_there,
		.perform = step_follow,
	},
	{
		.id = "promote-key",
		.title =
			"Make it the current key; keep the one before beside it",
		.kubectl =
			"kubectl --context %c -n %n patch secret/%s -p "
			"'{\"stringData\":{\"%e\":\"...\",\"%e_PREVIOUS\":\"...\"},"
			"\"data\":{\"%e_NEXT\":null}}'",
		.flags = STEP_WRITES | STEP_KEYRING,
		.observe = step_is_promoted,
		.perform = step_promote,
	},
	{
		.id = "write-secret",
		.title = "Write the Secret",
		.kubectl =
			"kubectl --context %c -n %n create secret generic %s "
			"--from-literal=%e=... --dry-run=client -o yaml | "
			"kubectl --context %c -n %n apply -f -",
		.flags = STEP_WRITES | STEP_SINGLE,
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
	{
		.id = "ledger",
		.title = "Write the secrets ledger",
		.flags = STEP_WRITES | STEP_AT_ONCE | STEP_LEDGER,
		.perform = step_ledger,
	},
	{ .id = NULL },
};

/*
 * A rotation through all environments. Rows with from/to are rows of the table
 * above, for every target of the environment, side by side.
 */
static const struct rotate_step rotate[] = {
	{
		.id = "preflight",
		.title = "Look at every cluster before anything is changed",
		.flags = ROTATE_LOOKS,
		.from = "read",
		.to = "check",
	},
	{
		.id = "find-promoted",
		.title = "Find the key that the environment before it runs",
		.flags = ROTATE_LOOKS | ROTATE_PROMOTION,
		.once = rotate_find_promoted,
	},
	{
		.id = "keyring",
		.title = "Check that every keyring has room for another key",
		.flags = ROTATE_LOOKS | ROTATE_KEYRING,
		.from = "check-ring",
		.to = "check-ring",
	},
	{
		.id = "before",
		.title =
			"See what the clusters allow and the ledger takes, and what soaks compare with",
		.flags = ROTATE_LOOKS,
		.once = rotate_before,
	},
	{
		.id = "lock",
		.title = "Take the Leases: one rotation at a time",
		.flags = ROTATE_LOOKS,
		.once = rotate_lock,
	},
	{
		.id = "notify-start",
		.title = "Say that it begins",
		.flags = ROTATE_REMEMBERED,
		.once = rotate_notify_start,
	},
	{
		.id = "prove-previous",
		.title = "Prove that every key being replaced can be got back",
		.flags = ROTATE_IN_TURN,
		.from = "prove-previous",
		.to = "prove-previous",
	},
	{
		.id = "new-key",
		.title = "Generate a key, store it, and read it back",
		.kubectl = "openssl rand -base64 32",
		.flags = ROTATE_FRESH_KEY,
		.once = rotate_new_key,
	},
	{
		.id = "promoted-key",
		.title = "Read it back from the store, by its fingerprint",
		.flags = ROTATE_PROMOTION,
		.once = rotate_promoted_key,
	},
	{
		.id = "look-again",
		.title = "Look at it as it is now",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_EACH_WAVE,
		.from = "read",
		.to = "check",
	},
	{
		.id = "prove-again",
		.title =
			"Prove again that the key being replaced can be got back",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_EACH_WAVE |
			 ROTATE_IN_TURN,
		.from = "prove-previous",
		.to = "prove-previous",
	},
	{
		.id = "admit",
		.title = "Check that the environment may have it",
		.flags = ROTATE_EACH_ENVIRONMENT,
		.environment = rotate_admit,
	},
	{
		.id = "intent",
		.title = "Write into the ledger what is about to be done",
		.flags = ROTATE_EACH_ENVIRONMENT,
		.environment = rotate_intent,
	},
	{
		.id = "add-key",
		.title =
			"Add the new key beside the current one, until every pod has it",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_EACH_WAVE |
			 ROTATE_RESTARTS | ROTATE_KEYRING,
		.from = "check-ring",
		.to = "rollout-next",
	},
	{
		.id = "apply",
		.title = "Write the Secret, restart, follow the rollout",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_EACH_WAVE |
			 ROTATE_RESTARTS,
		.from = "promote-key",
		.to = "rollout",
	},
	{
		.id = "verify",
		.title = "Verify the logs of the pods that run the new key",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_EACH_WAVE |
			 ROTATE_REMEMBERED,
		.environment = rotate_verify,
	},
	{
		.id = "reencrypt",
		.title = "Encrypt anew what the key before encrypted",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_EACH_WAVE |
			 ROTATE_REMEMBERED | ROTATE_KEYRING,
		.environment = rotate_reencrypt,
	},
	{
		.id = "validate",
		.title = "Run the integration suite",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_REMEMBERED,
		.environment = rotate_validate,
	},
	{
		.id = "mark",
		.title = "Mark the key as validated, for the next environment",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_REMEMBERED,
		.environment = rotate_mark,
	},
	{
		.id = "soak",
		.title = "Watch error rate and latency",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_REMEMBERED,
		.environment = rotate_soak,
	},
	{
		.id = "dependents",
		.title = "Check the services that depend on it",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_REMEMBERED,
		.environment = rotate_dependents,
	},
	{
		.id = "ledger",
		.title = "Write the secrets ledger",
		.flags = ROTATE_ALWAYS,
		.once = rotate_ledger,
	},
	{
		.id = "notify",
		.title = "Notify",
		.flags = ROTATE_ALWAYS,
		.once = rotate_notify_end,
	},
	{
		.id = "release",
		.title = "Give the Leases back",
		.flags = ROTATE_ALWAYS,
		.once = rotate_release_locks,
	},
	{ .id = NULL },
};

/* The proven previous key, wherever the new one went; last environment first.
 */
static const struct rotate_step rollback[] = {
	{
		.id = "preflight",
		.title = "See which clusters hold the key",
		.flags = ROTATE_LOOKS,
		.from = "read",
		.to = "check",
	},
	{
		.id = "find-previous",
		.title = "Find out which key was there before",
		.flags = ROTATE_LOOKS,
		.once = rotate_find_previous,
	},
	{
		.id = "lock",
		.title = "Take the Leases: one rotation at a time",
		.flags = ROTATE_LOOKS,
		.once = rotate_lock,
	},
	{
		.id = "notify-start",
		.title = "Say that it begins",
		.flags = ROTATE_REMEMBERED,
		.once = rotate_notify_start,
	},
	{
		.id = "previous-key",
		.title = "Read the previous key back from the store",
		.once = rotate_previous_key,
	},
	{
		.id = "prove-replaced",
		.title = "Prove that the key being replaced can be got back",
		.flags = ROTATE_IN_TURN,
		.from = "prove-previous",
		.to = "prove-previous",
	},
	{
		.id = "apply",
		.title = "Write the Secret, restart, follow the rollout",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_RESTARTS,
		.from = "add-next",
		.to = "rollout",
	},
	{
		.id = "ledger",
		.title = "Write the secrets ledger",
		.flags = ROTATE_ALWAYS,
		.once = rotate_ledger,
	},
	{
		.id = "notify",
		.title = "Notify",
		.flags = ROTATE_ALWAYS,
		.once = rotate_notify_end,
	},
	{
		.id = "release",
		.title = "Give the Leases back",
		.flags = ROTATE_ALWAYS,
		.once = rotate_release_locks,
	},
	{ .id = NULL },
};

int main(int argc, char **argv)
{
	static const struct runbook runbook = {
		.apply = apply,
		.rotate = rotate,
		.rollback = rollback,
		.drop = runbook_drop,
		.retire = runbook_retire,
	};

	harden_process();
	stop_install();
	return cli_main(argc, argv, &runbook);
}
