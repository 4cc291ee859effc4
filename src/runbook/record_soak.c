/* What a soak measured, into the ledger: every sample of every metric. */
#include "base/clock.h"
#include "ledger/ledger.h"
#include "runbook/record_soak.h"

static const char *outcome_of(const struct soak_result *result)
{
	if (result->interrupted)
		return "interrupted";
	return result->verdict == SOAK_PASS ? "done" : "failed";
}

static struct ledger_metric metric_of(const struct soak_options *options,
				      const struct soak_result *result,
				      size_t index)
{
	const struct soak_track *t = &result->tracks[index];

	return (struct ledger_metric){
		.name = options->metrics[index].name,
		.verdict = t->finding.verdict == SOAK_RUNNING
				   ? NULL
				   : soak_verdict_name(t->finding.verdict),
		.baseline = t->baseline.mean,
		.max = t->rule.max,
		.max_increase_pct = t->rule.max_increase_pct,
		.ok = t->counts.of[SOAK_OK],
		.breach = t->counts.of[SOAK_BREACH],
		.no_data = t->counts.of[SOAK_NO_DATA],
		.nan = t->counts.of[SOAK_NAN],
		.error = t->counts.of[SOAK_ERROR],
		.samples = t->values,
		.n_samples = result->tick,
	};
}

static KR_FALLIBLE append(const struct rotation *rotation,
			  const struct ledger_record *record)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct err *err = rotation_open_ledger(rotation, &ledger);

	return err || !ledger ? err : ledger_append(ledger, record, NULL);
}

void record_soak(struct rotate_target *target, const struct rotation *rotation,
		 const struct soak_options *options,
		 const struct soak_result *result)
{
	const struct kube_target *t = &target->run.options.target;
	struct ledger_metric *metrics =
		calloc(result->n_tracks + 1, sizeof(*metrics));
	char started[CLOCK_RFC3339_LEN];
	const struct ledger_soak soak = {
		.started = started,
		.for_s = result->for_ms / 1000,
		.every_s = result->every_ms / 1000,
		.metrics = metrics,
		.n_metrics = result->n_tracks,
	};
	const struct ledger_record record = {
		.rotation = rotation->id,
		.step = "soak",
		.outcome = outcome_of(result),
		.context = target->context,
		.namespace_ = t->ns,
		.secret = t->secret,
		.entry = t->entry,
		.operator_ = target->run.operator_,
		.operator_from = target->run.operator_from,
		.fingerprint =
			*rotation->fingerprint ? rotation->fingerprint : NULL,
		.verdict = result->verdict == SOAK_RUNNING
				   ? NULL
				   : soak_verdict_name(result->verdict),
		.soak = &soak,
	};
	struct err *err;

	if (!rotation->options.config->ledger.path || !metrics) {
		free(metrics);
		return;
	}
	clock_rfc3339(result->started_wall_ms, started);
	for (size_t i = 0; i < result->n_tracks; i++)
		metrics[i] = metric_of(options, result, i);
	err = append(rotation, &record);
	/* A record that cannot be kept changes no verdict. */
	if (err)
		run_warn(&target->run, "the soak is not in the ledger: %s",
			 err_message(err));
	err_free(err);
	free(metrics);
}
