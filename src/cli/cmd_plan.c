/* plan: every step and the kubectl command it stands for; changes nothing. */
#include "cli/keysource.h"
#include "runbook/plan.h"

static KR_FALLIBLE plan_for(struct cli_target *t, struct run_key *take_source)
{
	const struct cli_options *o = &t->context->options;
	struct run_options options;
	struct run run;
	struct err *err;

	cli_target_run_options(t, &options);
	options.take_ownership = o->take_ownership;
	options.allow_secret_type = o->allow_secret_type;
	options.create = o->create;
	options.allow_insecure_tls = o->allow_insecure_tls;
	options.no_restart = o->no_restart;
	options.no_wait = o->no_wait;
	options.dry = DRY_CLIENT;
	err = run_init(&run, &options, take_source);
	if (!err)
		err = plan_make(&run, t->context->runbook->apply);
	run_fill_result(&run);
	if (!err)
		result_next(t->result,
			    "kubectl keyrot apply --context %s -n %s",
			    t->access->context, t->secret.ns);
	run_release(&run);
	return err;
}

KR_FALLIBLE cmd_plan(struct cli_context *context, struct result *result)
{
	struct run_key source = { 0 };
	struct cli_target target;
	struct err *err =
		cli_target_open(context, result, TARGET_STORE, &target);

	if (err)
		return err;
	err = keysource_take(&target, &source);
	if (!err)
		err = plan_for(&target, &source);
	err = cli_target_finish(&target, err);
	run_key_release(&source);
	cli_target_release(&target);
	return err;
}
