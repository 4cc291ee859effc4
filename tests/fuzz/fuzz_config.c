/*
 * keyrot.yaml: any bytes give a configuration or an error that names the
 * place; and what is accepted once is accepted with the same targets again.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kr_cleanup(config_freep) struct config *config = NULL;
	kr_cleanup(err_freep) struct err *err = NULL;

	err = config_parse("keyrot.yaml", (const char *)data, size, &config);
	if (err) {
		assert(err_is(err, KR_ECONFIG) || err_is(err, KR_ENOMEM));
		assert(*err_message(err));
		assert(!config);
		return 0;
	}
	assert(config->service && config->secret.name && config->secret.key);
	assert(config->secret.format.bytes >= 16);
	for (size_t i = 0; i < config->n_environments; i++) {
		const struct config_environment *e = &config->environments[i];
		struct config_place place;

		assert(e->name && e->n_targets > 0);
		for (size_t j = 0; j < e->n_targets; j++)
			assert(config_find_context(
				       config, e->targets[j].context,
				       e->targets[j].namespace_, &place) > 0);
	}
	return 0;
}
