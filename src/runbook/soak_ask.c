/* What a soak asks Prometheus: the time before, and now. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/str.h"
#include "runbook/soak_setup_internal.h"

#define TRIES	    3
#define TRY_WAIT_MS 1000

static void note(char **out_note, const char *name, const char *text)
{
	if (!*out_note && asprintf(out_note, "%s: %s", name, text) < 0)
		*out_note = NULL;
}

/*
 * One answer as a sample. An answer that was evaluated no later than the one
 * before came out of somebody's cache: it says nothing about now.
 */
static struct soak_sample sample_of(struct soak_setup *s, size_t i,
				    const struct prometheus_answer *answer,
				    char **out_note)
{
	struct soak_sample sample = { .seen = SEEN_ERROR };
	const char *name = s->metrics[i].name;

	if (answer->warning)
		note(out_note, name, answer->warning);
	if (answer->at_ms && answer->at_ms <= s->last_at_ms[i]) {
		note(out_note, name, "the same answer came again");
		return sample;
	}
	if (answer->at_ms)
		s->last_at_ms[i] = answer->at_ms;
	switch (answer->state) {
	case PROMETHEUS_VALUE:
		sample.seen = SEEN_NUMBER;
		sample.value = answer->value;
		break;
	case PROMETHEUS_NAN:
		sample.seen = SEEN_NAN;
		break;
	case PROMETHEUS_EMPTY:
		sample.seen = SEEN_NOTHING;
		break;
	case PROMETHEUS_ERROR:
		note(out_note, name, err_message(answer->err));
		break;
	}
	return sample;
}

/* The first error that asking again cannot mend. */
static KR_FALLIBLE take_config_error(struct soak_setup *s,
				     struct prometheus_answer *answers)
{
	for (size_t i = 0; i < s->n; i++)
		if (err_is(answers[i].err, KR_ECONFIG))
			return err_wrap(take_ptr(&answers[i].err),
					"metric \"%s\"", s->metrics[i].name);
	return NULL;
}

struct err *soak_setup_sample(void *user, struct soak_sample *out,
			      char **out_note)
{
	struct soak_setup *s = user;
	struct prometheus_answer *answers = calloc(s->n + 1, sizeof(*answers));
	struct err *err = NULL;

	if (!answers)
		return err_no_memory();
	err = prometheus_query(s->prometheus, (const char *const *)s->queries,
			       s->n, answers);
	if (!err) {
		err = take_config_error(s, answers);
		for (size_t i = 0; i < s->n; i++) {
			if (!err)
				out[i] = sample_of(s, i, &answers[i], out_note);
			prometheus_answer_release(&answers[i]);
		}
	}
	free(answers);
	return err;
}

/* Whether every metric could be asked for; what was wrong goes to *out_note. */
static KR_FALLIBLE try_sample(struct soak_setup *s, char **out_note,
			      bool *out_good)
{
	struct soak_sample *samples = calloc(s->n + 1, sizeof(*samples));
	struct err *err = samples ? NULL : err_no_memory();

	if (!err)
		err = soak_setup_sample(s, samples, out_note);
	*out_good = !err;
	for (size_t i = 0; !err && i < s->n; i++)
		*out_good &= samples[i].seen != SEEN_ERROR;
	free(samples);
	return err;
}

static KR_FALLIBLE not_asked(const char *text)
{
	return err_set_reason(
		err_new(KR_EGATE, "the soak could not begin: %s", text),
		"SoakError");
}

/* The queries are asked once before the clock begins: what can never work
 * shows here. */
static KR_FALLIBLE try_all(struct soak_setup *s)
{
	kr_cleanup(str_freep) char *text = NULL;
	bool good = s->n == 0;
	struct err *err = NULL;

	for (int i = 0; !err && !good && i < TRIES; i++) {
		if (i)
			clock_sleep_ms(TRY_WAIT_MS);
		err = stop_check();
		free(take_ptr(&text));
		if (!err)
			err = try_sample(s, &text, &good);
	}
	if (err || good)
		return err;
	return not_asked(text ? text : soak_setup_where(s));
}

static KR_FALLIBLE ask_range(struct soak_setup *s, size_t i, int64_t ago_ms,
			     struct soak_baseline *out)
{
	const struct prometheus_range range = { .end_ago_ms = ago_ms,
						.length_ms = s->for_ms,
						.step_ms = s->every_ms };
	struct prometheus_points points = { 0 };
	struct err *err = NULL;

	for (int try = 0; try < TRIES; try++) {
		if (try)
			clock_sleep_ms(TRY_WAIT_MS);
		err_free(err);
		err = prometheus_query_range(s->prometheus, s->queries[i],
					     &range, &points);
		if (!err || err_is(err, KR_ECONFIG) ||
		    err_is(err, KR_EINTERRUPTED))
			break;
	}
	if (err)
		return err;
	/* Both ends of a range are in it. */
	soak_baseline_make(points.values, points.count,
			   (size_t)(s->for_ms / s->every_ms) + 1,
			   s->metrics[i].rule.no_data, out);
	prometheus_points_release(&points);
	return NULL;
}

/* How long ago the time before the change ended. */
static int64_t changed_ago_ms(const struct soak_setup *s)
{
	const struct reporter *r = s->options.reporter;
	int64_t ago_ms = s->options.changed_ago_ms;

	if (ago_ms < 0 && s->watch)
		ago_ms = soak_watch_age_ms(s->watch);
	if (ago_ms >= 0)
		return ago_ms;
	if (r->message)
		r->message(r->user, REPORT_WARNING,
			   "when the key was written is not known: the "
			   "baseline is the time up to now");
	return 0;
}

KR_FALLIBLE soak_setup_baseline(struct soak_setup *s, struct soak_baseline *out)
{
	int64_t ago_ms = changed_ago_ms(s);
	struct err *err = NULL;

	for (size_t i = 0; !err && i < s->n; i++) {
		out[i] = (struct soak_baseline){ .mean = NAN };
		err = err_wrap(ask_range(s, i, ago_ms, &out[i]),
			       "metric \"%s\"", s->metrics[i].name);
	}
	if (!err || err_is(err, KR_ECONFIG) || err_is(err, KR_EINTERRUPTED) ||
	    err_is(err, KR_ENOMEM))
		return err;
	return err_set_reason(err_as(err, KR_EGATE), "SoakError");
}

KR_FALLIBLE soak_setup_look_first(struct soak_setup *s)
{
	struct err *err;

	if (!s->watch || s->begun)
		return NULL;
	err = soak_watch_begin(s->watch);
	s->begun = !err;
	return err;
}

struct err *soak_setup_begin(void *user, struct soak_baseline *out)
{
	struct soak_setup *s = user;
	struct err *err = soak_setup_look_first(s);

	if (!err)
		err = try_all(s);
	if (!err && !s->options.has_baselines)
		err = soak_setup_baseline(s, out);
	return err;
}

struct err *soak_setup_look(void *user, struct soak_look *out)
{
	struct soak_setup *s = user;

	return soak_watch_look(s->watch, out);
}

struct cJSON *soak_setup_memory(void *user)
{
	struct soak_setup *s = user;

	return soak_watch_memory(s->watch);
}

struct err *soak_setup_recall(void *user, const struct cJSON *memory)
{
	struct soak_setup *s = user;

	return soak_watch_recall(s->watch, memory);
}
