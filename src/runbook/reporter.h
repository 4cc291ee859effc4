/*
 * What the runbook tells the people who watch it: a table of functions that
 * the user interface fills. The work itself never prints.
 *
 * Strings are borrowed for the call. Calls may come from one thread only.
 */
#ifndef KR_RUNBOOK_REPORTER_H
#define KR_RUNBOOK_REPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

enum report_state {
	REPORT_PENDING,
	REPORT_RUNNING,
	REPORT_DONE,
	REPORT_SKIPPED, /* nothing to do: it was so already */
	REPORT_FAILED,
	REPORT_DRY, /* a dry run: it would be done */
};

struct report_step {
	const char *target; /* context it is about; NULL: all */
	const char *id;	    /* permanent: "write-secret" */
	const char *title;  /* "Write the Secret" */
	enum report_state state;
	const char *detail; /* one line of what came out; NULL */
	int64_t elapsed_ms; /* of this step, where over */
	/* The part of one target in the step that is running for many. */
	bool of_target;
	size_t targets; /* that the step is about, where for many; 0 */
};

/* One workload while it rolls. */
struct report_workload {
	const char *target;
	const char *kind; /* "Deployment" */
	const char *name;
	int desired, updated, ready, old;
	const char *waiting_for; /* "2 old pods to end"; NULL where done */
	bool done;
	bool failed;
	int64_t elapsed_ms;
	int64_t timeout_ms; /* < 0: none */
};

enum report_verdict {
	REPORT_VERDICT_RUNNING, /* nothing is over its limits so far */
	REPORT_VERDICT_PASS,
	REPORT_VERDICT_INCONCLUSIVE,
	REPORT_VERDICT_ERROR,
	REPORT_VERDICT_FAIL,
};

/* One metric of a soak, up to now. */
struct report_metric {
	const char *name;
	/* By tick, n of them: the values (NAN where there is none), and a
	 * letter for each outcome: o ok, b over the limit, - no data, n not a
	 * number, e error, . missed, s settling. */
	const double *values;
	const char *outcomes;
	size_t n;
	double limit;	 /* above it is a breach; NAN: not known */
	double baseline; /* NAN: none */
	enum report_verdict verdict;
};

/* A soak after each tick, at its beginning and at its end. */
struct report_soak {
	const char *target;
	const struct report_metric *metrics;
	size_t n_metrics;
	size_t tick, ticks; /* that are over, and in all */
	int64_t elapsed_ms, total_ms;
	enum report_verdict verdict; /* so far; of the whole at the end */
	const char *reason; /* one clause for people; NULL where all is well */
	bool done;
};

enum report_level { REPORT_INFO, REPORT_WARNING };

struct reporter {
	void *user;
	/* The steps to come, before the first one begins. */
	void (*plan)(void *user, const struct report_step *steps, size_t n);
	void (*step)(void *user, const struct report_step *step);
	void (*workload)(void *user, const struct report_workload *workload);
	void (*message)(void *user, enum report_level level, const char *text);
	/* A line of a pod's log, already searched for key material. */
	void (*log_line)(void *user, const char *pod, const char *container,
			 const char *line);
	void (*soak)(void *user, const struct report_soak *soak);
	/* Called at least four times a second while something is waited for,
	 * so that clocks on the screen move. */
	void (*tick)(void *user);
};

#endif
