/* A soak on the terminal: a line for the whole, one for each metric. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "ui/spark.h"
#include "ui/textsoak.h"
#include "ui/tty.h"

#define INDENT 6

void tty_soaks_release(struct tty *tty)
{
	for (size_t i = 0; i < tty->n_soaks; i++) {
		struct tty_soak *s = &tty->soaks[i];

		for (size_t k = 0; k < s->n_metrics; k++)
			free(s->metrics[k].name);
		free(s->metrics);
		free(s->target);
		free(s->reason);
	}
	free(tty->soaks);
}

static struct tty_soak *find(struct tty *tty, const char *target, size_t step)
{
	struct tty_soak *grown;

	for (size_t i = 0; i < tty->n_soaks; i++)
		if (str_equal(tty->soaks[i].target, target))
			return &tty->soaks[i];
	grown = reallocarray(tty->soaks, tty->n_soaks + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	tty->soaks = grown;
	grown += tty->n_soaks;
	*grown = (struct tty_soak){ .step = step };
	if (!str_keep(&grown->target, target))
		return NULL;
	tty->n_soaks++;
	return grown;
}

/* The newest samples are kept: more than a terminal has columns. */
static void keep_metric(struct tty_metric *to, const struct report_metric *from)
{
	size_t n = from->n < TTY_SAMPLES ? from->n : TTY_SAMPLES;
	size_t first = from->n - n;

	(void)str_keep(&to->name, from->name);
	memcpy(to->values, from->values + first, n * sizeof(*to->values));
	memcpy(to->outcomes, from->outcomes + first, n);
	to->n = n;
	to->limit = from->limit;
	to->baseline = from->baseline;
	to->verdict = from->verdict;
	to->breaches = 0;
	for (size_t i = 0; i < from->n; i++)
		to->breaches += from->outcomes[i] == 'b';
}

bool tty_soak_keep(struct tty *tty, const struct report_soak *report,
		   size_t step)
{
	struct tty_soak *s = find(tty, report->target, step);

	if (!s)
		return false;
	if (s->n_metrics != report->n_metrics) {
		for (size_t i = 0; i < s->n_metrics; i++)
			free(s->metrics[i].name);
		free(s->metrics);
		s->n_metrics = 0;
		s->metrics = calloc(report->n_metrics + 1, sizeof(*s->metrics));
		if (!s->metrics)
			return false;
		s->n_metrics = report->n_metrics;
	}
	for (size_t i = 0; i < s->n_metrics; i++)
		keep_metric(&s->metrics[i], &report->metrics[i]);
	(void)str_keep(&s->reason, report->reason);
	s->tick = report->tick;
	s->ticks = report->ticks;
	s->elapsed_ms = report->elapsed_ms;
	s->total_ms = report->total_ms;
	s->verdict = report->verdict;
	s->done = report->done;
	s->seen_ms = clock_boot_ms();
	return true;
}

size_t tty_soak_lines(const struct tty *tty, size_t step)
{
	size_t n = 0;

	for (size_t i = 0; i < tty->n_soaks; i++)
		if (tty->soaks[i].step == step)
			n += 1 + tty->soaks[i].n_metrics;
	return n;
}

static enum line_style style_of(enum report_verdict verdict)
{
	switch (verdict) {
	case REPORT_VERDICT_FAIL:
		return STYLE_RED;
	case REPORT_VERDICT_INCONCLUSIVE:
	case REPORT_VERDICT_ERROR:
		return STYLE_MAGENTA;
	case REPORT_VERDICT_PASS:
		return STYLE_BOLD;
	case REPORT_VERDICT_RUNNING:
		break;
	}
	return STYLE_PLAIN;
}

static void draw_whole(struct tty_frame *frame, const struct tty *tty,
		       const struct tty_soak *s)
{
	struct line line = tty_line_begin(frame, tty);
	int64_t elapsed_ms =
		s->elapsed_ms + (s->done ? 0 : clock_boot_ms() - s->seen_ms);
	int64_t left_ms = s->total_ms - elapsed_ms;
	char left[CLOCK_SHORT_LEN];

	clock_short(left_ms > 0 ? left_ms : 0, left);
	line_pad(&line, frame->columns >= 50 ? INDENT : 1);
	line_add(&line, style_of(s->verdict), report_verdict_words(s->verdict));
	line_printf(&line, STYLE_DIM, "  %zu/%zu samples", s->tick, s->ticks);
	if (!s->done)
		line_printf(&line, STYLE_DIM, ", %s left", left);
	if (s->reason && line.left > 20)
		line_printf(&line, STYLE_DIM, "  %s", s->reason);
	tty_line_end(frame, &line);
}

static size_t name_width(const struct tty_soak *s, size_t columns)
{
	size_t width = 0, most = columns / 3;

	for (size_t i = 0; i < s->n_metrics; i++) {
		size_t n = s->metrics[i].name ? text_columns(s->metrics[i].name)
					      : 0;

		width = n > width ? n : width;
	}
	return width > most ? most : width;
}

/* The newest value, the limit and the samples above it. */
static void draw_numbers(struct line *line, const struct tty_metric *m)
{
	double last = m->n ? m->values[m->n - 1] : NAN;

	if (isnan(last))
		line_add(line, STYLE_DIM, "  -");
	else
		line_printf(line, STYLE_PLAIN, "  %.4g", last);
	if (!isnan(m->limit))
		line_printf(line, STYLE_DIM, " of %.4g", m->limit);
	if (m->breaches)
		line_printf(line, STYLE_RED, "  %zu over", m->breaches);
	if (!isnan(m->baseline) && line->left > 24)
		line_printf(line, STYLE_DIM, "  before %.4g", m->baseline);
}

static void draw_metric(struct tty_frame *frame, const struct tty *tty,
			const struct tty_metric *m, size_t width)
{
	struct line line = tty_line_begin(frame, tty);
	size_t columns = frame->columns;
	size_t cells = columns >= 100 ? 60 : columns >= 70 ? 30 : columns / 4;
	struct spark spark = { .values = m->values,
			       .outcomes = m->outcomes,
			       .n = m->n,
			       .limit = m->limit };
	struct line name;
	size_t drawn;

	line_pad(&line, columns >= 50 ? INDENT : 1);
	name = line;
	name.left = width < line.left ? width : line.left;
	line_add(&name, style_of(m->verdict), m->name ? m->name : "");
	line_pad(&name, line.width + width);
	line.left -= name.width - line.width;
	line.width = name.width;
	line_add(&line, STYLE_PLAIN, " ");
	drawn = line.width;
	spark_draw(&line, &spark, cells);
	line_pad(&line, drawn + cells);
	draw_numbers(&line, m);
	tty_line_end(frame, &line);
}

void tty_draw_soaks(struct tty_frame *frame, const struct tty *tty, size_t step)
{
	for (size_t i = 0; i < tty->n_soaks; i++) {
		const struct tty_soak *s = &tty->soaks[i];

		if (s->step != step)
			continue;
		draw_whole(frame, tty, s);
		for (size_t k = 0; k < s->n_metrics; k++)
			draw_metric(frame, tty, &s->metrics[k],
				    name_width(s, frame->columns));
	}
}
