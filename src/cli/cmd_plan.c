/* plan: every step and the kubectl command it stands for; changes nothing. */
#include <string.h>

#include "cli/connection.h"
#include "cli/planrunbook.h"
#include "runbook/plan.h"

static KR_FALLIBLE plan_for(struct connection *c, struct run_key *take_source)
{
	struct run_options options;
	struct run run;
	struct err *err;

	connection_run_options(c, &options);
	options.dry = DRY_CLIENT;
	err = run_init(&run, &options, take_source);
	if (!err)
		err = plan_make(&run, c->context->runbook->apply);
	run_fill_result(&run);
	if (!err)
		result_next(c->result,
			    "kubectl keyrot apply --context %s -n %s",
			    c->access->context, c->secret.ns);
	run_release(&run);
	return err;
}

KR_FALLIBLE cmd_plan(struct cli_context *context, struct result *result)
{
	struct run_key source = { 0 };
	struct connection connection;
	struct err *err;

	if (context->n_args && strcmp(context->args[0], "apply") != 0)
		return plan_runbook(context, result, context->args[0]);
	err = connection_open(context, result, CONNECT_STORE, &connection);
	if (err)
		return err;
	err = connection_find_key(&connection, &source);
	if (!err)
		err = plan_for(&connection, &source);
	err = connection_finish(&connection, err);
	run_key_release(&source);
	connection_release(&connection);
	return err;
}
