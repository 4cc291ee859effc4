#include "cli/target.h"

#include "config/value.h"
#include "kube/path.h"

const char *cli_entry(const struct cli_context *context)
{
	return context->options.entry ? context->options.entry
				      : context->config->secret.key;
}

static KR_FALLIBLE check_names(const struct cli_context *context,
			       const struct cli_target *target)
{
	const char *const *consumers = context->options.consumers;

	if (!kube_name_is_valid(target->secret))
		return err_new(KR_EUSAGE,
			       "--secret is not a name that Kubernetes "
			       "accepts: lower case letters, digits, '-' and "
			       "'.'");
	if (!kube_entry_is_valid(target->entry))
		return err_new(KR_EUSAGE,
			       "--entry is not a name of a Secret's entry: "
			       "letters, digits, '-', '_' and '.'");
	for (; consumers && *consumers; consumers++) {
		struct err *err = workload_check(*consumers);

		if (err)
			return err_as(err_wrap(err, "--consumer"), KR_EUSAGE);
	}
	return NULL;
}

static KR_FALLIBLE find_place(struct cli_context *context,
			      struct cli_target *target)
{
	struct kube_flags *flags = &context->options.kube;
	struct config_place place = { 0 };
	size_t n;

	if (!flags->context)
		return NULL;
	n = config_find_context(context->config, flags->context,
				flags->namespace_, &place);
	if (n > 1)
		return err_new(KR_EUSAGE,
			       "%s has %zu targets in context %s: name one by "
			       "--namespace",
			       context->config->path, n, flags->context);
	target->environment = place.environment;
	target->target = place.target;
	if (place.target && !flags->namespace_)
		flags->namespace_ = place.target->namespace_;
	return NULL;
}

KR_FALLIBLE cli_target_resolve(struct cli_context *context,
			       struct cli_target *out)
{
	const struct cli_options *options = &context->options;
	const struct config *config = context->config;
	struct cli_target target = {
		.secret =
			options->secret ? options->secret : config->secret.name,
		.entry = cli_entry(context),
		.consumers = options->consumers
				     ? options->consumers
				     : (const char *const *)config->consumers,
	};
	struct err *err;

	err = check_names(context, &target);
	if (!err)
		err = find_place(context, &target);
	if (err)
		return err;
	*out = target;
	return NULL;
}
