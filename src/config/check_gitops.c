/* What must hold between the fields of gitops and argocd. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "config/check.h"

#define DIGITS 64

static KR_FALLIBLE check_harmless(const struct config *config,
				  const struct yaml_doc *doc,
				  const struct cJSON *node)
{
	char **list = config->gitops.harmless;
	const struct cJSON *item = json_first(node);

	for (; list && *list; list++, item = json_next(item))
		if (strlen(*list) != DIGITS ||
		    strspn(*list, "0123456789abcdef") != DIGITS)
			return yaml_err(doc, item,
					"harmless wants fingerprints: 64 "
					"lower-case hex digits");
	return NULL;
}

static bool has_environment(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_environments; i++)
		if (str_same(config->environments[i].name, name))
			return true;
	return false;
}

KR_FALLIBLE config_check_gitops(const struct config *config,
				const struct yaml_doc *doc)
{
	const struct config_argocd *a = &config->argocd;
	const struct cJSON *node = json_at(yaml_root(doc), "argocd");
	const struct cJSON *item = json_first(json_at(node, "applications"));
	struct err *err = check_harmless(
		config, doc, json_at(yaml_root(doc), "gitops.harmless"));

	if (!err && !a->server != !a->token.value)
		err = yaml_err(doc, node, "server and token go together");
	if (!err && a->server && a->trigger == TRIGGER_REFRESH)
		err = yaml_err(doc, node,
			       "a refresh is asked for by the "
			       "resource: without server");
	for (size_t i = 0; i < a->n_applications && !err; i++) {
		const char *name = a->applications[i].environment;

		if (name && !has_environment(config, name))
			err = yaml_err(doc, json_at(item, "environment"),
				       "environment: there is none of that "
				       "name");
		item = json_next(item);
	}
	return err;
}
