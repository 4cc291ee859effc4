#include "runbook/rotate.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"

static KR_FALLIBLE open_target(struct rotation *rotation,
			       struct rotate_target *target,
			       const struct config_target *config)
{
	const struct rotate_options *o = &rotation->options;
	struct kube_flags flags = *o->flags;
	struct run_key no_key = { 0 };
	struct run_options options = {
		.reporter = o->reporter,
		.result = o->result,
		.store = o->store,
		.service = o->config->service,
		.consumers = o->consumers,
		.take_ownership = o->take_ownership,
		.operator_ = o->operator_,
		.cluster_id = target->env->config->cluster_id,
		.allow_insecure_tls = o->allow_insecure_tls,
		.timeout_ms = o->timeout_ms,
		.one_of_many = true,
		.target = {
			.secret = o->config->secret.name,
			.entry = o->config->secret.key,
		},
	};
	struct err *err;

	flags.context = config->context;
	flags.namespace_ = config->namespace_;
	target->context = config->context;
	err = kube_access_load(&flags, &target->access);
	if (!err)
		err = kube_open(target->access, &target->kube);
	if (err)
		return err_wrap(err, "environment %s", target->env->name);
	options.kube = target->kube;
	options.target.ns = target->access->namespace_;
	err = run_init(&target->run, &options, &no_key);
	target->run_ready = !err;
	memcpy(target->run.rotation, rotation->id, sizeof(rotation->id));
	return err;
}

static KR_FALLIBLE open_env(struct rotation *rotation, struct rotate_env *env,
			    const struct config_environment *config)
{
	struct err *err = NULL;

	env->config = config;
	env->name = config->name;
	env->targets = calloc(config->n_targets + 1, sizeof(*env->targets));
	if (!env->targets)
		return err_new(KR_ENOMEM, "out of memory");
	for (size_t i = 0; !err && i < config->n_targets; i++) {
		env->targets[env->count].env = env;
		err = open_target(rotation, &env->targets[env->count++],
				  &config->targets[i]);
	}
	return err;
}

static KR_FALLIBLE no_environments(const struct config *config)
{
	struct err *err = err_new(
		KR_ECONFIG, "%s names no environments to rotate through",
		config->path ? config->path : "no keyrot.yaml was found: it");

	return err_hint(
		err,
		"write environments: into keyrot.yaml, or rotate one context by kubectl keyrot generate and apply");
}

KR_FALLIBLE rotation_init(struct rotation *rotation,
			  const struct rotate_options *options, const char *id)
{
	const struct config *config = options->config;
	struct err *err = NULL;

	memset(rotation, 0, sizeof(*rotation));
	rotation->options = *options;
	rotation->locked = run_talk_reporter(options->reporter);
	rotation->options.reporter = &rotation->locked;
	rotation->resumed = id != NULL;
	if (config->n_environments == 0)
		return no_environments(config);
	if (id)
		memcpy(rotation->id, id, sizeof(rotation->id));
	else
		err = rotation_new(rotation->id);
	rotation->envs =
		calloc(config->n_environments + 1, sizeof(*rotation->envs));
	if (!err && !rotation->envs)
		err = err_new(KR_ENOMEM, "out of memory");
	for (size_t i = 0; !err && i < config->n_environments; i++)
		err = open_env(rotation, &rotation->envs[rotation->env_count++],
			       &config->environments[i]);
	if (!err)
		err = journal_open(config->service, rotation->id,
				   &rotation->journal);
	return err;
}

void rotation_release(struct rotation *rotation)
{
	for (size_t i = 0; i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++) {
			struct rotate_target *target = &env->targets[j];

			if (target->run_ready)
				run_release(&target->run);
			kube_lease_free(target->lease);
			kube_close(target->kube);
			kube_access_free(target->access);
			err_free(target->err);
		}
		free(env->targets);
	}
	free(rotation->envs);
	journal_close(rotation->journal);
	readback_key_free(rotation->key);
	free(rotation->entry_id);
	memset(rotation, 0, sizeof(*rotation));
}

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
		if (inside && !err && target->lease)
			err = kube_lease_keep(target->lease, rows->id);
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
		if (step->flags & ROTATE_ALWAYS)
			err_free(run_row(rotation, step, NULL));
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

KR_FALLIBLE rotation_run(struct rotation *rotation,
			 const struct rotate_step *table)
{
	const struct rotate_step *step = table;
	struct err *err = mark(rotation, JOURNAL_BEGUN, rotation->undone);

	announce(rotation, table);
	while (!err && step->id) {
		err = stop_check();
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
