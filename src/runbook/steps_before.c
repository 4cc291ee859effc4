/*
 * What is taken down before anything changes: the metrics that soaks compare
 * with, and that the ledger can be written; and, before an environment that
 * needs another's proof, what is about to be done.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "runbook/ledgerplace.h"
#include "runbook/rights.h"
#include "runbook/rotate.h"
#include "runbook/soak_setup.h"
#include "runbook/window.h"

static KR_FALLIBLE keep_one(struct rotation *rotation,
			    const struct rotate_env *env, const char *metric,
			    const struct soak_baseline *b)
{
	char detail[96];
	const struct journal_line line = {
		.event = JOURNAL_BASELINE,
		.step = metric,
		.environment = env->name,
		.detail = detail,
	};

	(void)snprintf(detail, sizeof(detail), "%.17g %zu %zu", b->mean,
		       b->points, b->planned);
	return journal_add(rotation->journal, &line);
}

static KR_FALLIBLE take(struct rotation *rotation, struct rotate_env *env)
{
	const struct config_soak *soak = &env->config->soak;
	const struct soak_setup_options options = {
		.soak = soak,
		.config_path = rotation->options.config->path,
		.for_ms = -1,
		.every_ms = -1,
		.changed_ago_ms = 0,
		.reporter = rotation->options.reporter,
	};
	kr_cleanup(soak_setup_freep) struct soak_setup *setup = NULL;
	struct soak_baseline *rows = calloc(soak->n_metrics + 1, sizeof(*rows));
	struct err *err =
		rows ? soak_setup_new(&options, &setup) : err_no_memory();

	if (!err)
		err = soak_setup_baseline(setup, rows);
	for (size_t i = 0; !err && i < soak->n_metrics; i++)
		err = keep_one(rotation, env, soak->metrics[i].name, &rows[i]);
	free(rows);
	return err_wrap(err, "environment %s", env->name);
}

/* The same object, seen at the same moment: not a restored copy of it. */
static bool is_same_secret(const struct rotate_target *a,
			   const struct rotate_target *b)
{
	const struct kube_secret *one = a->run.secret, *two = b->run.secret;

	return a != b && one && two && one->facts.uid &&
	       one->facts.resource_version && two->facts.resource_version &&
	       str_equal(one->facts.uid, two->facts.uid) &&
	       str_equal(one->facts.resource_version,
			 two->facts.resource_version);
}

static KR_FALLIBLE check_alone(const struct rotation *rotation,
			       const struct rotate_target *target)
{
	for (size_t i = 0; i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++) {
			if (!is_same_secret(target, &env->targets[j]))
				continue;
			return err_set_reason(
				err_new(KR_EREFUSED,
					"contexts %s and %s lead to the same Secret %s/%s: what runs in one is no proof for the other",
					target->context,
					env->targets[j].context,
					target->run.secret->ns,
					target->run.secret->name),
				"WrongCluster");
		}
	}
	return NULL;
}

/* Two names of one Secret: production would be what was to be tried first. */
static KR_FALLIBLE check_distinct(const struct rotation *rotation)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; !err && j < env->count; j++)
			err = check_alone(rotation, &env->targets[j]);
	}
	return err;
}

/*
 * No reason not to begin: a person approves the key that the environments
 * before have proved. But whoever started it need not wait to learn of it.
 */
static void say_unattended(const struct rotation *rotation,
			   const struct rotate_env *env)
{
	const struct rotate_options *o = &rotation->options;
	const struct reporter *r = o->reporter;
	kr_cleanup(str_freep) char *text = NULL;

	if (!env->config->confirm || env->bystander || o->approve ||
	    o->confirm || rotation->resumed)
		return;
	if (asprintf(
		    &text,
		    "environment %s waits for a person (confirm: true), and there is no terminal to ask on: this stops before it, and --approve FILE answers",
		    env->name) < 0) {
		text = NULL;
		return;
	}
	result_warn(o->result, "%s", text);
	if (r->message)
		r->message(r->user, REPORT_WARNING, text);
}

KR_FALLIBLE rotation_check_settings(const struct rotation *rotation)
{
	struct err *err = NULL;
	bool open;

	/* Putting a key back, or away, needs neither. */
	if (*rotation->undone || rotation->options.retires)
		return NULL;
	/* What is promoted was stored before. */
	if (!*rotation->to && !store_can_prove(rotation->options.store)) {
		err = err_new(
			KR_EREFUSED,
			"the store \"none\" keeps nothing that could be read back: a rotation needs a store");
		return err_set_reason(err, "StoreCannotProve");
	}
	for (size_t i = 0; !err && i < rotation->env_count; i++) {
		say_unattended(rotation, &rotation->envs[i]);
		err = window_is_open(&rotation->envs[i].config->window,
				     clock_wall_ms(), &open);
	}
	return err;
}

/* Of one that is gone on with, the time before is over: a soak asks then. */
static struct err *check_rights(struct rotation *rotation,
				struct rotate_target *target, const void *user)
{
	(void)rotation;
	(void)user;
	return rights_check(&target->run);
}

KR_FALLIBLE rotate_before(struct rotation *rotation)
{
	struct err *err;

	if (rotation->resumed)
		return rotation_check_overtaken(rotation);
	err = check_distinct(rotation);
	if (!err) {
		err = ledgerplace_check(
			rotation->options.config,
			&(struct ledgerplace){
				.operator_ = rotation_operator(rotation) });
		rotation->ledger_refused = err != NULL;
	}
	for (size_t i = 0; !err && i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];

		if (env->bystander)
			continue;
		err = rotation_for_targets(rotation, env, false, check_rights,
					   NULL);
		if (!err && env->config->soak.n_metrics)
			err = take(rotation, env);
	}
	return err;
}

static bool parse(const char *text, struct soak_baseline *out)
{
	return text && sscanf(text, "%lf %zu %zu", &out->mean, &out->points,
			      &out->planned) == 3;
}

struct soak_baseline *rotation_baselines(const struct rotation *rotation,
					 const struct rotate_env *env)
{
	const struct config_soak *soak = &env->config->soak;
	struct soak_baseline *rows = calloc(soak->n_metrics + 1, sizeof(*rows));

	for (size_t i = 0; rows && i < soak->n_metrics; i++) {
		const char *text =
			journal_detail(rotation->journal, JOURNAL_BASELINE,
				       soak->metrics[i].name, env->name, NULL);

		if (!parse(text, &rows[i])) {
			free(rows);
			return NULL;
		}
	}
	return rows;
}

static KR_FALLIBLE write_intent(struct rotation *rotation,
				const struct rotate_env *env)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct err *err = rotation_open_ledger(rotation, &ledger);

	for (size_t i = 0; !err && i < env->count; i++) {
		const struct rotate_target *target = &env->targets[i];
		const struct kube_target *t = &target->run.options.target;
		const struct ledger_record record = {
			.rotation = rotation->id,
			.step = "start",
			.context = target->context,
			.cluster_uid = target->run.cluster_uid,
			.namespace_ = t->ns,
			.secret = t->secret,
			.entry = t->entry,
			.operator_ = target->run.operator_,
			.operator_from = target->run.operator_from,
			.fingerprint = rotation->fingerprint,
			.outcome = "started",
			.store_type = store_type(rotation->options.store),
			.store_entry = rotation->entry_id,
			.approved_by = rotation_approver(rotation, env),
		};

		if (!target->left_out)
			err = ledger_append(ledger, &record, NULL);
	}
	return err ? err : ledger_checkpoint(ledger);
}

/*
 * On record, and signed, before production is touched. A ledger that cannot be
 * written stops what has not begun, and nothing that is gone on with.
 */
KR_FALLIBLE rotate_intent(struct rotation *rotation, struct rotate_env *env)
{
	struct err *err = NULL;

	if (!rotation->options.config->ledger.path || !env->config->requires ||
	    rotation_env_has_key(rotation, env))
		return NULL;
	err = err_wrap(write_intent(rotation, env), "ledger");
	if (!err || !rotation->resumed)
		return err;
	result_warn(rotation->options.result, "%s", err_message(err));
	err_free(err);
	return NULL;
}
