#include "runbook/rotate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "runbook/leasekeeper.h"

static bool is_of_mode(const struct rotation *rotation,
		       const struct rotate_step *step)
{
	if (step->flags & (*rotation->to ? ROTATE_FRESH_KEY : ROTATE_PROMOTION))
		return false;
	return !(step->flags & ROTATE_KEYRING) ||
	       rotation->options.config->secret.mode == MODE_KEYRING;
}

static void report(const struct rotation *rotation,
		   const struct rotate_step *step, const struct rotate_env *env,
		   enum report_state state, int64_t elapsed_ms)
{
	const struct reporter *r = rotation->options.reporter;
	struct report_step row = {
		.target = env ? env->label : NULL,
		.id = step->id,
		.title = step->title,
		.state = state,
		.elapsed_ms = elapsed_ms,
		.targets = env ? env->end - env->first : 0,
	};

	if (state == REPORT_DONE &&
	    !rotate_is_asked(rotation->options.config, step->id,
			     env ? env->name : NULL)) {
		row.state = REPORT_SKIPPED;
		row.detail = "nothing to do";
	}
	run_talk_begin();
	if (r->step)
		r->step(r->user, &row);
	run_talk_end();
}

/* The rows of one target between two ids. */
static struct err *run_part(struct rotation *rotation,
			    struct rotate_target *target, const void *user)
{
	const struct rotate_step *step = user;
	const struct step *rows = step_rows(rotation->options.book, step->from);
	struct err *err = NULL;
	bool here;

	if (target->left_out)
		return NULL;
	target->run.options.fresh_key =
		!*rotation->undone && !rotation->options.retires;
	for (; !err && rows && rows->id; rows++) {
		here = step_is_of_mode(rows, &target->run);
		if (here && !(rows->flags & STEP_AT_ONCE))
			err = stop_check();
		if (here && !err && rows->flags & STEP_WRITES &&
		    !(rows->flags & STEP_AT_ONCE))
			err = lease_keeper_check(rotation->keeper);
		if (here && !err && rows->flags & STEP_WRITES) {
			target->tried = true;
			target->progress = PROGRESS_BEGUN;
		}
		if (here && !err)
			err = step_run_one(rows, &target->run);
		if (strcmp(rows->id, step->to) == 0)
			break;
	}
	if (!err && step->flags & ROTATE_RESTARTS)
		target->progress = PROGRESS_DONE;
	return err;
}

static KR_FALLIBLE perform(struct rotation *rotation,
			   const struct rotate_step *step,
			   struct rotate_env *env)
{
	const int flags = step->flags & (ROTATE_RESTARTS | ROTATE_KEYRING);
	struct err *err = NULL;

	if (step->once)
		return step->once(rotation);
	if (step->environment)
		return step->environment(rotation, env);
	if (flags == ROTATE_RESTARTS)
		err = rotation_hand_out(rotation, env);
	if (!err)
		err = rotation_for_targets(rotation, env,
					   step->flags & ROTATE_IN_TURN,
					   run_part, step);
	return err || !(flags & ROTATE_RESTARTS) ? err
						 : rotate_check_reached(env);
}

static KR_FALLIBLE record(struct rotation *rotation, enum journal_event event,
			  const struct rotate_step *step,
			  const struct rotate_env *env, const struct err *cause)
{
	const struct journal_line line = {
		.event = event,
		.step = step->id,
		.environment = env ? env->label : NULL,
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
			       env ? env->label : NULL, NULL);
}

static KR_FALLIBLE run_row(struct rotation *rotation,
			   const struct rotate_step *step,
			   struct rotate_env *env)
{
	bool handed = rotation_is_handed(rotation, step, env);
	int64_t began_ms = handed ? rotation->soak_began_ms : clock_boot_ms();
	struct err *err, *unrecorded;

	if (!is_of_mode(rotation, step))
		return NULL;
	/* Begun by the process before, and shown since. */
	if (handed)
		rotation_show(rotation, true);
	else
		report(rotation, step, env, REPORT_RUNNING, 0);
	if (is_remembered(rotation, step, env)) {
		report(rotation, step, env, REPORT_SKIPPED, 0);
		return NULL;
	}
	/* What it stopped at stays there. */
	if (!rotation->failed)
		lease_keeper_step(rotation->keeper, step->id,
				  env ? env->name : NULL);
	err = record(rotation, JOURNAL_INTENT, step, env, NULL);
	if (!err)
		err = perform(rotation, step, env);
	if (!err)
		err = rotation_note_overrides(rotation);
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

void rotate_show_row(const struct rotation *rotation,
		     const struct rotate_step *step,
		     const struct rotate_env *env, enum report_state state)
{
	report(rotation, step, env, state, 0);
}

typedef struct err *row_visit(struct rotation *rotation,
			      const struct rotate_step *step,
			      struct rotate_env *env, void *user)
	__attribute__((warn_unused_result));

static const struct rotate_step *after_block(const struct rotate_step *step)
{
	while (step->id && step->flags & ROTATE_EACH_ENVIRONMENT)
		step++;
	return step;
}

/* Rows of an environment, those of its waves once for each wave. */
static KR_FALLIBLE go_through(struct rotation *rotation, struct rotate_env *env,
			      const struct rotate_step *first, row_visit *visit,
			      void *user)
{
	const struct rotate_step *end = after_block(first), *last = first;
	size_t waves = rotate_waves(env);
	struct err *err = NULL;

	for (const struct rotate_step *s = first; s < end; s++) {
		if (s->flags & ROTATE_EACH_WAVE)
			last = s + 1;
	}
	for (size_t wave = 0; wave < waves; wave++)
		for (const struct rotate_step *s = first; !err && s < last;
		     s++) {
			if (wave && !(s->flags & ROTATE_EACH_WAVE))
				continue;
			rotate_set_wave(env, s, wave);
			err = visit(rotation, s, env, user);
		}
	for (const struct rotate_step *s = last; !err && s < end; s++) {
		rotate_set_wave(env, s, 0);
		err = visit(rotation, s, env, user);
	}
	return err;
}

static struct err *work_on(struct rotation *rotation,
			   const struct rotate_step *step,
			   struct rotate_env *env, void *user)
{
	struct err *err = stop_check();

	(void)user;
	if (!err)
		err = lease_keeper_check(rotation->keeper);
	if (!err)
		err = run_row(rotation, step, env);
	if (err)
		rotation->failed_in = env;
	return err;
}

static KR_FALLIBLE run_block(struct rotation *rotation,
			     const struct rotate_step *first)
{
	struct err *err = NULL;

	/* The way back begins where the new key came last; and what cannot be
	 * put back in one does not keep the others from it. */
	for (size_t i = 0; i < rotation->env_count; i++) {
		size_t at = *rotation->undone ? rotation->env_count - 1 - i : i;
		struct err *next =
			rotation->envs[at].bystander
				? NULL
				: go_through(rotation, &rotation->envs[at],
					     first, work_on, NULL);

		if (err && next)
			result_warn(rotation->options.result, "%s",
				    err_message(next));
		if (err)
			err_free(next);
		else
			err = next;
		if (err && (!*rotation->undone || err_is(err, KR_EINTERRUPTED)))
			break;
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

/* The detail says what it is, for those who resume it. */
static KR_FALLIBLE mark_begun(struct rotation *rotation)
{
	char to[ROTATE_TO_LEN + 4];

	(void)snprintf(to, sizeof(to), JOURNAL_TO "%s", rotation->to);
	return mark(rotation, JOURNAL_BEGUN,
		    *rotation->to	? to
		    : *rotation->undone ? rotation->undone
					: NULL);
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

/* The rows to come, with names of their own. */
struct rows {
	struct report_step *items;
	char (*labels)[ROTATE_LABEL_LEN];
	size_t n, room;
	bool unseen; /* up to the soak that was handed over */
};

static struct err *list_row(struct rotation *rotation,
			    const struct rotate_step *step,
			    struct rotate_env *env, void *user)
{
	struct rows *rows = user;
	struct report_step *row = &rows->items[rows->n];

	rows->unseen = rows->unseen && !rotation_is_handed(rotation, step, env);
	if (rows->n == rows->room || rows->unseen ||
	    !is_of_mode(rotation, step))
		return NULL;
	*row = (struct report_step){ .id = step->id,
				     .title = step->title,
				     .state = REPORT_PENDING };
	if (env) {
		memcpy(rows->labels[rows->n], env->label, sizeof(env->label));
		row->target = rows->labels[rows->n];
	}
	rows->n++;
	return NULL;
}

/* Row by row within the block, environment by environment. */
static void announce(struct rotation *rotation, const struct rotate_step *table)
{
	const struct reporter *r = rotation->options.reporter;
	struct rows rows = { .room = 1024,
			     .unseen = rotation->options.handed != NULL };
	const struct rotate_step *s = table;

	rows.items = calloc(rows.room + 1, sizeof(*rows.items));
	rows.labels = calloc(rows.room + 1, sizeof(*rows.labels));
	while (rows.items && rows.labels && s->id) {
		size_t envs = s->flags & ROTATE_EACH_ENVIRONMENT
				      ? rotation->env_count
				      : 0;

		if (!(s->flags & ROTATE_EACH_ENVIRONMENT))
			err_free(list_row(rotation, s, NULL, &rows));
		for (size_t i = 0; i < envs; i++)
			if (!rotation->envs[i].bystander)
				err_free(go_through(rotation,
						    &rotation->envs[i], s,
						    list_row, &rows));
		s = envs ? after_block(s) : s + 1;
	}
	run_talk_begin();
	if (r->plan)
		r->plan(r->user, rows.items, rows.n);
	run_talk_end();
	free(rows.items);
	free(rows.labels);
}

KR_FALLIBLE rotation_run(struct rotation *rotation,
			 const struct rotate_step *table)
{
	const struct rotate_step *step = table;
	struct err *err = rotation_check_settings(rotation);

	if (err)
		return err;
	announce(rotation, table);
	if (rotation->options.handed)
		rotation_soak_first(rotation, table);
	while (!err && step->id) {
		err = stop_check();
		if (!err)
			err = lease_keeper_check(rotation->keeper);
		if (!err && !rotation->begun && !(step->flags & ROTATE_LOOKS)) {
			rotation->begun = true;
			err = mark_begun(rotation);
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
	if (err)
		err = rotation_settle_soak(rotation, err);
	if (err) {
		rotation->failed = err_reason(err);
		rotation_name_not_begun(rotation);
		run_always(rotation, step);
		rotation->failed = NULL;
		return err;
	}
	if (*rotation->undone)
		err = rotation_close_undone(rotation);
	if (!err)
		err = mark(rotation, JOURNAL_ENDED,
			   *rotation->undone ? "rolled-back" : "done");
	return err;
}
