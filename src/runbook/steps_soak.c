/* The soak of an environment: its metrics and every target, side by side. */
#include <stdio.h>
#include <string.h>

#include "runbook/rotate.h"
#include "runbook/soak_setup.h"

static KR_FALLIBLE run_soak(struct rotation *rotation,
			    struct rotate_target *target,
			    struct soak_setup *setup)
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
		return err_new(KR_ENOMEM, "out of memory");
	}
	err = soak_setup_state_path(rotation->id, what, &path);
	if (err)
		return err;
	soak_setup_fill(setup, &options, &source);
	options.target = target->context;
	options.what = what;
	options.state_path = path;
	err = soak_run(&options, &source, &result);
	if (err)
		return err;
	run_talk_begin();
	soak_result_fill(&options, &result, target->run.document);
	run_talk_end();
	err = soak_result_error(&result);
	soak_result_release(&result);
	return err;
}

static struct err *soak_target(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	const struct config *config = rotation->options.config;
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
		.reporter = rotation->options.reporter,
	};
	kr_cleanup(soak_setup_freep) struct soak_setup *setup = NULL;
	struct err *err = soak_setup_new(&options, &setup);

	(void)user;
	if (!err)
		err = soak_setup_look_first(setup);
	if (!err)
		err = run_soak(rotation, target, setup);
	return err;
}

/*
 * The key is not held through the wait: it is forgotten here, and the next
 * environment reads it from the store again, which proves it once more.
 */
KR_FALLIBLE rotate_soak(struct rotation *rotation, struct rotate_env *env)
{
	if (env->config->soak.n_metrics == 0)
		return NULL;
	rotation_forget_key(rotation);
	return rotation_for_targets(rotation, env, false, soak_target, NULL);
}
