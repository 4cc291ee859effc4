/* verify: the logs of exactly the pods that run the new key. */
#include "cli/connection.h"
#include "runbook/verify.h"

static const char *const *first_of(const char *const *flag, char **configured)
{
	return flag ? flag : (const char *const *)configured;
}

KR_FALLIBLE connection_verify(struct connection *c)
{
	static const struct config_verify nothing = { .within_ms = -1 };
	const struct cli_options *o = &c->context->options;
	const struct config_environment *environment = c->target.environment;
	const struct config_verify *configured =
		environment ? &environment->verify : &nothing;
	const struct verify_options options = {
		.look = {
			.kube = c->kube,
			.target = c->secret,
			.consumers = c->target.consumers,
			.reporter = c->context->reporter,
			.result = c->result,
		},
		.expect = first_of(o->expect, configured->expect),
		.forbid = first_of(o->forbid, configured->forbid),
		.within_ms = o->within_ms >= 0 ? o->within_ms
					       : configured->within_ms,
		.since_ms = o->since_ms,
	};

	return verify_run(&options);
}

KR_FALLIBLE cmd_verify(struct cli_context *context, struct result *result)
{
	struct connection connection;
	struct err *err = connection_open(context, result, 0, &connection);

	if (err)
		return err;
	err = connection_finish(&connection, connection_verify(&connection));
	connection_release(&connection);
	return err;
}
