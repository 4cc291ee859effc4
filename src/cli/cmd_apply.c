/* apply: write the Secret to one context, restart, follow the rollout. */
#include <string.h>

#include "base/json.h"
#include "cli/keysource.h"

static enum run_dry dry_of(const char *text)
{
	if (text && strcmp(text, "client") == 0)
		return DRY_CLIENT;
	return text && strcmp(text, "server") == 0 ? DRY_SERVER : DRY_NONE;
}

static void fill_options(const struct cli_target *t, struct run_options *out)
{
	const struct cli_options *o = &t->context->options;

	cli_target_run_options(t, out);
	out->take_ownership = o->take_ownership;
	out->allow_secret_type = o->allow_secret_type;
	out->create = o->create;
	out->allow_insecure_tls = o->allow_insecure_tls;
	out->no_restart = o->no_restart;
	out->no_wait = o->no_wait;
	out->dry = dry_of(o->dry_run);
	out->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : -1;
}

/* Consumers that stay on the old key by the operator's own will. */
static void name_unrestarted(struct run *run)
{
	if (!run->options.no_restart || !run->consumers || !run->written)
		return;
	for (size_t i = 0; i < run->consumers->count; i++) {
		const struct consumer *c = &run->consumers->items[i];

		if (c->role == CONSUMER_RESTARTED)
			run_warn(
				run,
				"%s %s was not restarted: its pods stay on the key they started with",
				c->kind, c->name);
	}
}

static void say_next(const struct run *run, const struct err *err)
{
	struct result *result = run->options.result;
	const struct kube_target *t = &run->options.target;
	const char *context = kube_access_of(run->options.kube)->context;
	kr_cleanup(str_freep) char *again = run_again_command(run);

	if (!err && run->options.dry == DRY_NONE) {
		result_next(result, "kubectl keyrot verify --context %s -n %s",
			    context, t->ns);
		return;
	}
	if (!err || !run->written)
		return;
	if (again)
		result_next(result, "%s", again);
	if (err_is(err, KR_EROLLOUT) && run->previous_entry_id)
		result_next(
			result,
			"kubectl keyrot apply --context %s -n %s --from-store=%s",
			context, t->ns, run->previous_entry_id);
}

static KR_FALLIBLE apply_to(struct cli_target *t, struct run_key *take_source)
{
	struct run_options options;
	struct run run;
	struct err *err;

	fill_options(t, &options);
	err = run_init(&run, &options, take_source);
	if (!err)
		err = step_run_all(t->context->runbook->apply, &run);
	err = keysource_none(t, &run.key_source, err);
	name_unrestarted(&run);
	run_fill_result(&run);
	if (options.dry != DRY_NONE)
		json_set_str(t->result->document, "dryRun",
			     t->context->options.dry_run);
	say_next(&run, err);
	run_release(&run);
	return err;
}

KR_FALLIBLE cmd_apply(struct cli_context *context, struct result *result)
{
	struct run_key source = { 0 };
	struct cli_target target;
	struct err *err = cli_target_open(
		context, result, TARGET_STORE | TARGET_WRITES, &target);

	if (err)
		return err;
	err = keysource_take(&target, &source);
	if (!err)
		err = apply_to(&target, &source);
	err = cli_target_finish(&target, err);
	run_key_release(&source);
	cli_target_release(&target);
	return err;
}
