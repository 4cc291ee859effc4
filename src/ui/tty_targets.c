/*
 * Many targets of one step: a table with a line for each, those first that
 * people want to see, and as many as there is room for.
 */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/tty.h"

#define INDENT	 6u
#define NAME_MAX 32

static struct tty_target *find(struct tty *tty, size_t step, const char *name)
{
	for (size_t i = tty->n_targets; i-- > 0;)
		if (tty->targets[i].step == step &&
		    strcmp(tty->targets[i].name, name) == 0)
			return &tty->targets[i];
	return NULL;
}

static struct tty_target *add(struct tty *tty, size_t step, const char *name)
{
	struct tty_target *grown =
		reallocarray(tty->targets, tty->n_targets + 1, sizeof(*grown));
	char *copy = strdup(name);

	if (grown)
		tty->targets = grown;
	if (!grown || !copy) {
		free(copy);
		return NULL;
	}
	grown += tty->n_targets++;
	*grown = (struct tty_target){ .step = step, .name = copy };
	return grown;
}

bool tty_target_keep(struct tty *tty, const struct report_step *report,
		     size_t step)
{
	const char *name = report->target ? report->target : "";
	struct tty_target *t = find(tty, step, name);
	char *title = strdup(report->title);

	if (!t)
		t = add(tty, step, name);
	if (!t || !title) {
		free(title);
		return false;
	}
	free(t->title);
	t->title = title;
	t->state = report->state;
	if (report->state == REPORT_RUNNING)
		t->started_ms = clock_boot_ms();
	return true;
}

void tty_targets_release(struct tty *tty)
{
	for (size_t i = 0; i < tty->n_targets; i++) {
		free(tty->targets[i].name);
		free(tty->targets[i].title);
	}
	free(tty->targets);
}

struct tally {
	size_t all, failed, running, over;
};

static struct tally count(const struct tty *tty, size_t step)
{
	struct tally n = { 0 };

	for (size_t i = 0; i < tty->n_targets; i++) {
		if (tty->targets[i].step != step)
			continue;
		n.all++;
		n.failed += tty->targets[i].state == REPORT_FAILED;
		n.running += tty->targets[i].state == REPORT_RUNNING;
	}
	n.over = n.all - n.failed - n.running;
	if (tty->steps[step].targets > n.all)
		n.all = tty->steps[step].targets;
	return n;
}

/* Over, only what failed is left to see. */
size_t tty_target_lines(const struct tty *tty, size_t step, size_t room)
{
	struct tally n = count(tty, step);
	size_t seen = n.failed + n.running + n.over;

	if (n.all < 2 || !seen)
		return 0;
	if (tty->steps[step].state != REPORT_RUNNING && room != SIZE_MAX)
		seen = n.failed;
	return seen < room ? seen : room;
}

void tty_count_targets(struct line *line, const struct tty *tty, size_t step)
{
	struct tally n = count(tty, step);
	bool running = tty->steps[step].state == REPORT_RUNNING;

	if (n.all < 2 || !(n.failed + n.running + n.over))
		return;
	if (!running && !n.failed)
		line_printf(line, STYLE_DIM, "  %zu targets", n.all);
	else
		line_printf(line, STYLE_DIM, "  %zu of %zu", n.over, n.all);
	if (n.failed)
		line_printf(line, STYLE_RED, ", %zu failed", n.failed);
}

/* Pods of all its workloads. */
static void add_counts(struct line *line, const struct tty *tty,
		       const struct tty_target *t)
{
	int desired = 0, ready = 0, old = 0;

	for (size_t i = 0; i < tty->n_workloads; i++) {
		const struct tty_workload *w = &tty->workloads[i];

		if (w->step != t->step || !w->target ||
		    strcmp(w->target, t->name) != 0)
			continue;
		desired += w->last.desired;
		ready += w->last.ready;
		old += w->last.old;
	}
	if (desired)
		line_printf(line, STYLE_PLAIN, "  ready %d/%d", ready, desired);
	if (old > 0)
		line_printf(line, STYLE_MAGENTA, "  old %d", old);
}

static size_t name_width(const struct tty *tty, size_t step)
{
	size_t width = 0;

	for (size_t i = 0; i < tty->n_targets; i++) {
		size_t n = text_columns(tty->targets[i].name);

		if (tty->targets[i].step == step && n > width)
			width = n;
	}
	return width < NAME_MAX ? width : NAME_MAX;
}

static void draw_target(struct tty_frame *frame, const struct tty *tty,
			const struct tty_target *t)
{
	struct line line = tty_line_begin(frame, tty);
	size_t fits = text_fit(t->name, NAME_MAX);
	char elapsed[CLOCK_SHORT_LEN];
	int64_t ms = clock_boot_ms() - t->started_ms;

	line_pad(&line, frame->columns >= 50 ? INDENT : 1);
	tty_add_state(&line, tty, t->state);
	line_printf(&line, STYLE_PLAIN, "%.*s", (int)fits, t->name);
	line_pad(&line, (frame->columns >= 50 ? INDENT : 1u) + 2 +
				name_width(tty, t->step));
	add_counts(&line, tty, t);
	if (t->state == REPORT_RUNNING && ms >= 1000) {
		clock_short(ms, elapsed);
		line_printf(&line, STYLE_DIM, "  %s", elapsed);
	}
	line_printf(&line, STYLE_DIM, "  %s", t->title);
	tty_line_end(frame, &line);
}

void tty_draw_targets(struct tty_frame *frame, const struct tty *tty,
		      size_t step, size_t room)
{
	static const enum report_state order[] = { REPORT_FAILED,
						   REPORT_RUNNING, REPORT_DONE,
						   REPORT_SKIPPED };
	size_t left = tty_target_lines(tty, step, room);

	for (size_t k = 0; k < sizeof(order) / sizeof(*order); k++)
		for (size_t i = 0; left && i < tty->n_targets; i++) {
			if (tty->targets[i].step != step ||
			    tty->targets[i].state != order[k])
				continue;
			draw_target(frame, tty, &tty->targets[i]);
			left--;
		}
}
