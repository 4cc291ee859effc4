/*
 * Safety rules that were set aside. A flag alone sets nothing aside: what is
 * noted is the rule that would have refused. The journal keeps it, since the
 * process that goes on may find that nothing stands against it any more.
 */
#include <string.h>

#include "runbook/rotate.h"

static const struct {
	enum run_override rule;
	const char *flag;
} flags[RUN_MAX_OVERRIDES - 1] = {
	{ OVERRIDE_INSECURE_TLS, "--allow-insecure-tls" },
	{ OVERRIDE_OTHER_CLUSTER, "--allow-other-cluster" },
	{ OVERRIDE_OUTSIDE_WINDOW, "--allow-outside-window" },
	{ OVERRIDE_UNVALIDATED, "--allow-unvalidated" },
	{ OVERRIDE_OLDER_PODS, "--allow-older-pods" },
	{ OVERRIDE_NOT_REENCRYPTED, "--allow-not-reencrypted" },
	{ OVERRIDE_NEEDED_PREVIOUS, "--allow-needed-previous" },
	{ OVERRIDE_OWNERSHIP, "--take-ownership" },
};

void rotate_set_aside(struct rotate_env *env, enum run_override rule)
{
	for (size_t i = 0; i < env->count; i++)
		env->targets[i].run.overrides |= rule;
}

static bool is_noted(const struct rotation *rotation,
		     const struct rotate_target *target, const char *flag)
{
	return rotation->journal &&
	       journal_has(rotation->journal, JOURNAL_OVERRIDE, flag,
			   target->env->name, target->context);
}

static struct err *note_target(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	struct err *err = NULL;

	(void)user;
	for (size_t i = 0; !err && i < RUN_MAX_OVERRIDES - 1; i++) {
		const struct journal_line line = {
			.event = JOURNAL_OVERRIDE,
			.step = flags[i].flag,
			.environment = target->env->name,
			.context = target->context,
		};

		if (target->run.overrides & flags[i].rule &&
		    !is_noted(rotation, target, line.step))
			err = journal_add(rotation->journal, &line);
	}
	return err;
}

KR_FALLIBLE rotation_note_overrides(struct rotation *rotation)
{
	return rotation_for_targets(rotation, NULL, true, note_target, NULL);
}

static bool holds(const struct rotation *rotation,
		  const struct rotate_target *target, size_t flag)
{
	return target->run.overrides & flags[flag].rule ||
	       is_noted(rotation, target, flags[flag].flag);
}

static bool holds_for_any(const struct rotation *rotation, size_t flag)
{
	for (size_t i = 0; i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++)
			if (holds(rotation, &env->targets[j], flag))
				return true;
	}
	return false;
}

void run_list_overrides(const struct run *run,
			const char *out[RUN_MAX_OVERRIDES])
{
	size_t n = 0;

	for (size_t i = 0; i < RUN_MAX_OVERRIDES - 1; i++)
		if (run->overrides & flags[i].rule)
			out[n++] = flags[i].flag;
	out[n] = NULL;
}

void rotation_list_overrides(const struct rotation *rotation,
			     const struct rotate_target *target,
			     const char *out[RUN_MAX_OVERRIDES])
{
	size_t n = 0;

	for (size_t i = 0; i < RUN_MAX_OVERRIDES - 1; i++)
		if (target ? holds(rotation, target, i)
			   : holds_for_any(rotation, i))
			out[n++] = flags[i].flag;
	out[n] = NULL;
}

const char *rotation_approver(const struct rotation *rotation,
			      const struct rotate_env *env)
{
	return rotation->journal
		       ? journal_detail(rotation->journal, JOURNAL_APPROVED,
					NULL, env->name, NULL)
		       : NULL;
}
