/*
 * Many targets: side by side within a bound, a thread each with straight-line
 * code inside, and in waves.
 */
#include <stdio.h>
#include <string.h>

#include "base/pool.h"
#include "runbook/rotate.h"

/* Targets before the end of a wave. */
static size_t wave_end(const struct rotate_env *env, size_t wave)
{
	const struct config_shares *waves = &env->config->waves;
	size_t end = 0;

	for (size_t i = 0; i <= wave && i < waves->count; i++) {
		size_t n = config_share_of(&waves->items[i], env->count, true);

		end = n > end ? n : end;
	}
	return wave < waves->count ? end : env->count;
}

/* What the waves leave is one more; one without targets is none. */
static size_t wave_at(const struct rotate_env *env, size_t wave,
		      size_t *out_first, size_t *out_end)
{
	size_t found = 0, first = 0;

	for (size_t i = 0; i <= env->config->waves.count; i++) {
		size_t end = wave_end(env, i);

		if (end == first)
			continue;
		if (found++ == wave) {
			*out_first = first;
			*out_end = end;
		}
		first = end;
	}
	return found;
}

size_t rotate_waves(const struct rotate_env *env)
{
	size_t first, end;

	return wave_at(env, SIZE_MAX, &first, &end);
}

size_t rotate_wave_of(const struct rotate_target *target)
{
	const struct rotate_env *env = target->env;
	size_t at = (size_t)(target - env->targets), first = 0, end = 0;

	for (size_t wave = 0;; wave++) {
		wave_at(env, wave, &first, &end);
		if (at < end)
			return wave + 1;
	}
}

void rotate_set_wave(struct rotate_env *env, const struct rotate_step *step,
		     size_t wave)
{
	const struct config_environment *config = env->config;
	const struct config_share *unavailable = &config->max_unavailable;
	bool waves = step->flags & ROTATE_EACH_WAVE && rotate_waves(env) > 1;

	env->first = 0;
	env->end = env->count;
	env->at_once = config->parallel > 0 ? (size_t)config->parallel
					    : CONFIG_PARALLEL;
	if (step->flags & ROTATE_RESTARTS) {
		size_t most = config_share_of(unavailable, env->count, false);

		env->at_once = most < env->at_once ? most : env->at_once;
	}
	(void)snprintf(env->label, sizeof(env->label), "%s", env->name);
	if (!waves)
		return;
	wave_at(env, wave, &env->first, &env->end);
	if (env->end == env->first + 1)
		(void)snprintf(env->label, sizeof(env->label),
			       "%.60s %zu of %zu", env->name, env->end,
			       env->count);
	else
		(void)snprintf(env->label, sizeof(env->label),
			       "%.60s %zu-%zu of %zu", env->name,
			       env->first + 1, env->end, env->count);
}

struct lanes {
	struct rotation *rotation;
	struct rotate_target **targets;
	rotate_target_fn *each;
	const void *user;
};

static bool run_lane(void *user, size_t index)
{
	const struct lanes *lanes = user;
	struct rotate_target *target = lanes->targets[index];
	struct err *err;

	if (target->unreached)
		return true;
	err = lanes->each(lanes->rotation, target, lanes->user);
	if (!err || rotation_leave_unreached(lanes->rotation, target, err))
		return true;
	target->err = err;
	if (!err_is(err, KR_EINTERRUPTED) && !target->failure) {
		target->failure = strdup(err_message(err));
		target->progress = PROGRESS_FAILED;
	}
	/* One that cannot be put back does not keep others from it. */
	return *lanes->rotation->undone && !err_is(err, KR_EINTERRUPTED);
}

static struct rotate_target **collect(struct rotation *rotation,
				      struct rotate_env *only, size_t *out_n,
				      size_t *out_bound)
{
	struct rotate_target **targets;
	size_t n = 0, all = 0, bound = only ? only->at_once : 1;

	for (size_t i = 0; i < rotation->env_count; i++)
		all += rotation->envs[i].count;
	targets = calloc(all + 1, sizeof(*targets));
	for (size_t i = 0; targets && i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];
		size_t end = only ? env->end : env->count;

		if (only && env != only)
			continue;
		for (size_t j = only ? env->first : 0; j < end; j++)
			targets[n++] = &env->targets[j];
		bound = env->at_once > bound ? env->at_once : bound;
	}
	*out_n = n;
	*out_bound = bound;
	return targets;
}

/* The first error is the wave's; the others are said beside it. */
static KR_FALLIBLE first_error(struct rotate_target **targets, size_t n)
{
	struct err *first = NULL;

	for (size_t i = 0; i < n; i++) {
		struct err *err = take_ptr(&targets[i]->err);

		if (!err)
			continue;
		err = err_wrap(err, "%s", targets[i]->context);
		if (!first || err_is(first, KR_EINTERRUPTED)) {
			err_free(first);
			first = err;
			continue;
		}
		if (!err_is(err, KR_EINTERRUPTED))
			run_warn(&targets[i]->run, "%s", err_message(err));
		err_free(err);
	}
	return first;
}

KR_FALLIBLE rotation_for_targets(struct rotation *rotation,
				 struct rotate_env *env, bool in_turn,
				 rotate_target_fn *each, const void *user)
{
	struct lanes lanes = { .rotation = rotation,
			       .each = each,
			       .user = user };
	size_t n = 0, bound = 1;
	struct err *err;

	lanes.targets = collect(rotation, env, &n, &bound);
	if (!lanes.targets)
		return err_no_memory();
	(void)pool_run(n, in_turn ? 1 : bound, run_lane, &lanes);
	err = first_error(lanes.targets, n);
	free(lanes.targets);
	return err;
}
