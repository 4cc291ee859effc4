/*
 * A world for soaks: a clock of its own, a server and a cluster that say what
 * a test wants. Shared by the suites of soak.h.
 */
#ifndef KR_TESTS_SOAK_WORLD_H
#define KR_TESTS_SOAK_WORLD_H

#include <malloc.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "runbook/soak.h"
#include "unit.h"

#define MAX_METRICS 10

/* The world: a clock, and what the server and the cluster say at each tick. */
static struct world {
	int64_t now_ms;
	int64_t asleep_from_ms, asleep_to_ms; /* nobody runs in between */
	int64_t query_ms;		      /* how long an answer takes */
	size_t n, asked, looked, baselines;
	size_t stop_at; /* the stop request comes with this question */
	size_t several_at, fail_at;
	/* By tick: a letter of what is seen; the last one goes on. */
	const char *seen;
	double value;
	struct soak_baseline baseline;
	bool recalled;
	size_t most_bytes;
} w;

static inline int64_t world_ms(void *user)
{
	(void)user;
	return w.now_ms;
}

static inline void world_sleep(void *user, int64_t ms)
{
	(void)user;
	w.now_ms += ms;
	if (w.now_ms > w.asleep_from_ms && w.now_ms < w.asleep_to_ms)
		w.now_ms = w.asleep_to_ms;
}

static inline struct err *give_baseline(void *user, struct soak_baseline *out)
{
	(void)user;
	w.baselines++;
	for (size_t i = 0; i < w.n; i++)
		out[i] = w.baseline;
	return NULL;
}

static inline struct soak_sample seen_as(char letter)
{
	struct soak_sample s = { .seen = SEEN_NUMBER, .value = w.value };

	if (letter == 'b')
		s.value = 1000;
	else if (letter == '-')
		s.seen = SEEN_NOTHING;
	else if (letter == 'n')
		s.seen = SEEN_NAN;
	else if (letter == 'e')
		s.seen = SEEN_ERROR;
	return s;
}

/* The first metric is seen as `w.seen` says, the others are fine. */
static inline struct err *give_sample(void *user, struct soak_sample *out,
				      char **out_note)
{
	size_t last = strlen(w.seen) - 1, at = w.asked++;
	size_t used = mallinfo2().uordblks;

	(void)user;
	(void)out_note;
	if (w.stop_at && w.asked == w.stop_at)
		return err_new(KR_EINTERRUPTED, "stopped");
	if (w.several_at && w.asked == w.several_at)
		return err_new(KR_ECONFIG, "2 series");
	w.now_ms += w.query_ms;
	for (size_t i = 0; i < w.n; i++)
		out[i] = seen_as(i ? 'o' : w.seen[at < last ? at : last]);
	if (used > w.most_bytes)
		w.most_bytes = used;
	return NULL;
}

static inline struct err *give_look(void *user, struct soak_look *out)
{
	(void)user;
	out->outcome = SOAK_OK;
	if (++w.looked == w.fail_at) {
		out->outcome = SOAK_BREACH;
		out->fail = true;
		out->message = strdup("pod a restarted");
	}
	return NULL;
}

static inline struct cJSON *give_memory(void *user)
{
	struct cJSON *memory = json_object();

	(void)user;
	json_set_str(memory, "uid", "u-1");
	return memory;
}

static inline struct err *take_memory(void *user, const struct cJSON *memory)
{
	(void)user;
	w.recalled = strcmp(json_str_or(memory, "uid", ""), "u-1") == 0;
	return NULL;
}

static const struct clock_source clock_of_world = { world_ms, world_ms,
						    world_sleep, NULL };
static const struct soak_source source = { .baseline = give_baseline,
					   .sample = give_sample };
static const struct soak_source watching = { .baseline = give_baseline,
					     .sample = give_sample,
					     .look = give_look,
					     .memory = give_memory,
					     .recall = take_memory };
static const struct reporter silent;
static struct soak_metric metrics[MAX_METRICS];

static inline void begin(const char *seen, size_t n)
{
	w = (struct world){ .now_ms = 1700000000000,
			    .n = n,
			    .seen = seen,
			    .value = 5,
			    .baseline = { 4, 60, 60 } };
	for (size_t i = 0; i < n; i++)
		metrics[i] = (struct soak_metric){
			.name = "m",
			.query = "q",
			.rule = { .max = 10,
				  .max_increase_pct = NAN,
				  .no_data = SOAK_NO_DATA_HOLD,
				  .limits = { -1, -1, -1, -1 } },
		};
	clock_use(&clock_of_world);
}

static inline struct soak_options half_an_hour(void)
{
	return (struct soak_options){ .target = "t",
				      .what = "w",
				      .for_ms = SOAK_FOR_MS,
				      .every_ms = SOAK_EVERY_MS,
				      .settle_ms = 0,
				      .min_good_pct = SOAK_MIN_GOOD_PCT,
				      .metrics = metrics,
				      .n_metrics = w.n,
				      .reporter = &silent };
}

/* Runs, and asserts verdict and exit code. */
static inline void expect(const struct soak_options *o,
			  const struct soak_source *s,
			  enum soak_verdict verdict, int code,
			  struct soak_result *out)
{
	struct err *err = soak_run(o, s, out);

	if (!UNIT_OK(err)) {
		*out = (struct soak_result){ 0 };
		return;
	}
	CU_ASSERT_EQUAL(out->verdict, verdict);
	err = soak_result_error(out);
	CU_ASSERT_EQUAL(err_exit_code(err), code);
	err_free(err);
}

#endif
