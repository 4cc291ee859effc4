/* The gates of an environment: may it have the key, and does it live with it?
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/proc.h"
#include "kube/annotations.h"
#include "kube/path.h"
#include "runbook/rotate.h"
#include "runbook/verify.h"
#include "runbook/window.h"

#define MAX_OUTPUT_BYTES (16u * 1024 * 1024)
#define CLOCK_MARGIN_MS	 (5 * 60 * 1000)
#define SHOWN_LINES	 20

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

/* "FINGERPRINT TIME" */
static bool is_proof(const char *validated, const char *fingerprint,
		     int64_t within_ms)
{
	size_t n = strlen(fingerprint);
	int64_t at_ms;

	if (!validated || strncmp(validated, fingerprint, n) != 0 ||
	    validated[n] != ' ' ||
	    !clock_parse_rfc3339(validated + n + 1, &at_ms))
		return false;
	/* One from the future is a wrong clock's, and no proof. */
	if (at_ms > clock_wall_ms() + CLOCK_MARGIN_MS)
		return false;
	return within_ms < 0 || clock_wall_ms() - at_ms <= within_ms;
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
	if (!now->live || strcmp(now->live_fingerprint, fingerprint) != 0)
		return refuse(
			next, "NotProven", "--allow-unvalidated",
			"the environment before it does not run this key");
	if (!is_proof(now->facts.validated, fingerprint,
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

	if (!env->config->requires || rotation->options.allow_unvalidated)
		return NULL;
	before = find_env(rotation, env->config->requires);
	if (!before)
		return err_new(KR_ECONFIG,
			       "environment %s requires %s, which is not there",
			       env->name, env->config->requires);
	return rotation_for_targets(rotation, before, false, check_proof, env);
}

static KR_FALLIBLE check_window(const struct rotation *rotation,
				const struct rotate_env *env)
{
	kr_cleanup(str_freep) char *what = NULL;
	bool open = true;
	struct err *err;

	if (rotation->options.allow_outside_window)
		return NULL;
	err = window_is_open(&env->config->window, clock_wall_ms(), &open);
	if (err || open)
		return err;
	if (asprintf(&what, "its window is closed: %s",
		     env->config->window.text) < 0) {
		what = NULL;
		return err_new(KR_ENOMEM, "out of memory");
	}
	return refuse(env, "OutsideWindow", "--allow-outside-window", what);
}

static KR_FALLIBLE check_person(const struct rotation *rotation,
				const struct rotate_env *env)
{
	const struct rotate_options *o = &rotation->options;
	kr_cleanup(str_freep) char *question = NULL;
	const char *word = env->count ? env->targets[0].context : env->name;

	if (!env->config->confirm)
		return NULL;
	if (!o->confirm)
		return refuse(
			env, "NotConfirmed", NULL,
			"a person has to confirm it, and there is no terminal to ask on");
	if (asprintf(&question,
		     "Key %.12s goes to environment %s now. Type %s to go on: ",
		     rotation->fingerprint, env->name, word) < 0) {
		question = NULL;
		return err_new(KR_ENOMEM, "out of memory");
	}
	if (o->confirm(o->user, question, word))
		return NULL;
	return refuse(env, "NotConfirmed", NULL, "it was not confirmed");
}

KR_FALLIBLE rotate_admit(struct rotation *rotation, struct rotate_env *env)
{
	struct err *err = rotation_need_key(rotation);

	if (!err)
		err = check_requires(rotation, env);
	if (!err)
		err = check_window(rotation, env);
	if (!err)
		err = check_person(rotation, env);
	return err;
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

static void show_output(const struct rotation *rotation, const char *name,
			const struct buf *output)
{
	const struct reporter *r = rotation->options.reporter;
	const struct secret *key =
		rotation->key ? readback_key_secret(rotation->key) : NULL;
	const char *text = buf_str(output);
	size_t lines = 0, skip;

	for (size_t i = 0; i < output->len; i++)
		lines += text[i] == '\n';
	skip = lines > SHOWN_LINES ? lines - SHOWN_LINES : 0;
	while (*text) {
		size_t n = strcspn(text, "\n");
		kr_cleanup(str_freep) char *line = strndup(text, n);

		if (skip)
			skip--;
		else if (line && r->log_line &&
			 !(key && secret_occurs_in(key, text, n)))
			r->log_line(r->user, name, "output", line);
		text += n + (text[n] == '\n');
	}
}

static KR_FALLIBLE check_failed(const struct config_check *check,
				const struct proc_result *result)
{
	struct err *err;

	if (result->term_signal)
		err = err_new(KR_EGATE, "%s was ended by signal %d",
			      check->name, result->term_signal);
	else
		err = err_new(KR_EGATE, "%s failed: exit code %d", check->name,
			      result->exit_code);
	return err_set_reason(err, "ValidationFailed");
}

static KR_FALLIBLE run_check(struct rotation *rotation, struct rotate_env *env,
			     const struct config_check *check)
{
	struct proc_env vars = { 0 };
	struct proc_result result = { 0 };
	struct proc_spec spec = {
		.argv = (const char *const *)check->run,
		.stdin_mode = PROC_STDIN_NULL,
		.stderr_mode = PROC_STDERR_CAPTURE,
		.max_stdout_bytes = MAX_OUTPUT_BYTES,
		.max_stderr_bytes = MAX_OUTPUT_BYTES,
		.timeout_ms = check->timeout_ms,
	};
	struct err *err;

	proc_env_base(&vars);
	proc_env_inherit(&vars, "KUBECONFIG");
	proc_env_set(&vars, "KEYROT_ENVIRONMENT", env->name);
	proc_env_set(&vars, "KEYROT_CONTEXT", env->targets[0].context);
	proc_env_set(&vars, "KEYROT_NAMESPACE",
		     env->targets[0].run.options.target.ns);
	proc_env_set(&vars, "KEYROT_ROTATION", rotation->id);
	proc_env_set(&vars, "KEYROT_FINGERPRINT", rotation->fingerprint);
	err = proc_env_vars(&vars, &spec.envp);
	if (!err)
		err = proc_run(&spec, &result);
	if (!err && result.exit_code != 0) {
		show_output(rotation, check->name, &result.out);
		show_output(rotation, check->name, &result.err);
		err = check_failed(check, &result);
	} else if (err && !err_is(err, KR_EINTERRUPTED)) {
		/* A gate that could not look has not passed. */
		err = err_set_reason(err_as(err, KR_EGATE), "ValidationFailed");
	}
	proc_result_release(&result);
	proc_env_release(&vars);
	return err_wrap(err, "validate");
}

KR_FALLIBLE rotate_validate(struct rotation *rotation, struct rotate_env *env)
{
	const struct config *config = rotation->options.config;
	struct err *err = NULL;

	for (size_t i = 0; !err && env->count && i < config->n_validate; i++)
		err = run_check(rotation, env, &config->validate[i]);
	return err;
}

KR_FALLIBLE rotate_annotate(struct rotate_target *target, enum kube_note note,
			    const char *value)
{
	const struct kube_target *t = &target->run.options.target;
	kr_cleanup(json_freep) struct cJSON *patch = json_object();
	kr_cleanup(str_freep) char *body = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	char name[KUBE_NOTE_LEN];
	struct kube_request request = {
		.method = "PATCH",
		.what = "Secret's annotation",
		.content_type = "application/merge-patch+json",
		.flags = KUBE_METADATA | KUBE_QUIET,
	};
	struct err *err = kube_note_on_secret(note, t->entry, name);

	if (err)
		return err;
	json_set_str(json_add_object(json_add_object(patch, "metadata"),
				     "annotations"),
		     name, value);
	err = json_print(patch, &body);
	if (err)
		return err;
	path = kube_path_sub(KIND_SECRET, t->ns, t->secret, NULL,
			     "fieldManager=" KUBE_MANAGER);
	if (!path)
		return err_new(KR_ENOMEM, "out of memory");
	request.path = path;
	request.body = body;
	err = kube_do(target->kube, &request);
	kube_request_release(&request);
	return err;
}

/* The proof that the next environment asks for, on the Secret itself. */
static struct err *mark_target(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	char now[CLOCK_RFC3339_LEN], value[128];

	(void)user;
	clock_rfc3339(clock_wall_ms(), now);
	(void)snprintf(value, sizeof(value), "%s %s", rotation->fingerprint,
		       now);
	return rotate_annotate(target, NOTE_VALIDATED, value);
}

KR_FALLIBLE rotate_mark(struct rotation *rotation, struct rotate_env *env)
{
	return rotation_for_targets(rotation, env, false, mark_target, NULL);
}
