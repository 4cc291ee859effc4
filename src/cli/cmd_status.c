/* status: which key each environment, Secret and pod runs. */
#include "cli/connection.h"
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

/*
 * Reads the target of the context that the options name. `names` (NULL: leave
 * it out) stands in the result where the context itself cannot be used.
 */
static KR_FALLIBLE read_target(struct cli_context *context,
			       const struct result_target *names,
			       const char *environment, struct result *result)
{
	struct connection c;
	struct err *err = connection_open(context, result, 0, &c);

	if (err && names)
		status_unread(names, environment, err, result);
	if (err)
		return err;
	err = connection_finish(&c, read_opened(&c));
	connection_release(&c);
	return err;
}

/* Every target of keyrot.yaml, in order; the first error is the result's. */
static KR_FALLIBLE read_all(struct cli_context *context, struct result *result)
{
	const struct config *config = context->config;
	struct kube_flags *flags = &context->options.kube;
	const char *ns = flags->namespace_;
	struct err *first = NULL;

	for (size_t i = 0; i < config->n_environments; i++) {
		const struct config_environment *e = &config->environments[i];

		for (size_t j = 0; j < e->n_targets; j++) {
			const struct result_target names = {
				.context = e->targets[j].context,
				.namespace_ = e->targets[j].namespace_,
				.secret = context->options.secret
						  ? context->options.secret
						  : config->secret.name,
				.entry = cli_entry(context),
			};
			struct err *err;

			flags->context = e->targets[j].context;
			flags->namespace_ = ns ? ns : e->targets[j].namespace_;
			err = read_target(context, &names, e->name, result);
			if (err && !first)
				first = err_wrap(take_ptr(&err), "%s",
						 names.context);
			err_free(err);
		}
	}
	flags->context = NULL;
	flags->namespace_ = ns;
	return first;
}

KR_FALLIBLE cmd_status(struct cli_context *context, struct result *result)
{
	bool all = !context->options.kube.context &&
		   context->config->n_environments > 0;
	struct err *err = all ? read_all(context, result)
			      : read_target(context, NULL, NULL, result);

	status_compare(result);
	/* One cluster that does not answer does not hide the others. */
	if (!err || all)
		status_text(result);
	return err;
}
