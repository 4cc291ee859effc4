/* Which environment a promotion is to. */
#include <string.h>

#include "base/str.h"
#include "cli/target.h"

/* Whether the environment comes after `from`: requires it, or stands behind. */
static bool follows(const struct config *config, size_t at, const char *from)
{
	const struct config_environment *e = &config->environments[at];

	if (e->requires)
		return str_same(e->requires, from);
	return at > 0 && str_same(config->environments[at - 1].name, from);
}

static KR_FALLIBLE after(const struct config *config, const char *from,
			 const char **out)
{
	size_t found = 0;

	for (size_t i = 0; i < config->n_environments; i++) {
		if (!follows(config, i, from))
			continue;
		*out = config->environments[i].name;
		found++;
	}
	if (found == 1)
		return NULL;
	return err_new(
		KR_EUSAGE,
		found ? "several environments come after %s: name one by --to"
		      : "no environment comes after %s",
		from);
}

KR_FALLIBLE cli_promote_to(const struct cli_context *context, const char **out)
{
	const struct cli_options *o = &context->options;
	const struct config *config = context->config;
	struct config_place place = { 0 };

	if (o->to && o->from)
		return err_new(KR_EUSAGE, "--to or --from, not both");
	if (o->from)
		return after(config, o->from, out);
	if (o->to)
		*out = o->to;
	else if (o->kube.context &&
		 config_find_context(config, o->kube.context,
				     o->kube.namespace_, &place) == 1)
		*out = place.environment->name;
	else if (config->n_environments == 2)
		*out = config->environments[1].name;
	else
		return err_new(
			KR_EUSAGE,
			config->n_environments < 2
				? "a promotion needs two environments in keyrot.yaml"
				: "which environment gets the key? name it by --to");
	return NULL;
}
