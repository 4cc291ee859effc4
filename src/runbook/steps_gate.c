/* The gates of an environment: may it have the key, and does it live with it?
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "kube/secretnote.h"
#include "runbook/approval.h"
#include "runbook/mark.h"
#include "runbook/rotate.h"
#include "runbook/validate.h"
#include "runbook/verify.h"
#include "runbook/window.h"

static struct rotate_env *find_env(struct rotation *rotation, const char *name)
{
	for (size_t i = 0; i < rotation->env_count; i++) {
		if (strcmp(rotation->envs[i].name, name) == 0)
			return &rotation->envs[i];
	}
	return NULL;
}

static KR_FALLIBLE refuse(const struct rotate_env *env, const char *reason,
			  const char *flag, const char *what)
{
	struct err *err =
		err_new(KR_EREFUSED, "environment %s: %s", env->name, what);

	err = err_set_reason(err, reason);
	return flag ? err_hint(err, "if it is meant all the same: %s", flag)
		    : err;
}

/* Asked of the cluster now, and not of what was read some time ago. */
static struct err *check_proof(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	const struct rotate_env *next = user;
	const char *fingerprint = rotation->fingerprint;
	kr_cleanup(kube_secret_freep) struct kube_secret *now = NULL;
	struct err *err = kube_secret_get(target->kube,
					  &target->run.options.target, &now);

	if (err)
		return err;
	if (!kube_secret_has_entry(now) ||
	    strcmp(now->live_fingerprint, fingerprint) != 0)
		return refuse(
			next, "NotProven", "--allow-unvalidated",
			"the environment before it does not run this key");
	if (!mark_is_proof(now->facts.validated, fingerprint,
			   next->config->within_ms))
		return refuse(
			next, "NotProven", "--allow-unvalidated",
			"the environment before it has not validated this key recently enough");
	return NULL;
}

static KR_FALLIBLE check_requires(struct rotation *rotation,
				  struct rotate_env *env)
{
	struct rotate_env *before;
	struct err *err;

	if (!env->config->requires)
		return NULL;
	before = find_env(rotation, env->config->requires);
	if (!before)
		return err_new(KR_ECONFIG,
			       "environment %s requires %s, which is not there",
			       env->name, env->config->requires);
	err = rotation_for_targets(rotation, before, false, check_proof, env);
	if (!rotation->options.allow_unvalidated || !err ||
	    err_is(err, KR_EINTERRUPTED))
		return err;
	err_free(err);
	rotate_set_aside(env, OVERRIDE_UNVALIDATED);
	return NULL;
}

static KR_FALLIBLE check_window(const struct rotation *rotation,
				struct rotate_env *env)
{
	kr_cleanup(str_freep) char *what = NULL;
	bool open = true;
	struct err *err;

	err = window_is_open(&env->config->window, clock_wall_ms(), &open);
	if (rotation->options.allow_outside_window && (err || !open)) {
		err_free(err);
		rotate_set_aside(env, OVERRIDE_OUTSIDE_WINDOW);
		return NULL;
	}
	if (err || open)
		return err;
	if (asprintf(&what, "its window is closed: %s",
		     env->config->window.text) < 0) {
		what = NULL;
		return err_no_memory();
	}
	return refuse(env, "OutsideWindow", "--allow-outside-window", what);
}

static KR_FALLIBLE check_person(struct rotation *rotation,
				const struct rotate_env *env)
{
	const struct rotate_options *o = &rotation->options;
	kr_cleanup(str_freep) char *question = NULL;
	const char *word = env->count ? env->targets[0].context : env->name;

	if (!env->config->confirm)
		return NULL;
	if (o->approve)
		return approval_check(rotation, env);
	if (!o->confirm)
		return refuse(
			env, "NotConfirmed",
			"`kubectl keyrot resume --approval-request` prints what a second person signs, and resume --approve FILE goes on with it",
			"a person has to confirm it, and there is no terminal to ask on");
	if (asprintf(
		    &question,
		    "Key %.12s goes to environment %s now. Type %s to go on; anything else stops here, and %s stays as it is: ",
		    rotation->fingerprint, env->name, word, env->name) < 0) {
		question = NULL;
		return err_no_memory();
	}
	rotate_notify_person(rotation, env);
	rotation_let_key_go(rotation);
	if (o->confirm(o->user, question, word))
		return NULL;
	if (stop_requested())
		return stop_check();
	return refuse(env, "NotConfirmed", NULL, "it was not confirmed");
}

KR_FALLIBLE rotate_admit(struct rotation *rotation, struct rotate_env *env)
{
	struct err *err;

	/* It was admitted then: nobody is asked twice. */
	if (rotation_env_has_key(rotation, env))
		return NULL;
	err = check_requires(rotation, env);
	if (!err)
		err = check_window(rotation, env);
	if (!err)
		err = check_person(rotation, env);
	return err ? err : rotation_need_key(rotation);
}

/* What is said while a target is verified, with the target's name. */
static void say_of_target(void *user, enum report_level level, const char *text)
{
	struct rotate_target *target = user;

	if (level == REPORT_WARNING)
		run_warn(&target->run, "%s", text);
	else
		run_say(&target->run, "%s", text);
}

static void log_of_target(void *user, const char *pod, const char *container,
			  const char *line)
{
	const struct rotate_target *target = user;
	const struct reporter *r = target->run.options.reporter;
	kr_cleanup(str_freep) char *name = NULL;

	if (target->env->count > 1 &&
	    asprintf(&name, "%s/%s", target->context, pod) < 0)
		name = NULL;
	run_talk_begin();
	if (r->log_line)
		r->log_line(r->user, name ? name : pod, container, line);
	run_talk_end();
}

static void tick_of_target(void *user)
{
	const struct rotate_target *target = user;
	const struct reporter *r = target->run.options.reporter;

	run_talk_begin();
	if (r->tick)
		r->tick(r->user);
	run_talk_end();
}

/* Scaled to nothing, all of it. */
static bool wants_no_pods(const struct run *run)
{
	int desired = 0;

	for (size_t i = 0; run->consumers && i < run->consumers->count; i++)
		desired += run->consumers->items[i].state.desired;
	return run->consumers && desired == 0;
}

static struct err *verify_target(struct rotation *rotation,
				 struct rotate_target *target, const void *user)
{
	const struct config_verify *config = &target->env->config->verify;
	const struct reporter voice = { .user = target,
					.message = say_of_target,
					.log_line = log_of_target,
					.tick = tick_of_target };
	struct result scratch;
	const struct verify_options options = {
		.look = {
			.kube = target->kube,
			.target = target->run.options.target,
			.consumers = rotation->options.consumers,
			.reporter = &voice,
			.result = &scratch,
		},
		.expect = (const char *const *)config->expect,
		.forbid = (const char *const *)config->forbid,
		.within_ms = config->within_ms,
		.since_ms = -1,
		.nothing_expected = true,
		.may_be_empty = !config->expect && wants_no_pods(&target->run),
	};
	struct err *err;

	(void)user;
	result_init(&scratch, "VerifyResult");
	err = verify_run(&options);
	result_release(&scratch);
	return err;
}

KR_FALLIBLE rotate_verify(struct rotation *rotation, struct rotate_env *env)
{
	const struct reporter *r = rotation->options.reporter;
	kr_cleanup(str_freep) char *text = NULL;

	if (!env->config->verify.expect &&
	    asprintf(
		    &text,
		    "environment %s names no line that is to be logged: only restarts, forbidden lines and the key itself are looked for",
		    env->name) < 0)
		text = NULL;
	if (text && !result_has_warning(rotation->options.result, text)) {
		result_warn(rotation->options.result, "%s", text);
		if (r->message)
			r->message(r->user, REPORT_WARNING, text);
	}
	return rotation_for_targets(rotation, env, false, verify_target, NULL);
}

static struct validate_place place_of(const struct rotate_target *target)
{
	const struct kube_secret *secret = target->run.secret;

	return (struct validate_place){
		.kube = target->kube,
		.target = target->run.options.target,
		.context = target->context,
		.changed_ms = secret ? secret->facts.written_ms : 0,
	};
}

static struct validate_options validation(const struct rotation *rotation,
					  const struct rotate_env *env,
					  const struct rotate_target *target,
					  const struct validate_place *place)
{
	return (struct validate_options){
		.config = rotation->options.config,
		.environment = env->config,
		.name = env->name,
		.places = place,
		.n_places = 1,
		.rotation = rotation->id,
		.fingerprint = rotation->fingerprint,
		.searched = target->run.searched,
		.reporter = rotation->options.reporter,
		.result = rotation->options.result,
	};
}

/* Once for a wave, whatever the number of its targets: about the first. */
KR_FALLIBLE rotate_validate(struct rotation *rotation, struct rotate_env *env)
{
	struct rotate_target *target = &env->targets[env->first];
	struct validate_place place;
	struct validate_options options;
	struct err *err;

	if (env->count == 0)
		return NULL;
	err = run_search_keys(&target->run);
	if (err)
		return err;
	place = place_of(target);
	options = validation(rotation, env, target, &place);
	return validate_checks(&options);
}

KR_FALLIBLE rotation_check(struct rotation *rotation,
			   struct rotate_target *target,
			   const struct config_check *check, bool live)
{
	struct err *err = run_search_keys(&target->run);
	const struct validate_place place = place_of(target);
	struct config config = *rotation->options.config;
	struct config_check one = *check;
	struct validate_options options =
		validation(rotation, target->env, target, &place);

	if (err)
		return err;
	if (one.timeout_ms <= 0)
		one.timeout_ms = -1;
	config.validate = &one;
	config.n_validate = 1;
	options.config = &config;
	options.live = live;
	/* What retires has no key of its own: it is about the current one. */
	if (!*rotation->fingerprint)
		options.fingerprint = target->run.secret->live_fingerprint;
	return validate_checks(&options);
}

static struct err *watch_dependents(struct rotation *rotation,
				    struct rotate_target *target,
				    const void *user)
{
	struct err *err = run_search_keys(&target->run);
	const struct validate_place place = place_of(target);
	const struct validate_options options =
		validation(rotation, target->env, target, &place);

	(void)user;
	return err ? err : validate_dependents(&options);
}

KR_FALLIBLE rotate_dependents(struct rotation *rotation, struct rotate_env *env)
{
	return rotation->options.config->dependents
		       ? rotation_for_targets(rotation, env, false,
					      watch_dependents, NULL)
		       : NULL;
}

KR_FALLIBLE rotate_annotate(struct rotate_target *target, enum kube_note note,
			    const char *value)
{
	return kube_secret_note(target->kube, &target->run.options.target, note,
				value, NULL);
}

static struct err *mark_target(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	(void)user;
	/* Where nothing runs, nothing was proved for the next environment. */
	if (wants_no_pods(&target->run))
		return NULL;
	return mark_validated(target->kube, &target->run.options.target,
			      rotation->fingerprint);
}

KR_FALLIBLE rotate_mark(struct rotation *rotation, struct rotate_env *env)
{
	return rotation_for_targets(rotation, env, false, mark_target, NULL);
}
