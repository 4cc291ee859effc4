/* Which key is where, as it was last seen by a run of this rotation. */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/str.h"
#include "report/sources.h"

/* Of a soak, which stands elsewhere in the report. */
static const char *const soaked[] = {
	"complete", "resumed",	"startedAt", "endedAt", "forMs",
	"everyMs",  "settleMs", "elapsedMs", "samples", "minGoodPercent",
	"metrics",  "note",	"watch",
};

static bool is_same(const struct cJSON *a, const struct cJSON *b)
{
	return str_equal(json_member_str(a, "context"),
			 json_member_str(b, "context")) &&
	       str_equal(json_member_str(a, "namespace"),
			 json_member_str(b, "namespace")) &&
	       str_equal(json_member_str(a, "secret"),
			 json_member_str(b, "secret"));
}

static bool is_there(const struct cJSON *targets, const struct cJSON *target)
{
	const struct cJSON *item = json_first(targets);

	while (item && !is_same(item, target))
		item = json_next(item);
	return item != NULL;
}

/* When the run wrote its last line, by either source. */
static const char *last_seen(const struct sources *s, const struct cJSON *run)
{
	const char *id = json_member_str(run, "rotation"), *at = NULL;
	const struct cJSON *line;

	for (line = json_first(s->lines); line; line = json_next(line)) {
		if (str_same(json_member_str(line, "rotation"), id))
			at = json_member_str(line, "time");
	}
	line = json_first(json_member(run, "journal"));
	for (; line; line = json_next(line)) {
		const char *time = json_member_str(line, "time");

		if (time && (!at || strcmp(time, at) > 0))
			at = time;
	}
	return at;
}

static void add_kept(const struct sources *s, const struct cJSON *run,
		     struct cJSON *targets)
{
	const struct cJSON *t =
		json_first(json_member(json_member(run, "kept"), "targets"));

	for (; t; t = json_next(t)) {
		struct cJSON *copy;

		if (is_there(targets, t) ||
		    !json_member_str(t, "fingerprint") ||
		    str_same(json_member_str(t, "progress"), "left-out"))
			continue;
		copy = json_copy(t);
		for (size_t i = 0; i < sizeof(soaked) / sizeof(*soaked); i++)
			cJSON_DeleteItemFromObjectCaseSensitive(copy,
								soaked[i]);
		result_put_str(copy, "rotation",
			       json_member_str(run, "rotation"));
		json_set_str(copy, "asOf", last_seen(s, run));
		json_set_str(copy, "from", "result");
		json_append(targets, copy);
	}
}

/* A record has no pods and no workloads. */
static void add_record(const struct sources *s, const struct cJSON *line,
		       struct result *result)
{
	const char *context = json_member_str(line, "context");
	const char *ns = json_member_str(line, "namespace");
	const struct config_environment *env =
		sources_environment(s, context, ns);
	const struct result_target names = {
		.context = context,
		.namespace_ = ns,
		.secret = json_member_str(line, "secret"),
		.entry = json_member_str(line, "entry"),
	};
	static const char *const same[] = { "fingerprint",
					    "previousFingerprint",
					    "resourceVersion" };
	struct cJSON *target;

	if (is_there(json_member(result->document, "targets"), line))
		return;
	target = result_add_target(result, &names);
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		result_put_str(target, same[i], json_member_str(line, same[i]));
	json_set_str(target, "environment", env ? env->name : NULL);
	json_set_str(target, "rotation", json_member_str(line, "rotation"));
	json_set_str(target, "asOf", json_member_str(line, "time"));
	json_set_str(target, "from", "ledger");
}

static bool wrote(const struct cJSON *line)
{
	const char *step = json_member_str(line, "step");

	return str_same(step, "write-secret") || str_same(step, "retire") ||
	       str_same(step, "imported");
}

/* Records of the run, the last one first. */
static void add_records(const struct sources *s, const struct cJSON *run,
			struct result *result)
{
	size_t n = json_length(s->lines);

	for (const struct cJSON *line =
		     cJSON_GetArrayItem(s->lines, (int)n - 1);
	     line && n-- > 0; line = line->prev) {
		if (wrote(line) && json_member_str(line, "context") &&
		    str_same(json_member_str(line, "rotation"),
			     json_member_str(run, "rotation")))
			add_record(s, line, result);
	}
}

static size_t place_of(const struct sources *s, const struct cJSON *target)
{
	const struct config_environment *env =
		sources_environment(s, json_member_str(target, "context"),
				    json_member_str(target, "namespace"));

	return env ? (size_t)(env - s->options->config->environments)
		   : s->options->config->n_environments;
}

/* Environments in their order, what is in none of them last. */
static void put_in_order(const struct sources *s, struct result *result)
{
	struct cJSON *ordered = json_array();
	const struct cJSON *list = json_member(result->document, "targets");

	for (size_t i = 0; i <= s->options->config->n_environments; i++) {
		for (const struct cJSON *t = json_first(list); t;
		     t = json_next(t)) {
			if (place_of(s, t) == i)
				json_append(ordered, json_copy(t));
		}
	}
	json_set(result->document, "targets", ordered);
}

void targets_fill(const struct sources *sources, struct result *result)
{
	struct cJSON *targets = json_member_mut(result->document, "targets");
	int n = (int)json_length(sources->runs);

	/* What the last run saw is nearest to now. */
	for (int i = n - 1; i >= 0; i--) {
		const struct cJSON *run = cJSON_GetArrayItem(sources->runs, i);

		add_kept(sources, run, targets);
		add_records(sources, run, result);
	}
	put_in_order(sources, result);
}
