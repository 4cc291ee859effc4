#include "runbook/rotate.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "runbook/leasekeeper.h"

static void report(const struct rotation *rotation,
		   const struct rotate_step *step, const struct rotate_env *env,
		   enum report_state state, int64_t elapsed_ms)
{
	const struct reporter *r = rotation->options.reporter;
	struct report_step row = {
		.target = env ? env->name : NULL,
		.id = step->id,
		.title = step->title,
		.state = state,
		.elapsed_ms = elapsed_ms,
	};

	run_talk_begin();
	if (r->step)
		r->step(r->user, &row);
	run_talk_end();
}

/* The rows of apply's table between two ids, for one target. */
static struct err *run_part(struct rotation *rotation,
			    struct rotate_target *target, const void *user)
{
	const struct rotate_step *step = user;
	const struct step *rows = rotation->options.book->apply;
	struct err *err = NULL;
	bool inside = false;

	if (target->left_out)
		return NULL;
	for (; !err && rows->id; rows++) {
		inside = inside || strcmp(rows->id, step->from) == 0;
		if (inside && !(rows->flags & STEP_AT_ONCE))
			err = stop_check();
		if (inside && !err)
			err = step_run_one(rows, &target->run);
		if (strcmp(rows->id, step->to) == 0)
			break;
	}
	return err;
}

static KR_FALLIBLE perform(struct rotation *rotation,
			   const struct rotate_step *step,
			   struct rotate_env *env)
{
	if (step->once)
		return step->once(rotation);
	if (step->environment)
		return step->environment(rotation, env);
	return rotation_for_targets(rotation, env, step->flags & ROTATE_IN_TURN,
				    run_part, step);
}

static KR_FALLIBLE record(struct rotation *rotation, enum journal_event event,
			  const struct rotate_step *step,
			  const struct rotate_env *env, const struct err *cause)
{
	const struct journal_line line = {
		.event = event,
		.step = step->id,
		.environment = env ? env->name : NULL,
		.detail = cause ? err_reason(cause) : NULL,
	};

	return journal_add(rotation->journal, &line);
}

static bool is_remembered(const struct rotation *rotation,
			  const struct rotate_step *step,
			  const struct rotate_env *env)
{
	return step->flags & ROTATE_REMEMBERED &&
	       journal_is_done(rotation->journal, step->id,
			       env ? env->name : NULL, NULL);
}

static KR_FALLIBLE run_row(struct rotation *rotation,
			   const struct rotate_step *step,
			   struct rotate_env *env)
{
	int64_t began_ms = clock_boot_ms();
	struct err *err, *unrecorded;

	report(rotation, step, env, REPORT_RUNNING, 0);
	if (is_remembered(rotation, step, env)) {
		report(rotation, step, env, REPORT_SKIPPED, 0);
		return NULL;
	}
	err = record(rotation, JOURNAL_INTENT, step, env, NULL);
	if (!err)
		err = perform(rotation, step, env);
	unrecorded = record(rotation, err ? JOURNAL_FAILED : JOURNAL_DONE, step,
			    env, err);
	if (err)
		err_free(unrecorded);
	else
		err = unrecorded;
	report(rotation, step, env, err ? REPORT_FAILED : REPORT_DONE,
	       clock_boot_ms() - began_ms);
	return err;
}

static const struct rotate_step *after_block(const struct rotate_step *step)
{
	while (step->id && step->flags & ROTATE_EACH_ENVIRONMENT)
		step++;
	return step;
}

static KR_FALLIBLE run_block(struct rotation *rotation,
			     const struct rotate_step *first)
{
	const struct rotate_step *end = after_block(first);
	struct err *err = NULL;

	/* The way back begins where the new key came last. */
	for (size_t i = 0; !err && i < rotation->env_count; i++) {
		size_t at = *rotation->undone ? rotation->env_count - 1 - i : i;

		for (const struct rotate_step *s = first; !err && s < end;
		     s++) {
			err = stop_check();
			if (!err)
				err = lease_keeper_check(rotation->keeper);
			if (!err)
				err = run_row(rotation, s, &rotation->envs[at]);
			if (err)
				rotation->failed_in = &rotation->envs[at];
		}
	}
	return err;
}

static KR_FALLIBLE mark(struct rotation *rotation, enum journal_event event,
			const char *detail)
{
	const struct journal_line line = {
		.event = event,
		.detail = detail,
	};

	return journal_add(rotation->journal, &line);
}

/* Rows marked ROTATE_ALWAYS, after a failure; theirs do not hide it. */
static void run_always(struct rotation *rotation,
		       const struct rotate_step *step)
{
	for (; step->id; step++) {
		struct err *err = NULL;

		if (step->flags & ROTATE_ALWAYS)
			err = run_row(rotation, step, NULL);
		if (err)
			result_warn(rotation->options.result, "%s: %s",
				    step->id, err_message(err));
		err_free(err);
	}
}

static void announce(const struct rotation *rotation,
		     const struct rotate_step *table)
{
	const struct reporter *r = rotation->options.reporter;
	struct report_step rows[128];
	size_t n = 0;

	for (const struct rotate_step *s = table; s->id && n < 128; s++) {
		size_t times = s->flags & ROTATE_EACH_ENVIRONMENT
				       ? rotation->env_count
				       : 1;

		/* Row by row within the block, environment by environment. */
		if (times > 1 && s > table &&
		    s[-1].flags & ROTATE_EACH_ENVIRONMENT)
			continue;
		for (size_t i = 0; i < times; i++) {
			const struct rotate_step *end =
				s->flags & ROTATE_EACH_ENVIRONMENT
					? after_block(s)
					: s + 1;

			for (const struct rotate_step *k = s;
			     k < end && n < 128; k++)
				rows[n++] = (struct report_step){
					.target =
						s->flags & ROTATE_EACH_ENVIRONMENT
							? rotation->envs[i].name
							: NULL,
					.id = k->id,
					.title = k->title,
					.state = REPORT_PENDING,
				};
		}
	}
	run_talk_begin();
	if (r->plan)
		r->plan(r->user, rows, n);
	run_talk_end();
}

/* The rotation that was put back has ended, too: nobody goes on with it. */
static KR_FALLIBLE close_undone(const struct rotation *rotation)
{
	const struct journal_line line = {
		.event = JOURNAL_ENDED,
		.detail = "rolled-back",
	};
	kr_cleanup(journal_closep) struct journal *journal = NULL;
	struct err *err = journal_open(rotation->options.config->service,
				       rotation->undone, &journal);

	return err ? err : journal_add(journal, &line);
}

KR_FALLIBLE rotation_run(struct rotation *rotation,
			 const struct rotate_step *table)
{
	const struct rotate_step *step = table;
	struct err *err = NULL;

	announce(rotation, table);
	while (!err && step->id) {
		err = stop_check();
		if (!err)
			err = lease_keeper_check(rotation->keeper);
		if (!err && !rotation->begun && !(step->flags & ROTATE_LOOKS)) {
			rotation->begun = true;
			err = mark(rotation, JOURNAL_BEGUN,
				   *rotation->undone ? rotation->undone : NULL);
		}
		if (err)
			break;
		if (step->flags & ROTATE_EACH_ENVIRONMENT) {
			err = run_block(rotation, step);
			step = after_block(step);
		} else {
			err = run_row(rotation, step, NULL);
			step++;
		}
	}
	if (err) {
		rotation->failed = err_reason(err);
		run_always(rotation, step);
		rotation->failed = NULL;
		return err;
	}
	if (*rotation->undone)
		err = close_undone(rotation);
	if (err)
		return err;
	return mark(rotation, JOURNAL_ENDED,
		    *rotation->undone ? "rolled-back" : "done");
}

void rotation_fill_result(struct rotation *rotation)
{
	struct result *result = rotation->options.result;

	for (size_t i = 0; i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++) {
			if (!env->targets[j].run_ready)
				continue;
			json_set_str(env->targets[j].run.document,
				     "environment", env->name);
			run_fill_result(&env->targets[j].run);
		}
	}
	result_set_rotation(result, rotation->id);
	if (rotation->journal)
		json_set_str(result->document, "journal",
			     journal_path(rotation->journal));
}
