/* A rotation's connections, targets and journal: opened and let go of. */
#include <stdio.h>
#include <string.h>

#include "runbook/leasekeeper.h"
#include "runbook/rotate.h"

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
		.allow_other_cluster = o->allow_other_cluster,
		.timeout_ms = o->timeout_ms,
		.one_of_many = true,
		.target = {
			.secret = o->config->secret.name,
			.entry = o->config->secret.key,
			.keyring = o->config->secret.mode == MODE_KEYRING,
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
	return err;
}

static KR_FALLIBLE open_env(struct rotation *rotation, struct rotate_env *env,
			    const struct config_environment *config)
{
	struct err *err = NULL;

	env->config = config;
	env->name = config->name;
	(void)snprintf(env->label, sizeof(env->label), "%s", env->name);
	env->at_once = config->parallel > 0 ? (size_t)config->parallel
					    : CONFIG_PARALLEL;
	env->targets = calloc(config->n_targets + 1, sizeof(*env->targets));
	if (!env->targets)
		return err_no_memory();
	for (size_t i = 0; !err && i < config->n_targets; i++) {
		env->targets[env->count].env = env;
		err = open_target(rotation, &env->targets[env->count++],
				  &config->targets[i]);
	}
	env->end = env->count;
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
			  const struct rotate_options *options)
{
	const struct config *config = options->config;
	struct err *err = NULL;

	memset(rotation, 0, sizeof(*rotation));
	rotation->options = *options;
	rotation->reporter = options->reporter;
	rotation->locked = run_talk_reporter(options->reporter);
	rotation->options.reporter = &rotation->locked;
	if (config->n_environments == 0)
		return no_environments(config);
	rotation->envs =
		calloc(config->n_environments + 1, sizeof(*rotation->envs));
	if (!rotation->envs)
		return err_no_memory();
	for (size_t i = 0; !err && i < config->n_environments; i++)
		err = open_env(rotation, &rotation->envs[rotation->env_count++],
			       &config->environments[i]);
	return err;
}

static struct err *name_target(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	(void)user;
	memcpy(target->run.rotation, rotation->id, sizeof(rotation->id));
	return NULL;
}

/* What retires is gone on with by retiring again, and by nothing else: its
 * journals stand apart. */
static KR_FALLIBLE open_journal(struct rotation *rotation)
{
	const char *service = rotation->options.config->service;
	kr_cleanup(str_freep) char *apart = NULL;

	if (!rotation->options.retires)
		return journal_open(service, rotation->id, &rotation->journal);
	if (asprintf(&apart, "%s/retire", service) < 0) {
		apart = NULL;
		return err_no_memory();
	}
	return journal_open(apart, rotation->id, &rotation->journal);
}

KR_FALLIBLE rotation_name(struct rotation *rotation, const char *id)
{
	struct err *err = NULL;

	rotation->resumed = id != NULL;
	if (id)
		memcpy(rotation->id, id, sizeof(rotation->id));
	else
		err = rotation_new(rotation->id);
	if (!err)
		err = rotation_for_targets(rotation, NULL, true, name_target,
					   NULL);
	if (!err)
		err = open_journal(rotation);
	return err;
}

void rotation_trace(const struct rotation *rotation, char out[ROTATE_TRACE_LEN])
{
	(void)snprintf(out, ROTATE_TRACE_LEN, "%s%s%s%s%s", rotation->id,
		       *rotation->undone ? " of " : "", rotation->undone,
		       *rotation->to ? " to " : "", rotation->to);
}

static void stop_keeper(struct rotation *rotation)
{
	char trace[ROTATE_TRACE_LEN];

	rotation_trace(rotation, trace);
	/* There is something to go on with, and it has been said. */
	err_free(lease_keeper_stop(take_ptr(&rotation->keeper),
				   rotation->begun && !rotation->options.retires
					   ? KUBE_LEASE_OPEN
					   : KUBE_LEASE_UNUSED,
				   trace));
}

void rotation_release(struct rotation *rotation)
{
	stop_keeper(rotation);
	for (size_t i = 0; i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++) {
			struct rotate_target *target = &env->targets[j];

			if (target->run_ready)
				run_release(&target->run);
			free(target->taken_from);
			kube_lease_facts_release(&target->lease_facts);
			kube_key_facts_release(&target->key_facts);
			kube_lease_free(target->lease);
			kube_close(target->lease_kube);
			kube_close(target->kube);
			kube_access_free(target->access);
			err_free(target->err);
			free(target->failure);
		}
		free(env->targets);
	}
	free(rotation->envs);
	journal_close(rotation->journal);
	readback_key_free(rotation->key);
	free(rotation->entry_id);
	err_free(rotation->soak_err);
	memset(rotation, 0, sizeof(*rotation));
}

bool rotation_env_has_key(const struct rotation *rotation,
			  const struct rotate_env *env)
{
	for (size_t i = 0; i < env->count; i++) {
		const struct kube_secret *s = env->targets[i].run.secret;

		if (!s || !kube_secret_has_entry(s) || !s->facts.owned ||
		    !s->facts.rotation ||
		    strcmp(s->facts.rotation, rotation->id) != 0 ||
		    strcmp(s->live_fingerprint, rotation->fingerprint) != 0)
			return false;
	}
	return env->count > 0;
}
