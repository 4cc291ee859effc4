/* doctor: the preconditions of a rotation. */
#include "cli/connection.h"
#include "config/config.h"
#include "runbook/doctor.h"

KR_FALLIBLE cmd_doctor(struct cli_context *context, struct result *result)
{
	struct connection c;
	struct doctor_options options;
	struct err *err = connection_open(context, result, CONNECT_STORE, &c);

	if (err)
		return err;
	options = (struct doctor_options){
		.kube = c.kube,
		.store = c.store,
		.target = c.secret,
		.service = context->config->service,
		.variable_was_set = context->variable_was_set,
		.result = result,
	};
	err = doctor_run(&options);
	if (!err)
		result_next(result, "kubectl keyrot plan --context %s -n %s",
			    c.access->context, c.secret.ns);
	err = connection_finish(&c, err);
	connection_release(&c);
	return err;
}
