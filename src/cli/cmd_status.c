/* status: which key each environment, Secret and pod runs. */
#include "cli/eachtarget.h"
#include "cli/watch.h"
#include "runbook/status.h"

static KR_FALLIBLE read_opened(struct connection *c)
{
	const struct config_environment *environment = c->target.environment;
	const struct look_options options = {
		.kube = c->kube,
		.target = c->secret,
		.consumers = c->target.consumers,
		.reporter = c->context->reporter,
		.result = c->result,
	};
	const struct result_target names = {
		.context = c->access->context,
		.cluster = c->access->cluster,
		.namespace_ = c->secret.ns,
		.secret = c->secret.secret,
		.entry = c->secret.entry,
	};
	const char *name = environment ? environment->name : NULL;
	struct err *err = status_read(&options, name);

	if (err)
		status_unread(&names, name, err, c->result);
	return err;
}

static struct err *look(struct cli_context *context, struct result *result)
{
	bool all;
	struct err *err = cli_each_target(context, result, read_opened, &all);

	status_compare(result);
	/* One cluster that does not answer does not hide the others. */
	if (!err || all)
		status_text(result);
	return err;
}

KR_FALLIBLE cmd_status(struct cli_context *context, struct result *result)
{
	const char *every = context->options.watch;

	return every ? watch_run(context, every, look) : look(context, result);
}
