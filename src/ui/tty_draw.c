#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "ui/seen.h"
#include "ui/tty.h"

#define FRAME_MAX_BYTES (1024 * 1024)
#define STEP_INDENT	2
#define WORKLOAD_INDENT 6

KR_FALLIBLE tty_frame_init(struct tty_frame *frame, const struct tty *tty,
			   size_t columns, size_t rows)
{
	/* A line for each step and workload, and two of notes. */
	size_t lines = tty->n_steps + tty->n_workloads + tty->n_targets + 3;

	for (size_t i = 0; i < tty->n_soaks; i++)
		lines += 1 + tty->soaks[i].n_metrics;

	*frame = (struct tty_frame){ .text = BUF_INIT(FRAME_MAX_BYTES),
				     .columns = columns,
				     .rows = rows };
	frame->widths = calloc(lines, sizeof(*frame->widths));
	return frame->widths ? NULL : err_no_memory();
}

void tty_frame_release(struct tty_frame *frame)
{
	buf_release(&frame->text);
	free(frame->widths);
}

struct line tty_line_begin(struct tty_frame *frame, const struct tty *tty)
{
	/* The last column stays free: some terminals wrap when it is used. */
	return (struct line){ .to = &frame->text,
			      .left = frame->columns - 1,
			      .colour = tty->colour,
			      .utf8 = tty->utf8 };
}

void tty_line_end(struct tty_frame *frame, const struct line *line)
{
	buf_puts(&frame->text, "\r\n");
	frame->widths[frame->n++] = line->width;
}

struct glyph {
	const char *utf8, *ascii;
	enum line_style style;
};

static struct glyph state_glyph(const struct tty *tty, enum report_state state)
{
	static const char *const spinner[] = {
		"\xe2\xa0\x8b", "\xe2\xa0\x99", "\xe2\xa0\xb8",
		"\xe2\xa0\xb4", "\xe2\xa0\xa6", "\xe2\xa0\x87",
	};
	static const char *const ascii[] = { "|", "/", "-", "\\" };

	switch (state) {
	case REPORT_RUNNING:
		return (struct glyph){ spinner[tty->frame % 6],
				       ascii[tty->frame % 4], STYLE_MAGENTA };
	case REPORT_DONE:
		return (struct glyph){ "\xe2\x9c\x93", "+", STYLE_GREEN };
	case REPORT_SKIPPED:
		return (struct glyph){ "\xe2\x9c\x93", "=", STYLE_DIM };
	case REPORT_FAILED:
		return (struct glyph){ "\xe2\x9c\x97", "X", STYLE_RED };
	case REPORT_PENDING:
	case REPORT_DRY:
		break;
	}
	return (struct glyph){ "\xc2\xb7", ".", STYLE_DIM };
}

void tty_add_state(struct line *line, const struct tty *tty,
		   enum report_state state)
{
	struct glyph glyph = state_glyph(tty, state);

	line_add(line, glyph.style, tty->utf8 ? glyph.utf8 : glyph.ascii);
	line_add(line, STYLE_PLAIN, " ");
}

static void draw_title(struct tty_frame *frame, const struct tty *tty,
		       const struct tty_step *step, size_t index)
{
	struct line line = tty_line_begin(frame, tty);
	bool running = step->state == REPORT_RUNNING;
	enum line_style style = running				? STYLE_BOLD
				: step->state == REPORT_PENDING ? STYLE_DIM
								: STYLE_PLAIN;
	int64_t elapsed_ms =
		running ? clock_boot_ms() - step->started_ms : step->elapsed_ms;
	char elapsed[CLOCK_SHORT_LEN];

	if (frame->lasting) {
		line.wrap = frame->columns - 1;
		line.indent = WORKLOAD_INDENT;
	}
	line_pad(&line, STEP_INDENT);
	tty_add_state(&line, tty, step->state);
	if (tty->many_targets && step->target)
		line_printf(&line, STYLE_DIM, "%s  ", step->target);
	line_add(&line, style, step->title);
	if (step->detail && *step->detail)
		line_printf(&line, STYLE_DIM, ": %s", step->detail);
	tty_count_targets(&line, tty, index);
	if (elapsed_ms >= 1000) {
		clock_short(elapsed_ms, elapsed);
		line_printf(&line, STYLE_DIM, "  %s", elapsed);
	}
	tty_line_end(frame, &line);
}

/* Ready, then updated but not ready, then the rest. */
static void draw_bar(struct line *line, const struct report_workload *w,
		     size_t cells)
{
	static const struct glyph parts[] = {
		{ "\xe2\x96\x88", "#", STYLE_GREEN },
		{ "\xe2\x96\x92", "+", STYLE_MAGENTA },
		{ "\xe2\x96\x91", ".", STYLE_DIM },
	};
	size_t desired = w->desired > 0 ? (size_t)w->desired : 1;
	size_t ready = w->ready > 0 ? (size_t)w->ready : 0;
	size_t updated = w->updated > 0 ? (size_t)w->updated : 0;
	size_t ends[3], at = 0;

	/* What is ready on the old template does not count. */
	if (ready > updated)
		ready = updated;
	if (updated > desired)
		updated = desired;
	if (ready > desired || w->done)
		ready = desired;
	ends[0] = cells * ready / desired;
	ends[1] = cells * (updated > ready ? updated : ready) / desired;
	ends[2] = cells;
	for (size_t i = 0; i < 3; i++)
		for (; at < ends[i]; at++)
			line_add(line, parts[i].style,
				 line->utf8 ? parts[i].utf8 : parts[i].ascii);
}

/* Names stand in a column, and leave room for the numbers. */
static size_t name_width(const struct tty_frame *frame, const struct tty *tty)
{
	size_t width = 0, most = frame->columns * 2 / 5;

	if (frame->columns > 60 + most)
		most = frame->columns - 60;
	for (size_t i = 0; i < tty->n_workloads; i++) {
		kr_cleanup(str_freep) char *name =
			seen_name(&tty->workloads[i].last);
		size_t n = name ? text_columns(name) : 0;

		width = n > width ? n : width;
	}
	return width > most ? most : width;
}

static void draw_counts(struct line *line, const struct report_workload *w,
			size_t columns)
{
	if (columns >= 100)
		line_printf(line, STYLE_PLAIN, "  updated %d/%d", w->updated,
			    w->desired);
	line_printf(line, STYLE_PLAIN,
		    columns >= 70 ? "  ready %d/%d" : " %d/%d", w->ready,
		    w->desired);
	if (w->old > 0)
		line_printf(line, STYLE_MAGENTA, "  old %d", w->old);
}

static void draw_time(struct line *line, const struct tty_workload *w)
{
	int64_t since_ms = w->last.done || w->last.failed
				   ? 0
				   : clock_boot_ms() - w->seen_ms;
	int64_t elapsed_ms = w->last.elapsed_ms + since_ms;
	int64_t left_ms = w->last.timeout_ms - elapsed_ms;
	char elapsed[CLOCK_SHORT_LEN], left[CLOCK_SHORT_LEN];

	clock_short(elapsed_ms, elapsed);
	clock_short(left_ms > 0 ? left_ms : 0, left);
	line_printf(line, STYLE_DIM, "  %s", elapsed);
	if (w->last.timeout_ms > 0 && !w->last.done && !w->last.failed &&
	    line->left >= strlen(left) + 7)
		line_printf(line, STYLE_DIM, ", %s left", left);
}

static void draw_workload(struct tty_frame *frame, const struct tty *tty,
			  const struct tty_workload *w)
{
	struct line line = tty_line_begin(frame, tty);
	size_t width = name_width(frame, tty), columns = frame->columns;
	struct line name_part;
	kr_cleanup(str_freep) char *name = seen_name(&w->last);

	line_pad(&line, columns >= 50 ? WORKLOAD_INDENT : 1);
	name_part = line;
	name_part.left = width < line.left ? width : line.left;
	line_add(&name_part, w->last.failed ? STYLE_RED : STYLE_PLAIN,
		 name ? name : w->name);
	line_pad(&name_part, line.width + width);
	line.left -= name_part.width - line.width;
	line.width = name_part.width;
	line_add(&line, STYLE_PLAIN, " ");
	draw_bar(&line, &w->last, columns >= 100 ? 20 : columns >= 70 ? 10 : 6);
	draw_counts(&line, &w->last, columns);
	draw_time(&line, w);
	if (w->waiting_for && !w->last.done && line.left > 20)
		line_printf(&line, STYLE_DIM, "  %s%s",
			    w->last.failed ? "" : "waiting for ",
			    w->waiting_for);
	tty_line_end(frame, &line);
}

void tty_draw_step(struct tty_frame *frame, const struct tty *tty, size_t index,
		   size_t room)
{
	bool table = tty_target_lines(tty, index, SIZE_MAX) > 0;

	draw_title(frame, tty, &tty->steps[index], index);
	tty_draw_targets(frame, tty, index, room);
	for (size_t i = 0; !table && i < tty->n_workloads; i++)
		if (tty->workloads[i].step == index)
			draw_workload(frame, tty, &tty->workloads[i]);
	tty_draw_soaks(frame, tty, index);
}

static size_t lines_of(const struct tty *tty, size_t index, size_t room)
{
	size_t n = 1, table = tty_target_lines(tty, index, room);

	if (table || tty_target_lines(tty, index, SIZE_MAX))
		return n + table;
	for (size_t i = 0; i < tty->n_workloads; i++)
		n += tty->workloads[i].step == index;
	return n + tty_soak_lines(tty, index);
}

void tty_draw_rest(struct tty_frame *frame, const struct tty *tty)
{
	struct line line;
	size_t hidden = 0, used = 0;

	for (size_t i = tty->committed; i < tty->n_steps; i++) {
		/* The table of targets leaves some of the steps to come. */
		size_t left =
			frame->rows > used + 7 ? frame->rows - used - 7 : 1;
		size_t n = lines_of(tty, i, left);

		/* One row is kept for what did not fit, one for a note. */
		if (hidden || used + n + 2 > frame->rows) {
			hidden += n;
			continue;
		}
		used += n;
		tty_draw_step(frame, tty, i, left);
	}
	if (hidden && frame->rows > 1) {
		line = tty_line_begin(frame, tty);
		line_pad(&line, STEP_INDENT);
		line_printf(&line, STYLE_DIM, "... and %zu more", hidden);
		tty_line_end(frame, &line);
	}
	if (stop_requested() && !tty->closing && frame->rows > 2) {
		line = tty_line_begin(frame, tty);
		line_add(&line, STYLE_MAGENTA,
			 "Stopping at the next safe point; Ctrl-C again ends "
			 "at once.");
		tty_line_end(frame, &line);
	}
}
