/*
 * The end of a key, long after its rotation: the tables of `retire`. Their
 * functions are in steps_retire.c, and those of apply and rotate.
 */
#include "runbook/retire.h"

/* The previous key of one keyring, dropped; rows that apply has not. */
const struct step runbook_drop[] = {
	{
		.id = "prove-dropped",
		.title = "Prove that the key being dropped can be got back",
		.perform = step_prove_ring,
	},
	{
		.id = "drop-previous",
		.title = "Drop the previous key from the Secret",
		.kubectl = "kubectl --context %c -n %n patch secret/%s -p "
			   "'{\"data\":{\"%e_PREVIOUS\":null}}'",
		.flags = STEP_WRITES,
		.observe = step_is_dropped,
		.perform = step_drop,
	},
	{
		.id = "restart",
		.title = "Restart the workloads, so that no pod has it",
		.kubectl = "kubectl --context %c -n %n rollout restart %w",
		.flags = STEP_WRITES | STEP_AT_ONCE | STEP_RESTARTS,
		.observe = step_is_restarted,
		.perform = step_restart,
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

/* The previous key of a keyring, dropped where nobody needs it. */
const struct rotate_step runbook_retire[] = {
	{
		.id = "preflight",
		.title = "Look at every cluster before anything is changed",
		.flags = ROTATE_LOOKS,
		.from = "read",
		.to = "check",
	},
	{
		.id = "needed",
		.title = "See whether anything needs the previous key still",
		.flags = ROTATE_LOOKS,
		.once = rotate_needed,
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
		.id = "look-again",
		.title = "Look at it as it is now",
		.flags = ROTATE_EACH_ENVIRONMENT,
		.from = "read",
		.to = "check",
	},
	{
		.id = "still-needed",
		.title = "See again whether any pod needs it",
		.flags = ROTATE_EACH_ENVIRONMENT,
		.environment = rotate_still_needed,
	},
	{
		.id = "prove-dropped",
		.title = "Prove that the key being dropped can be got back",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_IN_TURN,
		.from = "prove-dropped",
		.to = "prove-dropped",
	},
	{
		.id = "retire",
		.title = "Drop it, restart, follow the rollout",
		.flags = ROTATE_EACH_ENVIRONMENT | ROTATE_EACH_WAVE |
			 ROTATE_RESTARTS,
		.from = "drop-previous",
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
