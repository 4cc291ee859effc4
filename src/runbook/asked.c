/* Which gates keyrot.yaml has. */
#include "base/str.h"
#include "runbook/rotate.h"

static bool soaks(const struct config *config, const char *environment)
{
	for (size_t i = 0; i < config->n_environments; i++) {
		const struct config_environment *e = &config->environments[i];

		if (str_same(e->name, environment))
			return e->soak.n_metrics != 0;
	}
	return true;
}

bool rotate_is_asked(const struct config *config, const char *step,
		     const char *environment)
{
	if (str_same(step, "dependents"))
		return config->dependents != NULL;
	if (str_same(step, "validate"))
		return config->n_validate != 0;
	if (str_same(step, "notify") || str_same(step, "notify-start"))
		return config->n_notify != 0;
	if (str_same(step, "ledger"))
		return config->ledger.path != NULL;
	return !str_same(step, "soak") || soaks(config, environment);
}
