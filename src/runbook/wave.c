/* The targets of a wave side by side: a thread each, straight-line inside. */
#include <pthread.h>
#include <string.h>

#include "runbook/rotate.h"

#define MAX_WAVE 64

struct lane {
	struct rotation *rotation;
	struct rotate_target *target;
	rotate_target_fn *each;
	const void *user;
	pthread_t thread;
	bool started;
};

static void *run_lane(void *user)
{
	struct lane *lane = user;

	lane->target->err =
		lane->each(lane->rotation, lane->target, lane->user);
	return NULL;
}

static size_t collect(struct rotation *rotation, struct rotate_env *only,
		      struct rotate_target **out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0;
		     (!only || env == only) && j < env->count && n < max; j++)
			out[n++] = &env->targets[j];
	}
	return n;
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
		if (!first) {
			first = err;
			continue;
		}
		run_warn(&targets[i]->run, "%s", err_message(err));
		err_free(err);
	}
	return first;
}

static void run_wave(struct lane *lanes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		lanes[i].started = pthread_create(&lanes[i].thread, NULL,
						  run_lane, &lanes[i]) == 0;
	for (size_t i = 0; i < n; i++) {
		if (lanes[i].started)
			(void)pthread_join(lanes[i].thread, NULL);
		else
			(void)run_lane(&lanes[i]);
	}
}

KR_FALLIBLE rotation_for_targets(struct rotation *rotation,
				 struct rotate_env *env, bool in_turn,
				 rotate_target_fn *each, const void *user)
{
	struct rotate_target *targets[1024];
	struct lane lanes[MAX_WAVE];
	size_t n = collect(rotation, env, targets, 1024);
	struct err *err = NULL;

	for (size_t done = 0; !err && done < n;) {
		size_t wave = in_turn || n == 1 ? 1 : n - done;

		wave = wave > MAX_WAVE ? MAX_WAVE : wave;
		memset(lanes, 0, sizeof(lanes));
		for (size_t i = 0; i < wave; i++)
			lanes[i] = (struct lane){ rotation, targets[done + i],
						  each,	    user,
						  0,	    false };
		if (wave == 1)
			(void)run_lane(&lanes[0]);
		else
			run_wave(lanes, wave);
		err = first_error(targets + done, wave);
		done += wave;
	}
	return err;
}
