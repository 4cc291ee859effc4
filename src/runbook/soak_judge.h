/*
 * The verdict of a soak, from its samples alone: no clock, no network.
 *
 * A soak has a fixed number of ticks. For every tick and metric there is one
 * outcome; the verdict is pass only where every tick is over and was looked
 * at often enough. docs/soak.md has the same as a table.
 */
#ifndef KR_RUNBOOK_SOAK_JUDGE_H
#define KR_RUNBOOK_SOAK_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one metric at one tick. The letters are those of records and screens. */
enum soak_outcome {
	SOAK_PENDING,  /* ' ' still to come */
	SOAK_OK,       /* o */
	SOAK_BREACH,   /* b over a limit */
	SOAK_NO_DATA,  /* - the server has no series */
	SOAK_NAN,      /* n it has one that is no number */
	SOAK_ERROR,    /* e the server could not be asked, or not understood */
	SOAK_MISSED,   /* . nobody looked: asleep, interrupted, too slow. Counts
			* as no data, and never as a breach or a zero */
	SOAK_SETTLING, /* s within the settle time: recorded, not judged */
	SOAK_OUTCOMES,
};
char soak_outcome_letter(enum soak_outcome outcome);
bool soak_outcome_parse(char letter, enum soak_outcome *out);

enum soak_verdict {
	SOAK_RUNNING,
	SOAK_PASS,
	SOAK_INCONCLUSIVE, /* not enough was seen: hold, and ask */
	SOAK_UNABLE, /* the server could not be asked ("error"): hold, and ask
		      */
	SOAK_FAIL, /* too much was over a limit: the only one that rolls back */
};
/* "running", "pass", "inconclusive", "error", "fail". */
const char *soak_verdict_name(enum soak_verdict verdict);

/* What a sample without a series means; as in keyrot.yaml. */
enum soak_no_data {
	SOAK_NO_DATA_BREACH, /* counts against the limit of breaches */
	SOAK_NO_DATA_HOLD,   /* counts against the limit of no data */
	SOAK_NO_DATA_ZERO,   /* is 0, while another metric has a number */
};

/* Samples of a kind that are put up with, in total; one more is the end. */
struct soak_limits {
	int breach, no_data, nan, error;
};

/* What does not change while it runs. */
struct soak_rule {
	double max;		 /* NAN: no absolute limit */
	double max_increase_pct; /* NAN: no relative limit */
	enum soak_no_data no_data;
	struct soak_limits limits;
};

/* The time before, as one number. */
struct soak_baseline {
	double mean;	/* of the finite points; NAN: there are too few */
	size_t points;	/* finite ones */
	size_t planned; /* that there would be without gaps */
};

/* What came back for one metric at one tick. */
enum soak_seen { SEEN_NUMBER, SEEN_NAN, SEEN_NOTHING, SEEN_ERROR };
struct soak_sample {
	enum soak_seen seen;
	double value; /* SEEN_NUMBER; may be +Inf */
};

/* At least so much of what was planned must be there. */
#define SOAK_MIN_BASELINE_PCT 50

/* `values` may hold NAN and infinities, which are left out. For a metric
 * whose no-data is zero, what is missing of `planned` is 0. */
void soak_baseline_make(const double *values, size_t n, size_t planned,
			enum soak_no_data no_data, struct soak_baseline *out);

/*
 * The value above which a sample is a breach: the lower of the absolute and
 * the relative limit. A baseline of 0 gives no relative limit where there is
 * an absolute one. NAN: neither can be told.
 */
double soak_limit(const struct soak_rule *rule,
		  const struct soak_baseline *baseline);
/* A relative limit is asked for and there is no baseline to hold it to. */
bool soak_lacks_baseline(const struct soak_rule *rule,
			 const struct soak_baseline *baseline);
/* A relative limit is asked for and left alone, the baseline being 0. */
bool soak_ignores_increase(const struct soak_rule *rule,
			   const struct soak_baseline *baseline);

/* `witness`: another metric of the same tick has a number. */
enum soak_outcome soak_judge_sample(const struct soak_rule *rule,
				    const struct soak_baseline *baseline,
				    const struct soak_sample *sample,
				    bool witness);

struct soak_counts {
	size_t of[SOAK_OUTCOMES];
};

/* Why a metric is judged as it is. */
enum soak_why {
	SOAK_WHY_NOTHING,
	SOAK_WHY_BREACHES, /* more samples over the limit than allowed */
	SOAK_WHY_ABSENT,   /* ... counting those without data as breaches */
	SOAK_WHY_NO_DATA,
	SOAK_WHY_NAN,
	SOAK_WHY_ERRORS,
	SOAK_WHY_TOO_FEW,     /* less than the share of good samples */
	SOAK_WHY_NO_BASELINE, /* a relative limit, and nothing to hold it to */
	SOAK_WHY_SHORT,	      /* it ended before its time */
};

struct soak_finding {
	enum soak_verdict verdict;
	enum soak_why why;
};

/*
 * One metric, from its counts. `judged` is the number of ticks that count
 * (all but the settling ones); min_good_pct of them must be SOAK_OK. `ended`:
 * no further tick comes, whether all of them were there or not.
 */
struct soak_finding soak_judge_metric(const struct soak_rule *rule,
				      const struct soak_baseline *baseline,
				      const struct soak_counts *counts,
				      size_t judged, double min_good_pct,
				      bool ended);

/* Fail is worse than error, that than inconclusive, that than pass. */
enum soak_verdict soak_worst(enum soak_verdict a, enum soak_verdict b);

#endif
