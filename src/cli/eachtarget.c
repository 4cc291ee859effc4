#include "cli/eachtarget.h"

#include "base/pool.h"
#include "runbook/run.h"
#include "runbook/status.h"

/*
 * Reads the target of the context that the options name. `names` (NULL: leave
 * it out) stands in the result where the context itself cannot be used.
 */
static KR_FALLIBLE read_target(struct cli_context *context,
			       const struct result_target *names,
			       const char *environment, cli_read_target *read,
			       struct result *result)
{
	struct connection c;
	struct err *err = connection_open(context, result, 0, &c);

	if (err && names)
		status_unread(names, environment, err, result);
	if (err)
		return err;
	err = connection_finish(&c, read(&c));
	connection_release(&c);
	return err;
}

/* The targets of keyrot.yaml, a place for what each of them answers. */
struct reading {
	struct cli_context *context;
	const struct config_environment *environment;
	const struct config_target *target;
	cli_read_target *read;
	struct result result;
	struct err *err;
};

static bool read_one(void *user, size_t index)
{
	struct reading *r = (struct reading *)user + index;
	const struct config *config = r->context->config;
	/* Each with flags of its own. */
	struct cli_context context = *r->context;
	const struct result_target names = {
		.context = r->target->context,
		.namespace_ = r->target->namespace_,
		.secret = context.options.secret ? context.options.secret
						 : config->secret.name,
		.entry = cli_entry(&context),
	};

	context.options.kube.context = r->target->context;
	if (!context.options.kube.namespace_)
		context.options.kube.namespace_ = r->target->namespace_;
	r->err = read_target(&context, &names, r->environment->name, r->read,
			     &r->result);
	return true;
}

/* In their order; the first error is the result's. */
static KR_FALLIBLE gather(struct reading *all, size_t n, struct result *result)
{
	struct err *first = NULL;

	for (size_t i = 0; i < n; i++) {
		result_take(result, &all[i].result);
		result_release(&all[i].result);
		if (all[i].err && !first)
			first = err_wrap(take_ptr(&all[i].err), "%s",
					 all[i].target->context);
		err_free(all[i].err);
	}
	return first;
}

/* Every target of keyrot.yaml, side by side. */
static KR_FALLIBLE read_all(struct cli_context *context, struct result *result,
			    cli_read_target *read)
{
	const struct config *config = context->config;
	const struct reporter *inner = context->reporter;
	struct reporter locked = run_talk_reporter(inner);
	struct reading *all;
	struct err *err;
	size_t n = 0;

	for (size_t i = 0; i < config->n_environments; i++)
		n += config->environments[i].n_targets;
	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return err_no_memory();
	n = 0;
	for (size_t i = 0; i < config->n_environments; i++) {
		const struct config_environment *e = &config->environments[i];

		for (size_t j = 0; j < e->n_targets; j++) {
			result_init(&all[n].result, "");
			all[n].environment = e;
			all[n].read = read;
			all[n].target = &e->targets[j];
			all[n++].context = context;
		}
	}
	context->reporter = &locked;
	(void)pool_run(n, CONFIG_PARALLEL, read_one, all);
	context->reporter = inner;
	err = gather(all, n, result);
	free(all);
	return err;
}

KR_FALLIBLE cli_each_target(struct cli_context *context, struct result *result,
			    cli_read_target *read, bool *out_all)
{
	bool all = !context->options.kube.context &&
		   context->config->n_environments > 0;

	*out_all = all;
	return all ? read_all(context, result, read)
		   : read_target(context, NULL, NULL, read, result);
}
