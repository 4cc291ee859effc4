/*
 * Progress on a terminal: the list of steps with their state and one line per
 * workload, drawn again in place.
 *
 * Steps that are over go up into the scrollback as ordinary lines. Only what
 * can still change is drawn over, and never more of it than the terminal has
 * rows. The cursor is left visible and rests below the last line, so that
 * whatever ends the program, the terminal is as it was.
 */
#include "ui/tty.h"

#include <string.h>

#include "base/clock.h"
#include "ui/term.h"

#define FRAME_MS 100
#define INDENT	 4 /* of what goes on in a further line */

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* Rows that the lines drawn before take at the width of now. */
static size_t drawn_rows(const struct tty *tty, size_t columns)
{
	size_t rows = 0;

	for (size_t i = 0; i < tty->n_drawn; i++)
		rows += tty->widths[i] ? (tty->widths[i] - 1) / columns + 1 : 1;
	return rows;
}

/* Puts the cursor where the first line that is drawn over begins. */
static void go_back(struct tty *tty, struct buf *to, size_t columns)
{
	size_t rows = drawn_rows(tty, columns);

	buf_puts(to, "\r");
	if (rows)
		buf_printf(to, "\033[%zuA", rows);
	buf_puts(to, "\033[J");
	tty->n_drawn = 0;
}

static void get_size(const struct tty *tty, size_t *columns, size_t *rows)
{
	int c, r;

	term_size(tty->out->fd, &c, &r);
	*columns = c < 20 ? 20 : (size_t)c;
	*rows = r < 2 ? 1 : (size_t)r - 1;
}

static bool is_over(const struct tty_step *step)
{
	return step->state != REPORT_PENDING && step->state != REPORT_RUNNING;
}

/* Lines that stay: steps that are over, in order. */
static void commit(struct tty *tty, struct tty_frame *frame)
{
	while (tty->committed < tty->n_steps &&
	       is_over(&tty->steps[tty->committed]))
		tty_draw_step(frame, tty, tty->committed++, frame->rows);
}

static void draw(struct tty *tty)
{
	kr_cleanup(tty_frame_release) struct tty_frame lasting = { 0 };
	kr_cleanup(tty_frame_release) struct tty_frame live = { 0 };
	kr_cleanup(buf_release) struct buf all = BUF_INIT(4 * 1024 * 1024);
	kr_cleanup(err_freep) struct err *err = NULL;
	size_t columns, rows;

	get_size(tty, &columns, &rows);
	err = tty_frame_init(&lasting, tty, columns, rows);
	if (!err)
		err = tty_frame_init(&live, tty, columns, rows);
	if (err)
		return;
	lasting.lasting = true;
	go_back(tty, &all, columns);
	commit(tty, &lasting);
	tty_draw_rest(&live, tty);
	buf_append(&all, buf_str(&lasting.text), lasting.text.len);
	buf_append(&all, buf_str(&live.text), live.text.len);
	out_write(tty->out, buf_str(&all), all.len);
	free(tty->widths);
	tty->widths = take_ptr(&live.widths);
	tty->n_drawn = live.n;
	tty->drawn_ms = clock_boot_ms();
	tty->frame++;
}

static void draw_soon(struct tty *tty)
{
	if (clock_boot_ms() - tty->drawn_ms >= FRAME_MS)
		draw(tty);
}

/* Prints a line that stays, above what is drawn over. */
static void print_above(struct tty *tty, enum line_style style,
			const char *before, const char *text)
{
	kr_cleanup(buf_release) struct buf all = BUF_INIT(64 * 1024);
	size_t columns, rows;
	struct line line = { .to = &all,
			     .left = SIZE_MAX,
			     .colour = tty->colour,
			     .utf8 = tty->utf8,
			     .indent = INDENT };

	get_size(tty, &columns, &rows);
	line.wrap = columns - 1;
	go_back(tty, &all, columns);
	line_add(&line, style, before);
	line_add(&line, STYLE_PLAIN, text);
	buf_puts(&all, "\r\n");
	out_write(tty->out, buf_str(&all), all.len);
	draw(tty);
}

static struct tty_step *find_step(struct tty *tty, const char *target,
				  const char *id)
{
	for (size_t i = 0; i < tty->n_steps; i++)
		if (same(tty->steps[i].target, target) &&
		    same(tty->steps[i].id, id))
			return &tty->steps[i];
	return NULL;
}

/* The index of a step, once one was put in at `at`. */
static void move_on(size_t *step, size_t at)
{
	*step += *step >= at;
}

static struct tty_step *add_step(struct tty *tty, size_t at,
				 const struct report_step *step)
{
	struct tty_step *grown, *added;

	grown = reallocarray(tty->steps, tty->n_steps + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	tty->steps = grown;
	added = &grown[at];
	memmove(added + 1, added, (tty->n_steps++ - at) * sizeof(*grown));
	for (size_t i = 0; i < tty->n_workloads; i++)
		move_on(&tty->workloads[i].step, at);
	for (size_t i = 0; i < tty->n_targets; i++)
		move_on(&tty->targets[i].step, at);
	for (size_t i = 0; i < tty->n_soaks; i++)
		move_on(&tty->soaks[i].step, at);
	*added = (struct tty_step){ .target = copy(step->target),
				    .id = copy(step->id),
				    .title = copy(step->title),
				    .state = step->state };
	return added;
}

static void tty_plan(void *user, const struct report_step *steps, size_t n)
{
	struct tty *tty = user;

	for (size_t i = 0; i < n; i++) {
		if (i && !same(steps[i].target, steps[0].target))
			tty->many_targets = true;
		if (!find_step(tty, steps[i].target, steps[i].id))
			(void)add_step(tty, tty->n_steps, &steps[i]);
	}
	draw(tty);
}

/* What is not in the plan belongs to the step that runs, and stands below it
 * and what came of it before. */
static size_t place_of(const struct tty *tty)
{
	size_t at = tty->committed;

	while (at < tty->n_steps && tty->steps[at].state != REPORT_RUNNING)
		at++;
	while (at < tty->n_steps && tty->steps[at].state != REPORT_PENDING)
		at++;
	return at;
}

static size_t running_step(const struct tty *tty, const char *target)
{
	size_t any = tty->n_steps ? tty->n_steps - 1 : 0;

	for (size_t i = tty->n_steps; i-- > tty->committed;) {
		if (tty->steps[i].state != REPORT_RUNNING)
			continue;
		if (!tty->steps[i].target || same(tty->steps[i].target, target))
			return i;
		any = i;
	}
	return any;
}

static void tty_step(void *user, const struct report_step *report)
{
	struct tty *tty = user;
	struct tty_step *step = find_step(tty, report->target, report->id);

	if (report->of_target) {
		if (tty_target_keep(tty, report,
				    running_step(tty, report->target)))
			draw_soon(tty);
		return;
	}
	if (!step)
		step = add_step(tty, place_of(tty), report);
	if (!step || !step->title)
		return;
	if (report->state == REPORT_RUNNING)
		step->started_ms = clock_boot_ms();
	step->state = report->state;
	step->elapsed_ms = report->elapsed_ms;
	step->targets = report->targets;
	free(step->detail);
	step->detail = copy(report->detail);
	draw(tty);
}

static struct tty_workload *find_workload(struct tty *tty,
					  const struct report_workload *w)
{
	struct tty_workload *grown;

	for (size_t i = 0; i < tty->n_workloads; i++) {
		struct tty_workload *known = &tty->workloads[i];

		if (same(known->target, w->target) &&
		    same(known->kind, w->kind) && same(known->name, w->name))
			return known;
	}
	grown = reallocarray(tty->workloads, tty->n_workloads + 1,
			     sizeof(*grown));
	if (!grown)
		return NULL;
	tty->workloads = grown;
	grown += tty->n_workloads++;
	*grown = (struct tty_workload){ .step = running_step(tty, w->target),
					.target = copy(w->target),
					.kind = strdup(w->kind),
					.name = strdup(w->name) };
	return grown;
}

static void tty_workload(void *user, const struct report_workload *report)
{
	struct tty *tty = user;
	struct tty_workload *w = find_workload(tty, report);

	if (!w || !w->kind || !w->name)
		return;
	free(w->waiting_for);
	w->waiting_for = copy(report->waiting_for);
	w->last = *report;
	w->last.target = w->target;
	w->last.kind = w->kind;
	w->last.name = w->name;
	w->last.waiting_for = w->waiting_for;
	w->seen_ms = clock_boot_ms();
	if (report->done || report->failed)
		draw(tty);
	else
		draw_soon(tty);
}

static void tty_soak(void *user, const struct report_soak *report)
{
	struct tty *tty = user;

	if (tty_soak_keep(tty, report, running_step(tty, report->target)))
		draw(tty);
}

static void tty_message(void *user, enum report_level level, const char *text)
{
	bool warning = level == REPORT_WARNING;

	print_above(user, STYLE_MAGENTA, warning ? "warning: " : "", text);
}

static void tty_log_line(void *user, const char *pod, const char *container,
			 const char *line)
{
	kr_cleanup(buf_release) struct buf before = BUF_INIT(1024);

	buf_printf(&before, "[%s %s] ", pod, container);
	print_above(user, STYLE_DIM, buf_str(&before), line);
}

static void tty_tick(void *user)
{
	draw_soon(user);
}

static void tty_suspend(struct ui *ui)
{
	struct tty *tty = (struct tty *)ui;
	kr_cleanup(buf_release) struct buf all = BUF_INIT(1024);
	size_t columns, rows;

	draw(tty);
	get_size(tty, &columns, &rows);
	go_back(tty, &all, columns);
	out_write(tty->out, buf_str(&all), all.len);
}

static void tty_close(struct ui *ui)
{
	struct tty *tty = (struct tty *)ui;

	tty->closing = true;
	draw(tty);
	for (size_t i = 0; i < tty->n_steps; i++) {
		free(tty->steps[i].target);
		free(tty->steps[i].id);
		free(tty->steps[i].title);
		free(tty->steps[i].detail);
	}
	for (size_t i = 0; i < tty->n_workloads; i++) {
		free(tty->workloads[i].target);
		free(tty->workloads[i].kind);
		free(tty->workloads[i].name);
		free(tty->workloads[i].waiting_for);
	}
	tty_targets_release(tty);
	tty_soaks_release(tty);
	free(tty->steps);
	free(tty->workloads);
	free(tty->widths);
	free(tty);
}

KR_FALLIBLE ui_tty_open(const struct ui_options *options, struct ui **out)
{
	struct tty *tty = calloc(1, sizeof(*tty));

	if (!tty)
		return err_new(KR_ENOMEM, "out of memory for output");
	tty->out = options->out;
	tty->many_targets = options->goes_on;
	tty->colour = options->colour;
	tty->utf8 = options->utf8;
	tty->ui = (struct ui){
		.reporter = { .user = tty,
			      .plan = tty_plan,
			      .step = tty_step,
			      .workload = tty_workload,
			      .soak = tty_soak,
			      .message = tty_message,
			      .log_line = tty_log_line,
			      .tick = tty_tick },
		.suspend = tty_suspend,
		.close = tty_close,
	};
	*out = &tty->ui;
	return NULL;
}
