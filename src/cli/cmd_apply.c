/* apply: write the Secret to one context, restart, follow the rollout. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/connection.h"
#include "runbook/record_run.h"

static enum run_dry dry_of(const char *text)
{
	if (text && strcmp(text, "client") == 0)
		return DRY_CLIENT;
	return text && strcmp(text, "server") == 0 ? DRY_SERVER : DRY_NONE;
}

/* Consumers that stay on the old key by the operator's own will. */
static bool name_unrestarted(struct run *run)
{
	bool any = false;

	if (!run->options.no_restart || !run->consumers || !run->written)
		return false;
	for (size_t i = 0; i < run->consumers->count; i++) {
		const struct consumer *c = &run->consumers->items[i];

		/* Its pods may well run this key, from a restart before. */
		if (c->role != CONSUMER_RESTARTED ||
		    str_equal(c->state.template_rotation, run->mark))
			continue;
		any = true;
		run_warn(
			run,
			"%s %s was not restarted: its pods stay on the key they started with",
			c->kind, c->name);
	}
	return any;
}

/* Whether there is a log that could be read. */
static bool has_pods(const struct run *run)
{
	for (size_t i = 0; run->consumers && i < run->consumers->count; i++) {
		const struct consumer *c = &run->consumers->items[i];

		if (consumer_takes_part(c) && c->state.desired > 0)
			return true;
	}
	return run->options.no_wait;
}

static void say_next(const struct run *run, const struct err *err,
		     bool unrestarted)
{
	struct result *result = run->options.result;
	const struct kube_target *t = &run->options.target;
	const char *context = kube_access_of(run->options.kube)->context;
	kr_cleanup(str_freep) char *again = run_again_command(run);

	/* No pod to look at yet: the same key again restarts them. */
	if (!err && unrestarted && run->entry_id && again) {
		result_next(result, "%s", again);
		return;
	}
	if (!err && run->options.dry == DRY_NONE) {
		result_next(result, "kubectl keyrot %s --context %s -n %s",
			    has_pods(run) ? "verify" : "status", context,
			    t->ns);
		return;
	}
	/* Once the key is stored, it is the one to go on with. */
	if (!err || run->options.dry != DRY_NONE ||
	    (!run->written && !run->entry_id))
		return;
	/* Pods that cannot run with the key: the way back comes first. */
	if (err_is(err, KR_EROLLOUT) && run->previous_entry_id &&
	    !str_equal(err_reason(err), "OldPods"))
		result_next(
			result,
			"kubectl keyrot apply --context %s -n %s --from-store=%s",
			context, t->ns, run->previous_entry_id);
	if (again)
		result_next(result, "%s", again);
}

/* What failed first is what is to be told. */
static void record_failure(struct run *run, const struct err *failed)
{
	struct err *err = record_run(run, failed);

	if (err)
		run_warn(run, "%s", err_message(err));
	err_free(err);
}

/* apply is the step by hand: what it passes over is said, not asked. */
static void name_passed_over(struct run *run, const struct cli_target *target)
{
	const struct config_environment *e = target->environment;

	if (!e || run->options.dry != DRY_NONE ||
	    !(e->requires || e->confirm || e->window.text))
		return;
	run_warn(
		run,
		"apply goes past what keyrot.yaml asks of environment %s:%s%s%s%s%s; rotate and promote keep to it",
		e->name, e->requires ? " requires " : "",
		e->requires ? e->requires : "",
		e->window.text ? " window " : "",
		e->window.text ? e->window.text : "",
		e->confirm ? " confirm" : "");
}

static KR_FALLIBLE apply_to(struct connection *c, struct run_key *take_source)
{
	struct run_options options;
	struct run run;
	bool unrestarted;
	struct err *err;

	connection_run_options(c, &options);
	options.dry = dry_of(c->context->options.dry_run);
	options.passes_by = options.dry == DRY_NONE;
	options.config = c->context->config;
	err = run_init(&run, &options, take_source);
	if (!err) {
		name_passed_over(&run, &c->target);
		err = step_run_all(c->context->runbook->apply, &run);
	}
	if (err)
		record_failure(&run, err);
	err = connection_no_key(c, &run.key_source, err);
	if (err_is(err, KR_EINTERRUPTED) && !run.entry_id)
		err = err_hint(err, "nothing was changed: give the same "
				    "command again");
	unrestarted = name_unrestarted(&run);
	run_fill_result(&run);
	if (options.dry != DRY_NONE)
		json_set_str(c->result->document, "dryRun",
			     c->context->options.dry_run);
	say_next(&run, err, unrestarted);
	run_release(&run);
	return err;
}

KR_FALLIBLE cmd_apply(struct cli_context *context, struct result *result)
{
	struct run_key source = { 0 };
	struct connection connection;
	struct err *err =
		connection_open(context, result, CONNECT_STORE, &connection);

	if (err)
		return err;
	err = connection_find_key(&connection, &source);
	if (!err)
		err = apply_to(&connection, &source);
	err = connection_finish(&connection, err);
	run_key_release(&source);
	connection_release(&connection);
	return err;
}
