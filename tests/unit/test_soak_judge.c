/* Verdicts from counts: what passes, what does not, and why. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runbook/soak_judge.h"
#include "unit.h"

static const struct soak_rule absolute = {
	.max = 10,
	.max_increase_pct = NAN,
	.no_data = SOAK_NO_DATA_HOLD,
	.limits = { .breach = 3, .no_data = 3, .nan = 3, .error = 3 },
};
static const struct soak_baseline none = { .mean = NAN, .planned = 60 };

static struct soak_baseline before(double mean)
{
	return (struct soak_baseline){ .mean = mean,
				       .points = 60,
				       .planned = 60 };
}

static void takes_the_mean(void)
{
	const double values[] = { 1, NAN, 3, INFINITY };
	struct soak_baseline b;

	soak_baseline_make(values, 4, 4, SOAK_NO_DATA_BREACH, &b);
	CU_ASSERT(b.mean == 2 && b.points == 2);
	soak_baseline_make(values, 4, 5, SOAK_NO_DATA_BREACH, &b);
	CU_ASSERT(isnan(b.mean));
	soak_baseline_make(values, 0, 0, SOAK_NO_DATA_BREACH, &b);
	CU_ASSERT(isnan(b.mean));
	/* Silence is 0 where the metric says so. */
	soak_baseline_make(values, 1, 4, SOAK_NO_DATA_ZERO, &b);
	CU_ASSERT(fabs(b.mean - 0.25) < 1e-12 && b.points == 4);
	soak_baseline_make(values, 0, 4, SOAK_NO_DATA_ZERO, &b);
	CU_ASSERT(b.mean == 0 && b.points == 4);
}

static void holds_to_the_lower_limit(void)
{
	struct soak_rule both = { .max = 10, .max_increase_pct = 50 };
	struct soak_rule relative = { .max = NAN, .max_increase_pct = 50 };
	struct soak_baseline b = before(4);

	CU_ASSERT(soak_limit(&both, &b) == 6);
	b = before(8);
	CU_ASSERT(soak_limit(&both, &b) == 10);
	CU_ASSERT(soak_limit(&relative, &b) == 12);
	b = before(-8);
	CU_ASSERT(soak_limit(&relative, &b) == -4);
	CU_ASSERT(soak_limit(&both, &none) == 10);
	CU_ASSERT(isnan(soak_limit(&relative, &none)));
	b = before(0);
	CU_ASSERT(soak_limit(&both, &b) == 10);
	CU_ASSERT(soak_ignores_increase(&both, &b));
	CU_ASSERT(soak_limit(&relative, &b) == 0);
	CU_ASSERT_FALSE(soak_ignores_increase(&relative, &b));
}

static enum soak_outcome judge(enum soak_no_data no_data, enum soak_seen seen,
			       double value, bool witness)
{
	struct soak_rule rule = absolute;
	struct soak_sample sample = { .seen = seen, .value = value };

	rule.no_data = no_data;
	return soak_judge_sample(&rule, &none, &sample, witness);
}

static void tells_outcomes_apart(void)
{
	enum soak_no_data hold = SOAK_NO_DATA_HOLD;

	CU_ASSERT_EQUAL(judge(hold, SEEN_NUMBER, 10, true), SOAK_OK);
	CU_ASSERT_EQUAL(judge(hold, SEEN_NUMBER, 10.1, true), SOAK_BREACH);
	CU_ASSERT_EQUAL(judge(hold, SEEN_NUMBER, INFINITY, true), SOAK_BREACH);
	CU_ASSERT_EQUAL(judge(hold, SEEN_NUMBER, NAN, true), SOAK_NAN);
	CU_ASSERT_EQUAL(judge(hold, SEEN_NAN, 0, true), SOAK_NAN);
	CU_ASSERT_EQUAL(judge(hold, SEEN_ERROR, 0, true), SOAK_ERROR);
	CU_ASSERT_EQUAL(judge(hold, SEEN_NOTHING, 0, true), SOAK_NO_DATA);
	CU_ASSERT_EQUAL(judge(SOAK_NO_DATA_BREACH, SEEN_NOTHING, 0, true),
			SOAK_NO_DATA);
	/* A zero needs somebody who is heard. */
	CU_ASSERT_EQUAL(judge(SOAK_NO_DATA_ZERO, SEEN_NOTHING, 0, true),
			SOAK_OK);
	CU_ASSERT_EQUAL(judge(SOAK_NO_DATA_ZERO, SEEN_NOTHING, 0, false),
			SOAK_NO_DATA);
	CU_ASSERT_EQUAL(judge(SOAK_NO_DATA_ZERO, SEEN_ERROR, 0, true),
			SOAK_ERROR);
}

/* A number without a limit is never a pass, whatever noData says. */
static void needs_a_limit(void)
{
	const struct soak_rule rule = { .max = NAN,
					.max_increase_pct = 50,
					.no_data = SOAK_NO_DATA_BREACH };
	const struct soak_sample sample = { .seen = SEEN_NUMBER, .value = 1 };

	CU_ASSERT_EQUAL(soak_judge_sample(&rule, &none, &sample, true),
			SOAK_NAN);
}

struct verdict_row {
	const char *letters; /* how often each: o60 b3 */
	size_t judged;
	bool ended;
	enum soak_no_data no_data;
	enum soak_verdict verdict;
	enum soak_why why;
};

#define BREACH SOAK_NO_DATA_BREACH
#define HOLD   SOAK_NO_DATA_HOLD
#define ZERO   SOAK_NO_DATA_ZERO

static const struct verdict_row rows[] = {
	{ "o60", 60, true, HOLD, SOAK_PASS, SOAK_WHY_NOTHING },
	{ "o59", 60, false, HOLD, SOAK_RUNNING, SOAK_WHY_NOTHING },
	{ "o59", 60, true, HOLD, SOAK_INCONCLUSIVE, SOAK_WHY_SHORT },
	{ "", 60, true, HOLD, SOAK_INCONCLUSIVE, SOAK_WHY_SHORT },
	{ "", 0, true, HOLD, SOAK_INCONCLUSIVE, SOAK_WHY_SHORT },
	{ "o57 b3", 60, true, HOLD, SOAK_PASS, SOAK_WHY_NOTHING },
	{ "o3 b4", 60, false, HOLD, SOAK_FAIL, SOAK_WHY_BREACHES },
	{ "o57 -3", 60, true, HOLD, SOAK_PASS, SOAK_WHY_NOTHING },
	{ "o56 -4", 60, true, HOLD, SOAK_INCONCLUSIVE, SOAK_WHY_NO_DATA },
	{ "o1 -4", 60, false, HOLD, SOAK_INCONCLUSIVE, SOAK_WHY_NO_DATA },
	{ "o1 -4", 60, false, BREACH, SOAK_FAIL, SOAK_WHY_ABSENT },
	{ "o1 -2 b2", 60, false, BREACH, SOAK_FAIL, SOAK_WHY_ABSENT },
	{ "o1 -2 b2", 60, false, HOLD, SOAK_RUNNING, SOAK_WHY_NOTHING },
	/* Being asleep is no breach and no zero. */
	{ "o1 .40", 60, false, BREACH, SOAK_INCONCLUSIVE, SOAK_WHY_NO_DATA },
	{ "o20 .40", 60, true, ZERO, SOAK_INCONCLUSIVE, SOAK_WHY_NO_DATA },
	{ ".60", 60, true, ZERO, SOAK_INCONCLUSIVE, SOAK_WHY_NO_DATA },
	{ "-60", 60, true, ZERO, SOAK_INCONCLUSIVE, SOAK_WHY_NO_DATA },
	{ "o56 n4", 60, true, HOLD, SOAK_INCONCLUSIVE, SOAK_WHY_NAN },
	{ "o56 e4", 60, true, HOLD, SOAK_UNABLE, SOAK_WHY_ERRORS },
	{ "e4 -4 n4", 60, false, HOLD, SOAK_UNABLE, SOAK_WHY_ERRORS },
	{ "e4 -4 n4 b4", 60, false, HOLD, SOAK_FAIL, SOAK_WHY_BREACHES },
	/* Each within its limit, and still too little. */
	{ "o51 b3 n3 e3", 60, true, HOLD, SOAK_INCONCLUSIVE, SOAK_WHY_TOO_FEW },
	{ "o54 b3 n3", 60, true, HOLD, SOAK_PASS, SOAK_WHY_NOTHING },
	{ "s4 o56", 56, true, HOLD, SOAK_PASS, SOAK_WHY_NOTHING },
	{ "s60", 60, true, HOLD, SOAK_INCONCLUSIVE, SOAK_WHY_SHORT },
};

static struct soak_counts counts_of(const char *text)
{
	struct soak_counts counts = { 0 };
	enum soak_outcome outcome;
	char letter;
	int n, used;

	while (sscanf(text, " %c%d%n", &letter, &n, &used) == 2) {
		CU_ASSERT(soak_outcome_parse(letter, &outcome));
		counts.of[outcome] = (size_t)n;
		text += used;
	}
	return counts;
}

static void judges_metrics(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct soak_counts counts = counts_of(rows[i].letters);
		struct soak_rule rule = absolute;
		struct soak_finding f;

		rule.no_data = rows[i].no_data;
		f = soak_judge_metric(&rule, &none, &counts, rows[i].judged, 90,
				      rows[i].ended);
		CU_ASSERT_EQUAL(f.verdict, rows[i].verdict);
		CU_ASSERT_EQUAL(f.why, rows[i].why);
		if (f.verdict != rows[i].verdict)
			CU_ASSERT_STRING_EQUAL(rows[i].letters, "");
	}
}

/* A pass needs a baseline where a relative limit is asked for; a fail does
 * not. */
static void needs_a_baseline(void)
{
	struct soak_rule rule = absolute;
	struct soak_counts good = counts_of("o60"), bad = counts_of("b4");
	struct soak_finding f;

	rule.max_increase_pct = 50;
	f = soak_judge_metric(&rule, &none, &good, 60, 90, true);
	CU_ASSERT_EQUAL(f.verdict, SOAK_INCONCLUSIVE);
	CU_ASSERT_EQUAL(f.why, SOAK_WHY_NO_BASELINE);
	f = soak_judge_metric(&rule, &none, &bad, 60, 90, false);
	CU_ASSERT_EQUAL(f.verdict, SOAK_FAIL);
}

static void takes_the_worst(void)
{
	CU_ASSERT_EQUAL(soak_worst(SOAK_PASS, SOAK_FAIL), SOAK_FAIL);
	CU_ASSERT_EQUAL(soak_worst(SOAK_UNABLE, SOAK_FAIL), SOAK_FAIL);
	CU_ASSERT_EQUAL(soak_worst(SOAK_UNABLE, SOAK_INCONCLUSIVE),
			SOAK_UNABLE);
	CU_ASSERT_EQUAL(soak_worst(SOAK_PASS, SOAK_INCONCLUSIVE),
			SOAK_INCONCLUSIVE);
	CU_ASSERT_EQUAL(soak_worst(SOAK_RUNNING, SOAK_PASS), SOAK_PASS);
}

/* Whatever the counts, only enough good samples of a whole soak pass. */
static void never_passes_by_chance(void)
{
	static const enum soak_no_data all[] = { BREACH, HOLD, ZERO };

	for (size_t code = 0; code < 3 * 8 * 8 * 8 * 8 * 8 * 2; code++) {
		size_t c = code;
		struct soak_rule rule = absolute;
		struct soak_counts counts = { 0 };
		struct soak_finding f;
		size_t sum = 0;
		bool ended;

		rule.no_data = all[c % 3];
		c /= 3;
		ended = c % 2;
		c /= 2;
		for (int i = SOAK_BREACH; i <= SOAK_MISSED; i++, c /= 8)
			sum += counts.of[i] = c % 8;
		counts.of[SOAK_OK] = 40 - sum % 40;
		f = soak_judge_metric(&rule, &none, &counts, 40, 90, ended);
		if (f.verdict == SOAK_PASS &&
		    (!ended || counts.of[SOAK_OK] < 36 ||
		     counts.of[SOAK_BREACH] > 3)) {
			CU_FAIL("a pass that is none");
			return;
		}
	}
}

const struct unit_suite unit_soak_judge = {
	.tests = { { "takes the mean", takes_the_mean },
		   { "holds to the lower limit", holds_to_the_lower_limit },
		   { "tells outcomes apart", tells_outcomes_apart },
		   { "needs a limit", needs_a_limit },
		   { "judges metrics", judges_metrics },
		   { "needs a baseline", needs_a_baseline },
		   { "takes the worst", takes_the_worst },
		   { "never passes by chance", never_passes_by_chance },
		   { NULL, NULL } },
};
