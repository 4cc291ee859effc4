/* One tick of a soak: asked, judged, kept. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "runbook/soak_internal.h"

static void put(struct soak_result *r, struct soak_track *track, size_t tick,
		enum soak_outcome outcome, double value)
{
	if (tick < r->settling)
		outcome = SOAK_SETTLING;
	track->letters[tick] = soak_outcome_letter(outcome);
	track->values[tick] = value;
	track->counts.of[outcome]++;
}

/* Whether a metric other than `index` has a number at this tick. */
static bool has_witness(const struct soak *soak, size_t index)
{
	for (size_t i = 0; i < soak->options->n_metrics; i++)
		if (i != index && soak->samples[i].seen == SEEN_NUMBER &&
		    isfinite(soak->samples[i].value))
			return true;
	return false;
}

static void judge_samples(struct soak *soak, size_t tick)
{
	struct soak_result *r = &soak->result;

	for (size_t i = 0; i < r->n_tracks; i++) {
		struct soak_track *track = &r->tracks[i];
		const struct soak_sample *s = &soak->samples[i];
		enum soak_outcome outcome =
			soak_judge_sample(&track->rule, &track->baseline, s,
					  has_witness(soak, i));
		double value = s->seen == SEEN_NUMBER ? s->value : NAN;

		/* A silence that was taken for a zero. */
		if (s->seen == SEEN_NOTHING &&
		    (outcome == SOAK_OK || outcome == SOAK_BREACH))
			value = 0;
		put(r, track, tick, outcome, value);
	}
}

/* What the cluster does is judged from the first tick on. */
static void judge_look(struct soak *soak, size_t tick, struct soak_look *look)
{
	struct soak_result *r = &soak->result;

	if (look->fail) {
		r->watch_failed = true;
		free(r->message);
		r->message = take_ptr(&look->message);
	}
	put(r, &r->watch, tick, look->outcome, NAN);
	if (look->fail)
		r->watch.letters[tick] = soak_outcome_letter(SOAK_BREACH);
	if (look->outcome == SOAK_ERROR && look->message) {
		free(r->note);
		r->note = take_ptr(&look->message);
	}
	free(look->message);
}

static KR_FALLIBLE keep(struct soak *soak, size_t tick)
{
	const struct soak_result *r = &soak->result;
	kr_cleanup(json_freep) struct cJSON *line = json_object();
	struct cJSON *values = json_add_array(line, "v");
	struct buf letters = BUF_INIT(4096);
	struct err *err;

	if (!soak->state)
		return NULL;
	for (size_t i = 0; i < r->n_tracks; i++) {
		double value = r->tracks[i].values[tick];

		buf_putc(&letters, r->tracks[i].letters[tick]);
		json_append(values, isfinite(value) ? cJSON_CreateNumber(value)
						    : cJSON_CreateNull());
	}
	json_set_int(line, "t", (long long)tick + 1);
	json_set_str(line, "o", buf_str(&letters));
	if (r->watch.letters)
		json_set_str(line, "w",
			     (char[]){ r->watch.letters[tick], '\0' });
	err = buf_check(&letters, "outcomes");
	buf_release(&letters);
	return err ? err : soak_state_add(soak->state, line);
}

static KR_FALLIBLE look_at_cluster(struct soak *soak, size_t tick)
{
	struct soak_look look = { .outcome = SOAK_OK };
	struct err *err;

	if (!soak->source->look)
		return NULL;
	err = soak->source->look(soak->source->user, &look);
	if (err)
		return err;
	judge_look(soak, tick, &look);
	return NULL;
}

KR_FALLIBLE soak_tick_take(struct soak *soak, size_t tick)
{
	struct soak_result *r = &soak->result;
	kr_cleanup(str_freep) char *note = NULL;
	struct err *err = NULL;

	if (r->n_tracks)
		err = soak->source->sample(soak->source->user, soak->samples,
					   &note);
	if (err_is(err, KR_ECONFIG)) {
		r->broken = true;
		(void)str_keep(&r->message, err_message(err));
		err_free(err);
		return NULL;
	}
	if (!err)
		err = look_at_cluster(soak, tick);
	if (err)
		return err;
	if (note) {
		free(r->note);
		r->note = take_ptr(&note);
	}
	judge_samples(soak, tick);
	r->tick = tick + 1;
	return keep(soak, tick);
}

void soak_tick_miss(struct soak *soak, size_t tick)
{
	struct soak_result *r = &soak->result;

	for (size_t i = 0; i < r->n_tracks; i++)
		put(r, &r->tracks[i], tick, SOAK_MISSED, NAN);
	if (r->watch.letters)
		put(r, &r->watch, tick, SOAK_MISSED, NAN);
	r->tick = tick + 1;
}

static double number_at(const struct cJSON *list, size_t index)
{
	const struct cJSON *item = json_first(list);

	while (item && index--)
		item = json_next(item);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

void soak_tick_restore(struct soak *soak, const struct cJSON *line)
{
	struct soak_result *r = &soak->result;
	long long t = json_int(line, "t", 0);
	const char *letters = json_str_or(line, "o", "");
	const char *watch = json_str_or(line, "w", "");
	enum soak_outcome outcome;

	if (t <= (long long)r->tick || t > (long long)r->ticks ||
	    strlen(letters) != r->n_tracks)
		return;
	while (r->tick + 1 < (size_t)t)
		soak_tick_miss(soak, r->tick);
	for (size_t i = 0; i < r->n_tracks; i++) {
		if (!soak_outcome_parse(letters[i], &outcome))
			outcome = SOAK_MISSED;
		put(r, &r->tracks[i], (size_t)t - 1, outcome,
		    number_at(json_member(line, "v"), i));
	}
	if (r->watch.letters) {
		if (!soak_outcome_parse(*watch, &outcome) ||
		    outcome == SOAK_PENDING)
			outcome = SOAK_MISSED;
		put(r, &r->watch, (size_t)t - 1, outcome, NAN);
	}
	r->tick = (size_t)t;
}

KR_FALLIBLE soak_keep_baseline(struct soak *soak)
{
	const struct soak_result *r = &soak->result;
	const struct soak_source *source = soak->source;
	kr_cleanup(json_freep) struct cJSON *line = json_object();
	struct cJSON *rows = json_add_array(line, "baseline");

	if (!soak->state)
		return NULL;
	for (size_t i = 0; i < r->n_tracks; i++) {
		const struct soak_baseline *b = &r->tracks[i].baseline;
		struct cJSON *row = json_append_object(rows);

		json_set(row, "mean",
			 isnan(b->mean) ? cJSON_CreateNull()
					: cJSON_CreateNumber(b->mean));
		json_set_int(row, "points", (long long)b->points);
		json_set_int(row, "planned", (long long)b->planned);
	}
	if (source->memory)
		json_set(line, "memory", source->memory(source->user));
	return soak_state_add(soak->state, line);
}

bool soak_restore_baseline(struct soak *soak, const struct cJSON *line)
{
	struct soak_result *r = &soak->result;
	const struct cJSON *row = json_first(json_member(line, "baseline"));

	if (!line || json_length(json_member(line, "baseline")) != r->n_tracks)
		return false;
	for (size_t i = 0; i < r->n_tracks; i++, row = json_next(row)) {
		const struct cJSON *mean = json_member(row, "mean");

		r->tracks[i].baseline = (struct soak_baseline){
			.mean = cJSON_IsNumber(mean) ? mean->valuedouble : NAN,
			.points = (size_t)json_int(row, "points", 0),
			.planned = (size_t)json_int(row, "planned", 0),
		};
	}
	return true;
}
