/* The soak of an environment: its metrics and every target, side by side. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "runbook/leasekeeper.h"
#include "runbook/record_soak.h"
#include "runbook/rotate.h"
#include "runbook/soak_setup.h"

static KR_FALLIBLE run_soak(struct rotation *rotation,
			    struct rotate_target *target,
			    struct soak_setup *setup,
			    const struct soak_baseline *baselines)
{
	const struct kube_target *t = &target->run.options.target;
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *what = NULL;
	struct soak_options options;
	struct soak_source source;
	struct soak_result result;
	struct err *err;

	if (asprintf(&what, "%s %s %s/%s/%s %s", target->access->origin,
		     target->context, t->ns, t->secret, t->entry,
		     rotation->id) < 0) {
		what = NULL;
		return err_no_memory();
	}
	err = soak_setup_state_path(rotation->id, what, &path);
	if (err)
		return err;
	soak_setup_fill(setup, &options, &source);
	options.target = target->context;
	options.what = what;
	options.state_path = path;
	options.baselines = baselines;
	err = soak_run(&options, &source, &result);
	if (err)
		return err;
	run_talk_begin();
	soak_result_fill(&options, &result, target->run.document);
	run_talk_end();
	record_soak(target, rotation, &options, &result);
	err = soak_result_error(&result);
	soak_result_release(&result);
	return err;
}

static struct err *soak_target(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	const struct config *config = rotation->options.config;
	struct soak_baseline *baselines =
		rotation_baselines(rotation, target->env);
	const struct soak_setup_options options = {
		.soak = &target->env->config->soak,
		.config_path = config->path,
		.for_ms = -1,
		.every_ms = -1,
		.watch = {
			.kube = target->kube,
			.target = target->run.options.target,
			.consumers = rotation->options.consumers,
			.rotation = rotation->id,
			.fingerprint = rotation->fingerprint,
			.forbid = (const char *const *)
					  target->env->config->verify.forbid,
		},
		.changed_ago_ms = -1,
		.has_baselines = baselines != NULL,
		.reporter = rotation->options.reporter,
	};
	kr_cleanup(soak_setup_freep) struct soak_setup *setup = NULL;
	struct err *err = soak_setup_new(&options, &setup);

	(void)user;
	if (!err)
		err = soak_setup_look_first(setup);
	if (!err)
		err = run_soak(rotation, target, setup, baselines);
	free(baselines);
	return err;
}

static bool was_handed(const struct rotation *rotation,
		       const struct rotate_env *env)
{
	const struct rotate_handed *handed = rotation->options.handed;

	return handed && env && strcmp(env->name, handed->environment) == 0;
}

bool rotation_is_handed(const struct rotation *rotation,
			const struct rotate_step *step,
			const struct rotate_env *env)
{
	return step->environment == rotate_soak && was_handed(rotation, env);
}

/*
 * The key is not held through the wait: the program goes on in a process image
 * that has never seen it; where that cannot be, it is wiped here. Either way
 * the next environment reads it from the store again, which proves it once
 * more.
 */
KR_FALLIBLE rotate_soak(struct rotation *rotation, struct rotate_env *env)
{
	struct err *err = NULL;

	if (env->config->soak.n_metrics == 0)
		return NULL;
	if (rotation->soaked == env) {
		rotation->soaked = NULL;
		return take_ptr(&rotation->soak_err);
	}
	if (rotation->options.hand_over && !was_handed(rotation, env))
		err = rotation->options.hand_over(rotation->options.user,
						  rotation, env);
	if (err)
		return err;
	rotation_forget_key(rotation);
	return rotation_for_targets(rotation, env, false, soak_target, NULL);
}

void rotation_show(struct rotation *rotation, bool show)
{
	struct reporter all = run_talk_reporter(rotation->reporter);

	rotation->locked.step = show ? all.step : NULL;
	rotation->locked.workload = show ? all.workload : NULL;
	if (show)
		rotation->soak_row = NULL;
}

static struct err *take_handed(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	const struct cJSON **next = (const struct cJSON **)(uintptr_t)user;
	const struct cJSON *operator_ = *next;
	struct run *run = &target->run;

	(void)rotation;
	/* As many as there are targets: written by what this process was. */
	if (!operator_)
		return err_new(KR_EUNEXPECTED, "too few operators");
	*next = json_next(operator_);
	/* A target that is left out was never read: nobody is its operator. */
	run->operator_from = json_member_str(operator_, "from");
	return str_keep(&run->operator_, json_member_str(operator_, "name"))
		       ? NULL
		       : err_no_memory();
}

/* The Leases are this process's own: taken again, there is no gap. */
static KR_FALLIBLE take_over(struct rotation *rotation)
{
	const struct rotate_handed *handed = rotation->options.handed;
	const struct cJSON *next = json_first(handed->operators);
	struct err *err;

	(void)snprintf(rotation->fingerprint, sizeof(rotation->fingerprint),
		       "%s", handed->fingerprint);
	rotation->begun = true;
	err = rotation_for_targets(rotation, NULL, true, take_handed, &next);
	return err ? err : rotate_lock(rotation);
}

void rotation_soak_first(struct rotation *rotation,
			 const struct rotate_step *table)
{
	struct rotate_env *env = NULL;
	struct err *err;

	for (size_t i = 0; i < rotation->env_count; i++) {
		if (strcmp(rotation->envs[i].name,
			   rotation->options.handed->environment) == 0)
			env = &rotation->envs[i];
	}
	rotation->soak_began_ms = clock_boot_ms();
	while (table->id && !rotation_is_handed(rotation, table, env))
		table++;
	if (!env || !table->id)
		return;
	rotate_set_wave(env, table, 0);
	rotate_show_row(rotation, table, env, REPORT_RUNNING);
	err = take_over(rotation);
	lease_keeper_step(rotation->keeper, table->id, env->name);
	rotation_show(rotation, false);
	rotation->soak_row = table;
	rotation->soak_env = env;
	/* Then all of it is gone through as by any resume. */
	if (err) {
		err_free(err);
		return;
	}
	rotation->soaked = env;
	rotation->soak_err =
		rotation_for_targets(rotation, env, false, soak_target, NULL);
}

/* It was passed by: a stop, or what has to hold before its row. */
static void show_unreached(struct rotation *rotation)
{
	const struct rotate_step *row = rotation->soak_row;

	rotation_show(rotation, true);
	if (row)
		rotate_show_row(rotation, row, rotation->soak_env,
				REPORT_FAILED);
}

struct err *rotation_settle_soak(struct rotation *rotation,
				 struct err *take_err)
{
	show_unreached(rotation);
	if (!err_is(rotation->soak_err, KR_EGATE))
		return take_err;
	result_warn(rotation->options.result, "%s", err_message(take_err));
	err_free(take_err);
	rotation->failed_in = rotation->soaked;
	return take_ptr(&rotation->soak_err);
}
