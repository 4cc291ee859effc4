#include "runbook/soak_judge.h"

#include <math.h>

static const char letters[SOAK_OUTCOMES] = {
	[SOAK_PENDING] = ' ', [SOAK_OK] = 'o',	     [SOAK_BREACH] = 'b',
	[SOAK_NO_DATA] = '-', [SOAK_NAN] = 'n',	     [SOAK_ERROR] = 'e',
	[SOAK_MISSED] = '.',  [SOAK_SETTLING] = 's',
};

char soak_outcome_letter(enum soak_outcome outcome)
{
	return letters[outcome];
}

bool soak_outcome_parse(char letter, enum soak_outcome *out)
{
	for (int i = 0; i < SOAK_OUTCOMES; i++) {
		if (letters[i] != letter)
			continue;
		*out = (enum soak_outcome)i;
		return true;
	}
	return false;
}

const char *soak_verdict_name(enum soak_verdict verdict)
{
	static const char *const names[] = {
		[SOAK_RUNNING] = "running",
		[SOAK_PASS] = "pass",
		[SOAK_INCONCLUSIVE] = "inconclusive",
		[SOAK_UNABLE] = "error",
		[SOAK_FAIL] = "fail",
	};

	return names[verdict];
}

void soak_baseline_make(const double *values, size_t n, size_t planned,
			enum soak_no_data no_data, struct soak_baseline *out)
{
	size_t finite = 0;
	double mean = 0;

	/* A running mean does not overflow where a sum would. */
	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i]))
			mean += (values[i] - mean) / (double)++finite;
	if (no_data == SOAK_NO_DATA_ZERO)
		for (; n < planned && finite < planned; n++)
			mean -= mean / (double)++finite;
	*out = (struct soak_baseline){ .mean = mean,
				       .points = finite,
				       .planned = planned };
	if (finite == 0 || finite * 100 < planned * SOAK_MIN_BASELINE_PCT)
		out->mean = NAN;
}

bool soak_lacks_baseline(const struct soak_rule *rule,
			 const struct soak_baseline *baseline)
{
	return !isnan(rule->max_increase_pct) && isnan(baseline->mean);
}

bool soak_ignores_increase(const struct soak_rule *rule,
			   const struct soak_baseline *baseline)
{
	return !isnan(rule->max_increase_pct) && !isnan(rule->max) &&
	       baseline->mean == 0;
}

double soak_limit(const struct soak_rule *rule,
		  const struct soak_baseline *baseline)
{
	double relative;

	if (isnan(rule->max_increase_pct) || isnan(baseline->mean) ||
	    soak_ignores_increase(rule, baseline))
		return rule->max;
	relative = baseline->mean +
		   fabs(baseline->mean) * rule->max_increase_pct / 100;
	return isnan(rule->max) || relative < rule->max ? relative : rule->max;
}

static enum soak_outcome judge_value(const struct soak_rule *rule,
				     const struct soak_baseline *baseline,
				     double value)
{
	double limit = soak_limit(rule, baseline);

	/* No number to hold it to; whatever noData says of silence. */
	if (isnan(limit))
		return SOAK_NAN;
	return value > limit ? SOAK_BREACH : SOAK_OK;
}

enum soak_outcome soak_judge_sample(const struct soak_rule *rule,
				    const struct soak_baseline *baseline,
				    const struct soak_sample *sample,
				    bool witness)
{
	switch (sample->seen) {
	case SEEN_NUMBER:
		if (isnan(sample->value))
			return SOAK_NAN;
		return judge_value(rule, baseline, sample->value);
	case SEEN_NAN:
		return SOAK_NAN;
	case SEEN_ERROR:
		return SOAK_ERROR;
	case SEEN_NOTHING:
		break;
	}
	/* Silence is a zero only where somebody else is heard. */
	if (rule->no_data == SOAK_NO_DATA_ZERO && witness)
		return judge_value(rule, baseline, 0);
	return SOAK_NO_DATA;
}

static bool over(size_t n, int limit)
{
	return limit < 0 || n > (size_t)limit;
}

static struct soak_finding found(enum soak_verdict verdict, enum soak_why why)
{
	return (struct soak_finding){ .verdict = verdict, .why = why };
}

/* What is over its limit, worst first; SOAK_RUNNING where nothing is. */
static struct soak_finding judge_limits(const struct soak_rule *rule,
					const struct soak_counts *counts)
{
	const struct soak_limits *limits = &rule->limits;
	size_t breaches = counts->of[SOAK_BREACH];
	size_t absent = counts->of[SOAK_NO_DATA];
	bool is_breach = rule->no_data == SOAK_NO_DATA_BREACH;

	if (over(breaches, limits->breach))
		return found(SOAK_FAIL, SOAK_WHY_BREACHES);
	if (is_breach && over(breaches + absent, limits->breach))
		return found(SOAK_FAIL, SOAK_WHY_ABSENT);
	if (over(counts->of[SOAK_ERROR], limits->error))
		return found(SOAK_UNABLE, SOAK_WHY_ERRORS);
	if (over(absent + counts->of[SOAK_MISSED], limits->no_data))
		return found(SOAK_INCONCLUSIVE, SOAK_WHY_NO_DATA);
	if (over(counts->of[SOAK_NAN], limits->nan))
		return found(SOAK_INCONCLUSIVE, SOAK_WHY_NAN);
	return found(SOAK_RUNNING, SOAK_WHY_NOTHING);
}

static size_t decided(const struct soak_counts *counts)
{
	size_t n = 0;

	for (int i = SOAK_OK; i < SOAK_SETTLING; i++)
		n += counts->of[i];
	return n;
}

struct soak_finding soak_judge_metric(const struct soak_rule *rule,
				      const struct soak_baseline *baseline,
				      const struct soak_counts *counts,
				      size_t judged, double min_good_pct,
				      bool ended)
{
	struct soak_finding finding = judge_limits(rule, counts);
	double good = (double)counts->of[SOAK_OK];

	if (finding.verdict == SOAK_FAIL || finding.verdict == SOAK_UNABLE)
		return finding;
	if (soak_lacks_baseline(rule, baseline))
		return found(SOAK_INCONCLUSIVE, SOAK_WHY_NO_BASELINE);
	if (finding.verdict != SOAK_RUNNING || !ended)
		return finding;
	if (judged == 0 || decided(counts) < judged)
		return found(SOAK_INCONCLUSIVE, SOAK_WHY_SHORT);
	if (good == 0 || good * 100 < min_good_pct * (double)judged)
		return found(SOAK_INCONCLUSIVE, SOAK_WHY_TOO_FEW);
	return found(SOAK_PASS, SOAK_WHY_NOTHING);
}

enum soak_verdict soak_worst(enum soak_verdict a, enum soak_verdict b)
{
	return a > b ? a : b;
}
