/*
 * Watching after a change: samples of every metric and looks at the cluster by
 * a fixed clock, to a verdict. soak_judge.h says what the verdict is.
 *
 * The clock is CLOCK_BOOTTIME from the moment the last consumer converged. A
 * tick that nobody was there for (a laptop asleep, the program interrupted, a
 * server slower than the interval) is missed for good: the time is not made
 * longer, and what was missed counts as no data.
 *
 * With a state file a soak that was interrupted goes on with the same clock,
 * baseline and samples. It holds numbers and names, no key material.
 */
#ifndef KR_RUNBOOK_SOAK_H
#define KR_RUNBOOK_SOAK_H

#include "base/err.h"
#include "runbook/reporter.h"
#include "runbook/soak_judge.h"

struct cJSON;

/* Borrowed. */
struct soak_metric {
	const char *name;
	const char *query;     /* for the record */
	const char *aggregate; /* "sum", "avg", "min", "max" around it; NULL */
	struct soak_rule rule;
};

/* What a look at the cluster found. */
struct soak_look {
	enum soak_outcome outcome; /* SOAK_OK, SOAK_BREACH, SOAK_ERROR */
	bool fail;		   /* no need to look further */
	char *message; /* owned; one clause for people; NULL for SOAK_OK */
};

/*
 * Where samples come from. An error that is returned ends the soak: a stop
 * request, or KR_ECONFIG for a query that can never give one number (before
 * the first tick that is the caller's error, later the verdict is "error").
 * What another tick may mend is in the sample.
 */
struct soak_source {
	/* Once, before the first tick: `out` has one row for each metric. */
	struct err *(*baseline)(void *user, struct soak_baseline *out);
	/* One for each metric; *out_note is owned and tells of the first
	 * error or warning, NULL where there is none. */
	struct err *(*sample)(void *user, struct soak_sample *out,
			      char **out_note);
	/* NULL: the cluster is not watched. */
	struct err *(*look)(void *user, struct soak_look *out);
	/* What `look` has to know after a restart of the program: new, and
	 * given back before the first look. NULL with `look`. */
	struct cJSON *(*memory)(void *user);
	struct err *(*recall)(void *user, const struct cJSON *memory);
	void *user;
};

#define SOAK_FOR_MS	  (30 * 60 * 1000)
#define SOAK_EVERY_MS	  (30 * 1000)
#define SOAK_SETTLE_MS	  (60 * 1000)
#define SOAK_MIN_GOOD_PCT 90.0
#define SOAK_MAX_TICKS	  20000
/* Samples of a kind that are put up with where no limit is given: so much of
 * the ticks that are judged, rounded down (3 of 60). */
#define SOAK_LIMIT_PCT 5

/* Borrowed. */
struct soak_options {
	const char *target; /* the context, for people */
	const char *what;   /* context, namespace, Secret, entry, rotation:
			     * what saved state must agree with; NULL */
	int64_t for_ms, every_ms;
	int64_t settle_ms; /* < 0: 1 min, at most a tenth of for_ms */
	/* How long ago the last consumer converged; 0: it begins now. */
	int64_t age_ms;
	double min_good_pct;
	/* A limit < 0 is the default. */
	const struct soak_metric *metrics;
	size_t n_metrics;
	/* Taken before the change; NULL: the source is asked. */
	const struct soak_baseline *baselines;
	const char *state_path; /* NULL: nothing is kept */
	bool afresh;		/* what was kept is not gone on with */
	const struct reporter *reporter;
};

/* One metric's, or the cluster's. */
struct soak_track {
	struct soak_rule rule; /* with the defaults filled in */
	struct soak_baseline baseline;
	double limit;
	char *letters;	/* by tick, from 0; NUL-terminated */
	double *values; /* by tick; NAN where there is none */
	struct soak_counts counts;
	struct soak_finding finding;
};

struct soak_result {
	enum soak_verdict verdict;
	bool complete;	  /* its time is over */
	bool interrupted; /* by a stop request: can be gone on with */
	bool resumed;
	size_t ticks, settling, tick; /* in all, not judged, over */
	int64_t for_ms, every_ms, settle_ms, elapsed_ms;
	int64_t started_wall_ms, ended_wall_ms;
	double min_good_pct;
	struct soak_track *tracks; /* one for each metric */
	size_t n_tracks;
	struct soak_track watch; /* of the cluster; letters NULL: none */
	bool watch_failed;
	bool broken; /* a query turned out to give no one number */
	/* One clause for people: which metric, and why. NULL for a pass. */
	char *message;
	char *note; /* the last trouble with asking; NULL */
};

/* The number of ticks; 0 where the times make none, or too many. */
size_t soak_ticks(int64_t for_ms, int64_t every_ms);

/*
 * To the end of its time, the first failure, or a stop request. A verdict
 * other than pass is no error here: see soak_result_error(). Errors:
 * KR_ECONFIG (times or metrics that make no soak, a query that gives several
 * series), KR_EHELD (another process soaks with this state), KR_EUNEXPECTED
 * (the state cannot be written), KR_ENOMEM. `out` is written on success and
 * is to be released.
 */
KR_FALLIBLE soak_run(const struct soak_options *options,
		     const struct soak_source *source, struct soak_result *out);
void soak_result_release(struct soak_result *result);

/*
 * NULL for a pass. KR_EGATE with reason SoakFailed, SoakInconclusive or
 * SoakError; KR_EINTERRUPTED where it was stopped before a verdict.
 */
KR_FALLIBLE soak_result_error(const struct soak_result *result);

/* Everything that was seen, for documents and records: new members of `to`. */
void soak_result_fill(const struct soak_options *options,
		      const struct soak_result *result, struct cJSON *to);

#endif
