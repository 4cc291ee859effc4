/* What the tracks of a soak come to, told as it changes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "runbook/soak_internal.h"

static const char *name_of(const struct soak_options *options, size_t index)
{
	return index < options->n_metrics ? options->metrics[index].name
					  : "the cluster";
}

char *soak_explain(const struct soak_options *options,
		   const struct soak_result *r, size_t index)
{
	const struct soak_track *t =
		index < r->n_tracks ? &r->tracks[index] : &r->watch;
	const char *name = name_of(options, index);
	const size_t *of = t->counts.of;
	size_t judged = r->ticks - r->settling;
	char *text = NULL;
	int n = 0;

	switch (t->finding.why) {
	case SOAK_WHY_NOTHING:
		return NULL;
	case SOAK_WHY_BREACHES:
		n = asprintf(&text,
			     "%s was over its limit of %.6g in %zu samples, %d "
			     "allowed",
			     name, t->limit, of[SOAK_BREACH],
			     t->rule.limits.breach);
		break;
	case SOAK_WHY_ABSENT:
		n = asprintf(&text,
			     "%s was over its limit in %zu samples and had no "
			     "data in %zu, %d allowed",
			     name, of[SOAK_BREACH], of[SOAK_NO_DATA],
			     t->rule.limits.breach);
		break;
	case SOAK_WHY_NO_DATA:
		n = asprintf(&text,
			     "%s had no data in %zu samples, and %zu were "
			     "missed, %d allowed",
			     name, of[SOAK_NO_DATA], of[SOAK_MISSED],
			     t->rule.limits.no_data);
		break;
	case SOAK_WHY_NAN:
		n = asprintf(&text,
			     "%s was not a number in %zu samples, %d allowed",
			     name, of[SOAK_NAN], t->rule.limits.nan);
		break;
	case SOAK_WHY_ERRORS:
		n = asprintf(&text,
			     "%s could not be asked for %zu times, %d allowed",
			     name, of[SOAK_ERROR], t->rule.limits.error);
		break;
	case SOAK_WHY_TOO_FEW:
		n = asprintf(&text,
			     "%s was good in %zu of %zu samples, and %.6g %% "
			     "are needed",
			     name, of[SOAK_OK], judged, r->min_good_pct);
		break;
	case SOAK_WHY_NO_BASELINE:
		n = asprintf(&text, "%s has no baseline: %zu of %zu points",
			     name, t->baseline.points, t->baseline.planned);
		break;
	case SOAK_WHY_SHORT:
		n = asprintf(&text, "%zu of %zu samples were taken", r->tick,
			     r->ticks);
		break;
	}
	return n < 0 ? NULL : text;
}

static struct soak_finding judge_watch(const struct soak_result *r, bool ended)
{
	const struct soak_track *t = &r->watch;

	if (r->watch_failed)
		return (struct soak_finding){ .verdict = SOAK_FAIL };
	return soak_judge_metric(&t->rule, &t->baseline, &t->counts,
				 r->ticks - r->settling, r->min_good_pct,
				 ended);
}

/* The message is that of the first track that is as bad as the whole. */
static void choose_message(struct soak *soak)
{
	struct soak_result *r = &soak->result;
	size_t n = r->n_tracks + (r->watch.letters != NULL);

	if (r->watch_failed || r->broken)
		return;
	free(r->message);
	r->message = NULL;
	for (size_t i = 0; i < n && !r->message; i++) {
		const struct soak_track *t =
			i < r->n_tracks ? &r->tracks[i] : &r->watch;

		if (t->finding.verdict == r->verdict)
			r->message = soak_explain(soak->options, r, i);
	}
}

void soak_judge(struct soak *soak, bool ended)
{
	struct soak_result *r = &soak->result;
	enum soak_verdict worst = SOAK_RUNNING;

	for (size_t i = 0; i < r->n_tracks; i++) {
		struct soak_track *t = &r->tracks[i];

		t->finding = soak_judge_metric(
			&t->rule, &t->baseline, &t->counts,
			r->ticks - r->settling, r->min_good_pct, ended);
		worst = soak_worst(worst, t->finding.verdict);
	}
	if (r->watch.letters) {
		r->watch.finding = judge_watch(r, ended);
		worst = soak_worst(worst, r->watch.finding.verdict);
	}
	if (r->broken)
		worst = soak_worst(worst, SOAK_UNABLE);
	r->verdict = worst;
	choose_message(soak);
}

static enum report_verdict shown(enum soak_verdict verdict)
{
	switch (verdict) {
	case SOAK_PASS:
		return REPORT_VERDICT_PASS;
	case SOAK_INCONCLUSIVE:
		return REPORT_VERDICT_INCONCLUSIVE;
	case SOAK_UNABLE:
		return REPORT_VERDICT_ERROR;
	case SOAK_FAIL:
		return REPORT_VERDICT_FAIL;
	case SOAK_RUNNING:
		break;
	}
	return REPORT_VERDICT_RUNNING;
}

/* A pass is out of reach: said once for each verdict. */
static void say_verdict(struct soak *soak, bool done)
{
	const struct soak_result *r = &soak->result;

	if (r->verdict == soak->said || done || r->verdict == SOAK_FAIL ||
	    r->verdict == SOAK_RUNNING)
		return;
	soak->said = r->verdict;
	soak_warn(soak, "%s: this soak can no longer pass%s%s%s",
		  r->message ? r->message : soak_verdict_name(r->verdict),
		  r->note ? " (" : "", r->note ? r->note : "",
		  r->note ? ")" : "");
}

void soak_report(struct soak *soak, bool done)
{
	const struct reporter *reporter = soak->options->reporter;
	const struct soak_result *r = &soak->result;
	struct report_soak report = {
		.target = soak->options->target,
		.metrics = soak->rows,
		.n_metrics = r->n_tracks,
		.tick = r->tick,
		.ticks = r->ticks,
		.elapsed_ms = clock_boot_ms() - soak->start_ms,
		.total_ms = r->for_ms,
		.verdict = shown(r->verdict),
		.reason = r->message,
		.done = done,
	};

	say_verdict(soak, done);
	if (!reporter->soak)
		return;
	for (size_t i = 0; i < r->n_tracks; i++) {
		const struct soak_track *t = &r->tracks[i];

		soak->rows[i] = (struct report_metric){
			.name = soak->options->metrics[i].name,
			.values = t->values,
			.outcomes = t->letters,
			.n = r->tick,
			.limit = t->limit,
			.baseline = t->baseline.mean,
			.verdict = shown(t->finding.verdict),
		};
	}
	reporter->soak(reporter->user, &report);
}
