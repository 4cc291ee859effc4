#include "runbook/soak.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/text.h"
#include "runbook/soak_internal.h"

/* How long one wait may be, so that clocks on the screen move. */
#define SLICE_MS 200

size_t soak_ticks(int64_t for_ms, int64_t every_ms)
{
	if (every_ms < 1000 || for_ms < every_ms ||
	    for_ms / every_ms > SOAK_MAX_TICKS)
		return 0;
	return (size_t)(for_ms / every_ms);
}

void soak_warn(const struct soak *soak, const char *format, ...)
{
	const struct reporter *r = soak->options->reporter;
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (r->message)
		r->message(r->user, REPORT_WARNING, text);
	free(text);
}

static int limit_of(int asked, size_t judged)
{
	return asked >= 0 ? asked : (int)(judged * SOAK_LIMIT_PCT / 100);
}

static KR_FALLIBLE init_track(struct soak_track *track,
			      const struct soak_rule *rule,
			      const struct soak_result *r)
{
	size_t judged = r->ticks - r->settling;

	track->rule = *rule;
	track->rule.limits = (struct soak_limits){
		.breach = limit_of(rule->limits.breach, judged),
		.no_data = limit_of(rule->limits.no_data, judged),
		.nan = limit_of(rule->limits.nan, judged),
		.error = limit_of(rule->limits.error, judged),
	};
	track->baseline.mean = NAN;
	track->limit = NAN;
	track->letters = calloc(r->ticks + 1, 1);
	track->values = calloc(r->ticks + 1, sizeof(*track->values));
	return track->letters && track->values ? NULL : err_no_memory();
}

/* What the cluster does has no limit of its own but `fail`. */
static const struct soak_rule watch_rule = {
	.max = 0,
	.max_increase_pct = NAN,
	.no_data = SOAK_NO_DATA_HOLD,
	.limits = { .breach = SOAK_MAX_TICKS,
		    .no_data = -1,
		    .nan = -1,
		    .error = -1 },
};

static KR_FALLIBLE init_times(struct soak *soak)
{
	const struct soak_options *o = soak->options;
	struct soak_result *r = &soak->result;
	int64_t settle_ms = o->settle_ms;

	r->ticks = soak_ticks(o->for_ms, o->every_ms);
	if (r->ticks == 0)
		return err_new(KR_ECONFIG,
			       "a soak takes a sample every 1s or more, and "
			       "from 1 to %d of them",
			       SOAK_MAX_TICKS);
	if (settle_ms < 0)
		settle_ms = o->for_ms / 10 < SOAK_SETTLE_MS ? o->for_ms / 10
							    : SOAK_SETTLE_MS;
	r->settling = (size_t)(settle_ms / o->every_ms);
	if (r->settling >= r->ticks)
		return err_new(KR_ECONFIG, "the settle time leaves nothing of "
					   "the soak");
	r->for_ms = o->for_ms;
	r->every_ms = o->every_ms;
	r->settle_ms = settle_ms;
	r->min_good_pct = o->min_good_pct;
	return NULL;
}

static KR_FALLIBLE init(struct soak *soak)
{
	const struct soak_options *o = soak->options;
	struct soak_result *r = &soak->result;
	struct err *err = init_times(soak);

	if (err)
		return err;
	if (!o->n_metrics && !soak->source->look)
		return err_new(KR_ECONFIG, "a soak needs a metric");
	r->tracks = calloc(o->n_metrics + 1, sizeof(*r->tracks));
	soak->samples = calloc(o->n_metrics + 1, sizeof(*soak->samples));
	soak->rows = calloc(o->n_metrics + 1, sizeof(*soak->rows));
	if (!r->tracks || !soak->samples || !soak->rows)
		return err_no_memory();
	for (; !err && r->n_tracks < o->n_metrics; r->n_tracks++)
		err = init_track(&r->tracks[r->n_tracks],
				 &o->metrics[r->n_tracks].rule, r);
	if (!err && soak->source->look)
		err = init_track(&r->watch, &watch_rule, r);
	return err;
}

/* What must be the same for saved samples to be of this soak. */
static char *identity(const struct soak_options *o)
{
	struct buf text = BUF_INIT(1024 * 1024);

	buf_printf(&text, "%s for=%lld every=%lld settle=%lld",
		   o->what ? o->what : "", (long long)o->for_ms,
		   (long long)o->every_ms, (long long)o->settle_ms);
	for (size_t i = 0; i < o->n_metrics; i++) {
		const struct soak_metric *m = &o->metrics[i];

		buf_printf(&text, " [%s|%s|%s|%g|%g|%d]", m->name, m->query,
			   m->aggregate ? m->aggregate : "", m->rule.max,
			   m->rule.max_increase_pct, (int)m->rule.no_data);
	}
	return buf_take(&text);
}

static KR_FALLIBLE take_baselines(struct soak *soak)
{
	const struct soak_options *o = soak->options;
	struct soak_result *r = &soak->result;
	struct soak_baseline *found = calloc(r->n_tracks + 1, sizeof(*found));
	struct err *err = found ? NULL : err_no_memory();

	if (!err)
		err = soak->source->baseline(soak->source->user, found);
	for (size_t i = 0; !err && i < r->n_tracks; i++)
		r->tracks[i].baseline =
			o->baselines ? o->baselines[i] : found[i];
	free(found);
	return err;
}

/* Where it begins now, that is after the questions about the time before. */
static KR_FALLIBLE begin(struct soak *soak, const char *what)
{
	int64_t age_ms = soak->options->age_ms, asked_ms = clock_boot_ms();
	struct err *err = take_baselines(soak);

	if (err)
		return err;
	if (age_ms)
		age_ms += clock_boot_ms() - asked_ms;
	soak->start_ms = clock_boot_ms() - age_ms;
	soak->result.started_wall_ms = clock_wall_ms() - age_ms;
	if (!soak->state)
		return NULL;
	err = soak_state_begin(soak->state, what, age_ms);
	return err ? err : soak_keep_baseline(soak);
}

/* Goes on with what was saved. */
static KR_FALLIBLE restore(struct soak *soak, const struct soak_saved *saved)
{
	struct soak_result *r = &soak->result;
	const struct cJSON *memory = json_member(saved->baseline, "memory");
	const struct cJSON *line = json_first(saved->ticks);
	int64_t least_ms;

	for (; line; line = json_next(line))
		soak_tick_restore(soak, line);
	r->resumed = true;
	r->started_wall_ms = saved->started_wall_ms;
	/* The clock cannot have gone less far than the samples. */
	least_ms = (int64_t)r->tick * r->every_ms;
	soak->start_ms = clock_boot_ms() -
			 (saved->age_ms > least_ms ? saved->age_ms : least_ms);
	if (!memory || !soak->source->recall)
		return NULL;
	return soak->source->recall(soak->source->user, memory);
}

static KR_FALLIBLE start(struct soak *soak)
{
	const struct soak_options *o = soak->options;
	kr_cleanup(str_freep) char *what = identity(o);
	struct soak_saved saved = { 0 };
	struct err *err = what ? NULL : err_no_memory();

	if (!err && o->state_path)
		err = soak_state_open(o->state_path, what, o->afresh, &saved,
				      &soak->state);
	if (!err && saved.found &&
	    soak_restore_baseline(soak, saved.baseline)) {
		err = restore(soak, &saved);
	} else if (!err) {
		err = begin(soak, what);
	}
	soak_saved_release(&saved);
	return err;
}

static void say_limits(const struct soak *soak)
{
	const struct soak_result *r = &soak->result;

	for (size_t i = 0; i < r->n_tracks; i++) {
		struct soak_track *t = &r->tracks[i];
		const char *name = soak->options->metrics[i].name;

		t->limit = soak_limit(&t->rule, &t->baseline);
		if (soak_lacks_baseline(&t->rule, &t->baseline))
			soak_warn(soak,
				  "%s has no baseline: %zu of %zu points. Its "
				  "maxIncrease cannot be judged, so this soak "
				  "cannot pass",
				  name, t->baseline.points,
				  t->baseline.planned);
		else if (soak_ignores_increase(&t->rule, &t->baseline))
			soak_warn(soak,
				  "%s: its baseline is 0, so only max is "
				  "judged",
				  name);
	}
}

/* Whether it is time for the tick; waits for it. */
static KR_FALLIBLE wait_until(const struct soak *soak, int64_t due_ms)
{
	const struct reporter *r = soak->options->reporter;
	int64_t slice_ms = r->tick ? SLICE_MS : INT64_MAX;
	struct err *err = stop_check();

	while (!err && clock_boot_ms() < due_ms) {
		int64_t left_ms = due_ms - clock_boot_ms();

		clock_sleep_ms(left_ms < slice_ms ? left_ms : slice_ms);
		if (r->tick)
			r->tick(r->user);
		err = stop_check();
	}
	return err;
}

/* Ticks whose time is over; whether there were some. */
static bool miss_ticks(struct soak *soak)
{
	struct soak_result *r = &soak->result;
	int64_t now_ms = clock_boot_ms() - soak->start_ms;
	size_t before = r->tick;

	while (r->tick < r->ticks &&
	       now_ms >= (int64_t)(r->tick + 2) * r->every_ms)
		soak_tick_miss(soak, r->tick);
	return r->tick > before;
}

/* Nothing that comes can change it. */
static bool is_decided(const struct soak_result *r)
{
	return r->verdict == SOAK_FAIL || r->broken;
}

static KR_FALLIBLE run_ticks(struct soak *soak)
{
	struct soak_result *r = &soak->result;
	struct err *err = NULL;

	while (!err && r->tick < r->ticks && !is_decided(r)) {
		err = wait_until(soak, soak->start_ms + (int64_t)(r->tick + 1) *
								r->every_ms);
		if (!err && !miss_ticks(soak))
			err = soak_tick_take(soak, r->tick);
		if (err)
			break;
		soak_judge(soak, false);
		soak_report(soak, false);
	}
	if (!err && !is_decided(r))
		err = wait_until(soak, soak->start_ms + r->for_ms);
	return err;
}

static KR_FALLIBLE finish(struct soak *soak, struct err *take_err)
{
	struct soak_result *r = &soak->result;
	kr_cleanup(json_freep) struct cJSON *line = NULL;

	r->elapsed_ms = clock_boot_ms() - soak->start_ms;
	r->ended_wall_ms = clock_wall_ms();
	r->interrupted = err_is(take_err, KR_EINTERRUPTED);
	if (take_err && !r->interrupted)
		return take_err;
	err_free(take_err);
	r->complete = !r->interrupted && r->tick == r->ticks;
	soak_judge(soak, true);
	soak_report(soak, true);
	if (!soak->state || r->interrupted)
		return NULL;
	line = json_object();
	json_set_str(line, "end", soak_verdict_name(r->verdict));
	return soak_state_add(soak->state, line);
}

KR_FALLIBLE soak_run(const struct soak_options *options,
		     const struct soak_source *source, struct soak_result *out)
{
	struct soak soak = { .options = options, .source = source };
	struct err *err = init(&soak);

	if (!err)
		err = start(&soak);
	if (!err) {
		say_limits(&soak);
		soak_judge(&soak, false);
		soak_report(&soak, false);
		err = finish(&soak, run_ticks(&soak));
	}
	soak_state_close(soak.state);
	free(soak.samples);
	free(soak.rows);
	if (err)
		soak_result_release(&soak.result);
	else
		*out = soak.result;
	return err;
}
