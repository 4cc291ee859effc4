/*
 * Shared by soak.c, soak_ticks.c and soak_result.c; nobody else includes it.
 */
#ifndef KR_RUNBOOK_SOAK_INTERNAL_H
#define KR_RUNBOOK_SOAK_INTERNAL_H

#include "runbook/soak.h"
#include "runbook/soak_state.h"

/* One run. */
struct soak {
	const struct soak_options *options;
	const struct soak_source *source;
	struct soak_state *state; /* NULL: nothing is kept */
	struct soak_result result;
	struct soak_sample *samples; /* of one tick */
	struct report_metric *rows;  /* for the reporter */
	int64_t start_ms;	     /* of clock_boot_ms() */
	enum soak_verdict said;	     /* the last verdict that was told */
};

/* Samples, judges and keeps tick number `tick` (from 0). */
KR_FALLIBLE soak_tick_take(struct soak *soak, size_t tick);
/* Nobody was there for it. Not kept: a restart finds out by itself. */
void soak_tick_miss(struct soak *soak, size_t tick);
/* Puts back what a line of the state says. */
void soak_tick_restore(struct soak *soak, const struct cJSON *line);

/* The baselines and the memory of the watch, as a line of the state. */
KR_FALLIBLE soak_keep_baseline(struct soak *soak);
/* false where the line does not fit. */
bool soak_restore_baseline(struct soak *soak, const struct cJSON *line);

/* Findings of all tracks and the verdict; `ended`: no tick comes after. */
void soak_judge(struct soak *soak, bool ended);
void soak_report(struct soak *soak, bool done);
void soak_warn(const struct soak *soak, const char *format, ...)
	KR_PRINTF(2, 3);

/* One clause on why a track is judged as it is; malloc'd, NULL for a pass. */
char *soak_explain(const struct soak_options *options,
		   const struct soak_result *result, size_t index);

#endif
