/* A soak that is over: as an error, and as a document. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "runbook/soak_internal.h"

static void track_release(struct soak_track *track)
{
	free(track->letters);
	free(track->values);
}

void soak_result_release(struct soak_result *r)
{
	for (size_t i = 0; r->tracks && i < r->n_tracks; i++)
		track_release(&r->tracks[i]);
	track_release(&r->watch);
	free(r->tracks);
	free(r->message);
	free(r->note);
	memset(r, 0, sizeof(*r));
}

static const char *reason_of(enum soak_verdict verdict)
{
	switch (verdict) {
	case SOAK_FAIL:
		return "SoakFailed";
	case SOAK_UNABLE:
		return "SoakError";
	case SOAK_INCONCLUSIVE:
	case SOAK_RUNNING:
	case SOAK_PASS:
		break;
	}
	return "SoakInconclusive";
}

KR_FALLIBLE soak_result_error(const struct soak_result *r)
{
	const char *message = r->message ? r->message : "it did not pass";
	struct err *err;

	if (r->verdict == SOAK_PASS && r->complete)
		return NULL;
	if (r->interrupted && r->verdict != SOAK_FAIL)
		return err_new(KR_EINTERRUPTED,
			       "the soak was stopped after %zu of %zu samples; "
			       "its clock goes on",
			       r->tick, r->ticks);
	err = err_new(KR_EGATE, "the soak %s: %s%s%s%s",
		      r->verdict == SOAK_FAIL	  ? "failed"
		      : r->verdict == SOAK_UNABLE ? "could not ask"
						  : "proves nothing",
		      message, r->note && r->verdict != SOAK_FAIL ? " (" : "",
		      r->note && r->verdict != SOAK_FAIL ? r->note : "",
		      r->note && r->verdict != SOAK_FAIL ? ")" : "");
	return err_set_reason(err, reason_of(r->verdict));
}

/* Six digits are kept, as a chart needs them. */
static struct cJSON *number(double value)
{
	char text[32];

	if (isnan(value))
		return cJSON_CreateNull();
	if (isinf(value))
		return cJSON_CreateString(value > 0 ? "+Inf" : "-Inf");
	(void)snprintf(text, sizeof(text), "%.6g", value);
	return cJSON_CreateNumber(strtod(text, NULL));
}

static void put_counts(struct cJSON *to, const struct soak_counts *counts)
{
	static const struct {
		const char *name;
		enum soak_outcome outcome;
	} rows[] = {
		{ "ok", SOAK_OK },
		{ "breach", SOAK_BREACH },
		{ "noData", SOAK_NO_DATA },
		{ "nan", SOAK_NAN },
		{ "error", SOAK_ERROR },
		{ "missed", SOAK_MISSED },
		{ "settling", SOAK_SETTLING },
	};
	struct cJSON *object = json_add_object(to, "counts");

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		json_set_int(object, rows[i].name,
			     (long long)counts->of[rows[i].outcome]);
}

static void put_baseline(struct cJSON *to, const struct soak_baseline *b)
{
	struct cJSON *object = json_add_object(to, "baseline");

	json_set(object, "mean", number(b->mean));
	json_set_int(object, "points", (long long)b->points);
	json_set_int(object, "planned", (long long)b->planned);
}

static void put_limits(struct cJSON *to, const struct soak_limits *limits)
{
	struct cJSON *object = json_add_object(to, "allowed");

	json_set_int(object, "breach", limits->breach);
	json_set_int(object, "noData", limits->no_data);
	json_set_int(object, "nan", limits->nan);
	json_set_int(object, "error", limits->error);
}

static void put_metric(struct cJSON *to, const struct soak_options *options,
		       const struct soak_result *r, size_t index)
{
	static const char *const no_data[] = { "breach", "hold", "zero" };
	const struct soak_metric *m = &options->metrics[index];
	const struct soak_track *t = &r->tracks[index];
	kr_cleanup(str_freep) char *why = soak_explain(options, r, index);
	struct cJSON *values;

	json_set_str(to, "name", m->name);
	json_set_str(to, "query", m->query);
	json_set_str(to, "aggregate", m->aggregate);
	json_set(to, "max", number(t->rule.max));
	json_set(to, "maxIncreasePercent", number(t->rule.max_increase_pct));
	json_set_str(to, "noData", no_data[t->rule.no_data]);
	put_limits(to, &t->rule.limits);
	put_baseline(to, &t->baseline);
	json_set(to, "limit", number(t->limit));
	json_set_str(to, "verdict", soak_verdict_name(t->finding.verdict));
	json_set_str(to, "message", why);
	put_counts(to, &t->counts);
	json_set_str(to, "outcomes", t->letters);
	values = json_add_array(to, "values");
	for (size_t i = 0; i < r->tick; i++)
		json_append(values, number(t->values[i]));
}

static void put_watch(struct cJSON *to, const struct soak_result *r)
{
	const struct soak_track *t = &r->watch;

	json_set_str(to, "verdict", soak_verdict_name(t->finding.verdict));
	put_counts(to, &t->counts);
	json_set_str(to, "outcomes", t->letters);
}

static void put_time(struct cJSON *to, const char *name, int64_t wall_ms)
{
	char text[CLOCK_RFC3339_LEN];

	clock_rfc3339(wall_ms, text);
	json_set_str(to, name, text);
}

void soak_result_fill(const struct soak_options *options,
		      const struct soak_result *r, struct cJSON *to)
{
	struct cJSON *metrics, *samples;

	json_set_str(to, "verdict", soak_verdict_name(r->verdict));
	json_set_bool(to, "complete", r->complete);
	json_set_bool(to, "resumed", r->resumed);
	put_time(to, "startedAt", r->started_wall_ms);
	put_time(to, "endedAt", r->ended_wall_ms);
	json_set_int(to, "forMs", r->for_ms);
	json_set_int(to, "everyMs", r->every_ms);
	json_set_int(to, "settleMs", r->settle_ms);
	json_set_int(to, "elapsedMs", r->elapsed_ms);
	json_set(to, "minGoodPercent", number(r->min_good_pct));
	samples = json_add_object(to, "samples");
	json_set_int(samples, "planned", (long long)r->ticks);
	json_set_int(samples, "settling", (long long)r->settling);
	json_set_int(samples, "taken", (long long)r->tick);
	metrics = json_add_array(to, "metrics");
	for (size_t i = 0; i < r->n_tracks; i++)
		put_metric(json_append_object(metrics), options, r, i);
	/* In a target, that name is the cluster's own. */
	if (r->watch.letters)
		put_watch(json_add_object(to, json_member(to, "cluster")
						      ? "watch"
						      : "cluster"),
			  r);
	json_set_str(to, "note", r->note);
}
