#include "config/check.h"

#include <math.h>
#include <regex.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"

/* The n-th item of a list of the file. */
static const struct cJSON *item_at(const struct cJSON *list, size_t n)
{
	const struct cJSON *item = list ? list->child : NULL;

	while (item && n--)
		item = item->next;
	return item;
}

static KR_FALLIBLE check_patterns(const struct yaml_doc *doc,
				  const struct cJSON *list, char *const *texts)
{
	for (size_t i = 0; texts && texts[i]; i++) {
		regex_t regex;

		if (regcomp(&regex, texts[i], REG_EXTENDED | REG_NOSUB) != 0)
			return yaml_err(doc, item_at(list, i),
					"is not a regular expression (POSIX, "
					"extended)");
		regfree(&regex);
	}
	return NULL;
}

/* A number of samples; -1 where it is not given. */
static bool is_limit(double n)
{
	return n == -1 || (n >= 0 && n <= 100000 && n == (double)(long)n);
}

static KR_FALLIBLE check_allowed(const struct yaml_doc *doc,
				 const struct cJSON *metric,
				 const struct config_limits *l)
{
	if (is_limit(l->breach) && is_limit(l->no_data) && is_limit(l->nan) &&
	    is_limit(l->error))
		return NULL;
	return yaml_err(doc, json_at(metric, "allowed"),
			"allowed wants whole numbers of samples");
}

static KR_FALLIBLE check_prometheus(const struct yaml_doc *doc,
				    const struct cJSON *node,
				    const struct config_prometheus *p)
{
	if (p->token.value && p->user)
		return yaml_err(doc, node, "a token or a user, not both");
	if (!p->user != !p->password.value)
		return yaml_err(doc, node, "user and password go together");
	if (!p->cert != !p->key)
		return yaml_err(doc, node, "cert and key go together");
	return NULL;
}

static KR_FALLIBLE check_metrics(const struct yaml_doc *doc,
				 const struct cJSON *soak,
				 const struct config_soak *s)
{
	const struct cJSON *list = json_at(soak, "metrics");

	for (size_t i = 0; i < s->n_metrics; i++)
		if (isnan(s->metrics[i].max) &&
		    isnan(s->metrics[i].max_increase_pct))
			return yaml_err(doc, item_at(list, i),
					"a metric needs max, maxIncrease or "
					"both");
	if (s->for_ms > 0 && (s->every_ms < 1000 || s->every_ms > s->for_ms))
		return yaml_err(doc, json_at(soak, "every"),
				"every must be at least 1s and at most the "
				"time of the soak");
	return NULL;
}

static KR_FALLIBLE check_soak(const struct yaml_doc *doc,
			      const struct cJSON *soak,
			      const struct config_soak *s)
{
	const struct cJSON *list = json_at(soak, "metrics");
	struct err *err;

	if (soak && s->for_ms <= 0)
		return yaml_err(doc, json_at(soak, "for"),
				"for must be longer than no time at all");
	err = check_metrics(doc, soak, s);
	for (size_t i = 0; !err && i < s->n_metrics; i++)
		err = check_allowed(doc, item_at(list, i),
				    &s->metrics[i].allowed);
	if (err || s->for_ms == 0)
		return err;
	if (s->min_good_pct <= 0 || s->min_good_pct > 100)
		return yaml_err(doc, json_at(soak, "minGood"),
				"minGood is above 0%% and at most 100%%");
	if (s->settle_ms >= 0 &&
	    s->settle_ms / s->every_ms >= s->for_ms / s->every_ms)
		return yaml_err(doc, json_at(soak, "settle"),
				"settle leaves nothing of the soak");
	return check_prometheus(doc, json_at(soak, "prometheus"),
				&s->prometheus);
}

static KR_FALLIBLE check_requires(const struct config *config,
				  const struct yaml_doc *doc,
				  const struct cJSON *node, size_t at)
{
	const struct config_environment *e = &config->environments[at];

	for (size_t i = 0; i < at; i++)
		if (strcmp(config->environments[i].name, e->name) == 0)
			return yaml_err(doc, json_at(node, "name"),
					"two environments have this name");
	if (!e->requires)
		return e->within_ms < 0
			       ? NULL
			       : yaml_err(
					 doc, json_at(node, "within"),
					 "within belongs to requires, which is "
					 "missing");
	for (size_t i = 0; i < at; i++)
		if (strcmp(config->environments[i].name, e->requires) == 0)
			return NULL;
	return yaml_err(doc, json_at(node, "requires"),
			"requires must name an environment that stands "
			"before this one");
}

static bool same_target(const struct config_target *a,
			const struct config_target *b)
{
	const char *na = a->namespace_ ? a->namespace_ : "";
	const char *nb = b->namespace_ ? b->namespace_ : "";

	return strcmp(a->context, b->context) == 0 && strcmp(na, nb) == 0;
}

static KR_FALLIBLE check_targets(const struct config *config,
				 const struct yaml_doc *doc,
				 const struct cJSON *node, size_t at)
{
	const struct config_environment *e = &config->environments[at];
	const struct cJSON *list = json_at(node, "targets");

	for (size_t i = 0; i < e->n_targets; i++)
		for (size_t k = 0; k <= at; k++) {
			const struct config_environment *o =
				&config->environments[k];
			size_t end = k == at ? i : o->n_targets;

			for (size_t j = 0; j < end; j++)
				if (same_target(&e->targets[i], &o->targets[j]))
					return yaml_err(doc, item_at(list, i),
							"this target is named "
							"twice");
		}
	return NULL;
}

static KR_FALLIBLE check_environment(const struct config *config,
				     const struct yaml_doc *doc,
				     const struct cJSON *node, size_t at)
{
	const struct config_environment *e = &config->environments[at];
	const struct cJSON *logs = json_at(node, "verify.logs");
	struct err *err;

	err = check_requires(config, doc, node, at);
	if (!err)
		err = config_check_fleet(e, doc, node);
	if (!err)
		err = check_targets(config, doc, node, at);
	if (!err)
		err = check_patterns(doc, json_at(logs, "expect"),
				     e->verify.expect);
	if (!err)
		err = check_patterns(doc, json_at(logs, "forbid"),
				     e->verify.forbid);
	if (!err)
		err = check_soak(doc, json_at(node, "soak"), &e->soak);
	return err;
}

KR_FALLIBLE config_check(const struct config *config,
			 const struct yaml_doc *doc)
{
	const struct cJSON *root = yaml_root(doc);
	struct err *err = NULL;

	for (size_t i = 0; !err && i < config->n_environments; i++)
		err = check_environment(
			config, doc, item_at(json_at(root, "environments"), i),
			i);
	for (size_t i = 0; !err && i < config->n_validate; i++)
		err = config_check_check(config, doc,
					 item_at(json_at(root, "validate"), i),
					 &config->validate[i]);
	for (size_t i = 0; !err && i < config->n_notify; i++)
		err = config_check_notify(&config->notify[i], doc,
					  item_at(json_at(root, "notify"), i));
	if (!err)
		err = config_check_keyring(config, doc);
	if (!err)
		err = config_check_gitops(config, doc);
	return err;
}
