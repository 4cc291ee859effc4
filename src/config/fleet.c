/* How an environment of many targets is gone through. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "config/check.h"
#include "config/value.h"

static bool is_whole(double n, double most)
{
	return n >= 1 && n <= most && n == floor(n);
}

static bool parse_share(const struct cJSON *node, struct config_share *out)
{
	char *end = NULL;
	double n;

	if (cJSON_IsNumber(node)) {
		*out = (struct config_share){ .value = node->valuedouble };
		return is_whole(node->valuedouble, CONFIG_MAX_TARGETS);
	}
	if (!cJSON_IsString(node) ||
	    !isdigit((unsigned char)*node->valuestring))
		return false;
	n = strtod(node->valuestring, &end);
	*out = (struct config_share){ .value = n, .percent = true };
	return strcmp(end, "%") == 0 && n > 0 && n <= 100;
}

struct err *value_share(const struct yaml_doc *doc, const struct cJSON *node,
			void *dest)
{
	struct config_share share;

	if (!parse_share(node, &share))
		return yaml_err(doc, node,
				"wants a number of targets (1 to %d), or a "
				"share of them, such as 10%%",
				CONFIG_MAX_TARGETS);
	*(struct config_share *)dest = share;
	return NULL;
}

struct err *value_shares(const struct yaml_doc *doc, const struct cJSON *node,
			 void *dest)
{
	struct config_shares *shares = dest;
	size_t n = json_length(node);

	if (!json_is_array(node) || n == 0 || n > 10)
		return yaml_err(doc, node,
				"wants a list of up to ten, such as "
				"[1, 10%%, 100%%]");
	shares->items = calloc(n, sizeof(*shares->items));
	if (!shares->items)
		return err_new(KR_ENOMEM, "out of memory for configuration");
	for (const struct cJSON *i = json_first(node); i; i = json_next(i)) {
		struct err *err =
			value_share(doc, i, &shares->items[shares->count]);

		if (err)
			return err;
		shares->count++;
	}
	return NULL;
}

void value_release_shares(void *dest)
{
	struct config_shares *shares = dest;

	free(shares->items);
	*shares = (struct config_shares){ 0 };
}

size_t config_share_of(const struct config_share *share, size_t n, bool up)
{
	double part =
		share->percent ? share->value / 100 * (double)n : share->value;

	part = up ? ceil(part - 1e-9) : floor(part + 1e-9);
	if (share->value == 0 || part > (double)n)
		return n;
	return part < 1 ? 1 : (size_t)part;
}

KR_FALLIBLE config_check_fleet(const struct config_environment *e,
			       const struct yaml_doc *doc,
			       const struct cJSON *node)
{
	if (e->n_targets > CONFIG_MAX_TARGETS)
		return yaml_err(doc, json_at(node, "targets"),
				"an environment has at most %d targets",
				CONFIG_MAX_TARGETS);
	if (e->parallel != 0 && !is_whole(e->parallel, CONFIG_PARALLEL))
		return yaml_err(doc, json_at(node, "parallel"),
				"wants a number of targets, 1 to %d",
				CONFIG_PARALLEL);
	return NULL;
}
