/*
 * Any bytes as a kubeconfig: read, checked, looked through. The first byte
 * says whether keys must be unique and how the rest is cut into two files.
 */
#include <stdint.h>

#include "base/json.h"
#include "kube/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct kubeconfig *config)
{
	static const char *const fields[] = { "server", "token", "exec",
					      "user" };

	for (int k = 0; k < KUBECONFIG_KINDS; k++) {
		for (size_t i = 0; i < config->entry_count[k]; i++) {
			const struct kubeconfig_entry *entry =
				&config->entries[k][i];

			for (size_t f = 0; f < 4; f++) {
				(void)kubeconfig_str(entry, fields[f]);
				err_free(kubeconfig_err(entry, fields[f], "x"));
			}
			if (kubeconfig_find(config, (enum kubeconfig_kind)k,
					    entry->name) == NULL)
				abort();
		}
	}
	err_free(kubeconfig_unknown(config, KUBECONFIG_CONTEXT, "contxt",
				    "--context"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kubeconfig *config;
	const char *text = (const char *)data;
	size_t cut;

	if (size < 1)
		return 0;
	cut = data[0] & 1 ? (size - 1) / 2 : size - 1;
	config = calloc(1, sizeof(*config));
	if (!config)
		return 0;
	config->current_context = "";
	err_free(kubeconfig_add(config, "a", text + 1, cut));
	err_free(kubeconfig_add(config, "b", text + 1 + cut, size - 1 - cut));
	look(config);
	kubeconfig_free(config);
	if (data[0] & 2) {
		struct yaml_doc *doc = NULL;
		struct err *err = yaml_parse("f", text + 1, size - 1,
					     YAML_UNIQUE_KEYS, &doc);

		err_free(err);
		yaml_freep(&doc);
	}
	return 0;
}
