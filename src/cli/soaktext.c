#include "cli/soaktext.h"

#include <math.h>

#include "base/clock.h"
#include "base/text.h"

struct range {
	double min, mean, max;
	size_t n;
};

static struct range range_of(const struct soak_track *track, size_t n)
{
	struct range r = { .min = INFINITY, .max = -INFINITY };

	for (size_t i = 0; i < n; i++) {
		double v = track->values[i];

		if (isnan(v))
			continue;
		r.n++;
		r.mean += isinf(v) ? 0 : (v - r.mean) / (double)r.n;
		r.min = v < r.min ? v : r.min;
		r.max = v > r.max ? v : r.max;
	}
	return r;
}

static void write_counts(const struct soak_track *track, struct buf *out)
{
	static const struct {
		enum soak_outcome outcome;
		const char *words;
	} rows[] = {
		{ SOAK_BREACH, "over the limit" }, { SOAK_NO_DATA, "no data" },
		{ SOAK_NAN, "not a number" },	   { SOAK_ERROR, "not asked" },
		{ SOAK_MISSED, "missed" },
	};

	buf_printf(out, "  %zu good", track->counts.of[SOAK_OK]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (track->counts.of[rows[i].outcome])
			buf_printf(out, ", %zu %s",
				   track->counts.of[rows[i].outcome],
				   rows[i].words);
	buf_puts(out, "\n");
}

static void write_name(const char *name, enum soak_verdict verdict,
		       size_t width, struct buf *out)
{
	size_t columns = text_columns(name);

	buf_printf(out, "  %-12s  %s%*s", soak_verdict_name(verdict), name,
		   columns < width ? (int)(width - columns) : 0, "");
}

static void write_metric(const struct soak_metric *metric,
			 const struct soak_track *track, size_t n, size_t width,
			 struct buf *out)
{
	struct range r = range_of(track, n);

	write_name(metric->name, track->finding.verdict, width, out);
	if (r.n)
		buf_printf(out, "  %.4g to %.4g, mean %.4g", r.min, r.max,
			   r.mean);
	else
		buf_puts(out, "  no values");
	if (!isnan(track->limit))
		buf_printf(out, "; limit %.4g", track->limit);
	if (!isnan(track->baseline.mean))
		buf_printf(out, ", before %.4g", track->baseline.mean);
	buf_puts(out, ";");
	write_counts(track, out);
}

void soaktext_write(const struct soak_options *options,
		    const struct soak_result *result, struct buf *out)
{
	char elapsed[CLOCK_SHORT_LEN];
	size_t width = 11;

	for (size_t i = 0; i < options->n_metrics; i++) {
		size_t n = text_columns(options->metrics[i].name);

		width = n > width ? n : width;
	}
	clock_short(result->elapsed_ms, elapsed);
	buf_printf(out, "soak: %s after %s, %zu of %zu samples\n",
		   result->interrupted && result->verdict != SOAK_FAIL
			   ? "stopped"
			   : soak_verdict_name(result->verdict),
		   elapsed, result->tick, result->ticks);
	for (size_t i = 0; i < options->n_metrics; i++)
		write_metric(&options->metrics[i], &result->tracks[i],
			     result->tick, width, out);
	if (!result->watch.letters)
		return;
	write_name("the cluster", result->watch.finding.verdict, width, out);
	write_counts(&result->watch, out);
}
