/* The soaks of a rotation: the ledger's, with what the result adds to them. */
#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/str.h"
#include "report/sources.h"

static double number(const struct cJSON *object, const char *name)
{
	const struct cJSON *value = json_member(object, name);

	return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

/* Above it a sample is a breach: docs/soak.md. */
static double limit_of(const struct cJSON *metric)
{
	double max = number(metric, "max");
	double increase = number(metric, "maxIncreasePercent");
	double base = number(metric, "baseline");
	double above = base * (1 + increase / 100);

	/* A baseline of 0 is judged by max where there is one. */
	if (isnan(above) || (!(base > 0) && !isnan(max)))
		return max;
	return isnan(max) || above < max ? above : max;
}

static void put_names(const struct sources *s, const struct cJSON *from,
		      const char *rotation, struct cJSON *soak)
{
	const char *context = json_member_str(from, "context");
	const char *ns = json_member_str(from, "namespace");
	const struct config_environment *env =
		sources_environment(s, context, ns);
	const char *name = json_member_str(from, "environment");

	json_set_str(soak, "rotation", rotation);
	json_set_str(soak, "environment",
		     name || !env ? name : (const char *)env->name);
	json_set_str(soak, "context", context);
	json_set_str(soak, "namespace", ns);
}

static void put_counts(struct cJSON *to, const struct cJSON *from)
{
	static const char *const names[] = { "ok", "breach", "noData", "nan",
					     "error" };
	struct cJSON *counts = json_add_object(to, "counts");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		report_put_copy(counts, names[i], json_member(from, names[i]));
}

static const struct cJSON *named(const struct cJSON *list, const char *name)
{
	const struct cJSON *item = json_first(list);

	while (item && !str_same(json_member_str(item, "name"), name))
		item = json_next(item);
	return item;
}

/* `more` is the same metric in the result; NULL. */
static void put_metric(struct cJSON *metrics, const struct cJSON *of_ledger,
		       const struct cJSON *more)
{
	static const char *const both[] = { "name", "verdict", "max",
					    "maxIncreasePercent" };
	static const char *const of_result[] = { "query", "message",
						 "outcomes" };
	const struct cJSON *from = of_ledger ? of_ledger : more;
	struct cJSON *m = json_append_object(metrics);

	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++)
		report_put_copy(m, both[i], json_member(from, both[i]));
	report_put_number(
		m, "baseline",
		of_ledger ? number(of_ledger, "baseline")
			  : number(json_member(more, "baseline"), "mean"));
	report_put_number(m, "limit", limit_of(m));
	for (size_t i = 0; i < sizeof(of_result) / sizeof(*of_result); i++)
		report_put_copy(m, of_result[i],
				json_member(more, of_result[i]));
	put_counts(m, of_ledger ? of_ledger : json_member(more, "counts"));
	report_put_copy(m, "samples",
			json_member(from, of_ledger ? "samples" : "values"));
}

/* `more`: the soak in the result; NULL. */
static void put_metrics(struct cJSON *soak, const struct cJSON *of_ledger,
			const struct cJSON *more)
{
	const struct cJSON *list = json_member(more, "metrics");
	struct cJSON *metrics = json_add_array(soak, "metrics");
	const struct cJSON *m;

	for (m = json_first(json_member(of_ledger, "metrics")); m;
	     m = json_next(m))
		put_metric(metrics, m, named(list, json_member_str(m, "name")));
	for (m = of_ledger ? NULL : json_first(list); m; m = json_next(m))
		put_metric(metrics, NULL, m);
}

/* The target in the run's kept result, where its soak is the one that began
 * then: a target holds the members of its soak. */
static const struct cJSON *kept_target(const struct cJSON *run,
				       const struct cJSON *line,
				       const char *started)
{
	const struct cJSON *t =
		json_first(json_member(json_member(run, "kept"), "targets"));

	for (; t; t = json_next(t)) {
		if (str_same(json_member_str(t, "context"),
			     json_member_str(line, "context")) &&
		    str_equal(json_member_str(t, "namespace"),
			      json_member_str(line, "namespace")) &&
		    str_same(json_member_str(t, "startedAt"), started))
			return t;
	}
	return NULL;
}

static void add_recorded(const struct sources *s, const struct cJSON *run,
			 const struct cJSON *line, struct cJSON *soaks)
{
	const struct cJSON *from = json_member(line, "soak");
	const char *started = json_member_str(from, "started");
	const struct cJSON *more = kept_target(run, line, started);
	struct cJSON *soak = json_append_object(soaks);

	put_names(s, line, json_member_str(run, "rotation"), soak);
	json_set_str(soak, "from", "ledger");
	json_set_str(soak, "started", started);
	report_put_copy(soak, "forSeconds", json_member(from, "forSeconds"));
	report_put_copy(soak, "everySeconds",
			json_member(from, "everySeconds"));
	json_set_str(soak, "verdict", json_member_str(line, "verdict"));
	json_set_str(soak, "outcome", json_member_str(line, "outcome"));
	report_put_copy(soak, "cluster", json_member(more, "watch"));
	put_metrics(soak, from, more);
}

static bool is_there(const struct cJSON *soaks, const struct cJSON *target,
		     const char *started)
{
	const struct cJSON *soak = json_first(soaks);

	for (; soak; soak = json_next(soak)) {
		if (str_same(json_member_str(soak, "context"),
			     json_member_str(target, "context")) &&
		    str_equal(json_member_str(soak, "namespace"),
			      json_member_str(target, "namespace")) &&
		    str_same(json_member_str(soak, "started"), started))
			return true;
	}
	return false;
}

/* One that no ledger has. */
static void add_kept(const struct sources *s, const struct cJSON *run,
		     const struct cJSON *from, struct cJSON *soaks)
{
	const char *started = json_member_str(from, "startedAt");
	const char *verdict = json_member_str(from, "verdict");
	struct cJSON *soak;

	if (!json_member(from, "metrics") || is_there(soaks, from, started))
		return;
	soak = json_append_object(soaks);
	put_names(s, from, json_member_str(run, "rotation"), soak);
	json_set_str(soak, "from", "result");
	json_set_str(soak, "started", started);
	json_set_int(soak, "forSeconds", json_int(from, "forMs", 0) / 1000);
	json_set_int(soak, "everySeconds", json_int(from, "everyMs", 0) / 1000);
	json_set_str(soak, "verdict", verdict);
	json_set_str(soak, "outcome",
		     str_same(verdict, "pass") ? "done" : "failed");
	report_put_copy(soak, "cluster", json_member(from, "watch"));
	put_metrics(soak, NULL, from);
}

void soaks_fill(const struct sources *sources, struct cJSON *report)
{
	struct cJSON *soaks = json_add_array(report, "soaks");
	const struct cJSON *run, *line, *target;

	for (run = json_first(sources->runs); run; run = json_next(run)) {
		const char *id = json_member_str(run, "rotation");

		for (line = json_first(sources->lines); line;
		     line = json_next(line)) {
			if (json_member(line, "soak") &&
			    str_same(json_member_str(line, "rotation"), id))
				add_recorded(sources, run, line, soaks);
		}
		target = json_first(
			json_member(json_member(run, "kept"), "targets"));
		for (; target; target = json_next(target))
			add_kept(sources, run, target, soaks);
	}
}
