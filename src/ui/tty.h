/*
 * The live list: what tty.c keeps, and how tty_draw.c draws it.
 */
#ifndef KR_UI_TTY_H
#define KR_UI_TTY_H

#include "ui/line.h"
#include "ui/ui.h"

struct tty_step {
	char *target;
	char *id;
	char *title;
	char *detail; /* NULL */
	enum report_state state;
	int64_t started_ms;
	int64_t elapsed_ms;
	size_t targets; /* that it is about; 0: it does not say */
};

/* Of many targets that a step is about. */
struct tty_target {
	size_t step; /* index of the step it belongs to */
	char *name;
	char *title; /* of its own step */
	enum report_state state;
	int64_t started_ms;
};

struct tty_workload {
	size_t step; /* index of the step it belongs to */
	char *target;
	char *kind;
	char *name;
	char *waiting_for;	     /* NULL */
	struct report_workload last; /* its strings are the ones above */
	int64_t seen_ms;
};

/* More than a terminal has columns. */
#define TTY_SAMPLES 240

struct tty_metric {
	char *name;
	double values[TTY_SAMPLES]; /* the newest ones */
	char outcomes[TTY_SAMPLES];
	size_t n;
	size_t breaches; /* of all samples */
	double limit, baseline;
	enum report_verdict verdict;
};

struct tty_soak {
	size_t step; /* index of the step it belongs to */
	char *target;
	struct tty_metric *metrics;
	size_t n_metrics;
	size_t tick, ticks;
	int64_t elapsed_ms, total_ms, seen_ms;
	enum report_verdict verdict;
	char *reason; /* NULL */
	bool done;
};

struct tty {
	struct ui ui;
	struct out *out;
	bool colour;
	bool utf8;
	bool many_targets;
	struct tty_step *steps;
	size_t n_steps;
	size_t committed; /* steps whose lines are not drawn again */
	struct tty_workload *workloads;
	size_t n_workloads;
	struct tty_target *targets;
	size_t n_targets;
	struct tty_soak *soaks; /* one a target */
	size_t n_soaks;
	/* What is on the screen and will be drawn over. */
	size_t *widths;
	size_t n_drawn;
	int64_t drawn_ms;
	unsigned frame;
	bool closing; /* the last drawing */
};

/* Lines of one drawing. */
struct tty_frame {
	struct buf text;
	size_t *widths;
	size_t n;
	size_t columns;
	size_t rows;  /* that may be used */
	bool lasting; /* not drawn over: lines may go on in further ones */
};

/* One line of a frame, from its left edge to its end. */
struct line tty_line_begin(struct tty_frame *frame, const struct tty *tty);
void tty_line_end(struct tty_frame *frame, const struct line *line);

KR_FALLIBLE tty_frame_init(struct tty_frame *frame, const struct tty *tty,
			   size_t columns, size_t rows);
void tty_frame_release(struct tty_frame *frame);

/* A step with its workloads, or its targets in at most `room` lines. */
void tty_draw_step(struct tty_frame *frame, const struct tty *tty, size_t index,
		   size_t room);
void tty_add_state(struct line *line, const struct tty *tty,
		   enum report_state state);

/* tty_targets.c: false without memory. */
bool tty_target_keep(struct tty *tty, const struct report_step *report,
		     size_t step);
/* Lines of the table of targets; 0: the step is about one. */
size_t tty_target_lines(const struct tty *tty, size_t step, size_t room);
void tty_draw_targets(struct tty_frame *frame, const struct tty *tty,
		      size_t step, size_t room);
/* "40 of 50 done, 2 failed", for the step's own line. */
void tty_count_targets(struct line *line, const struct tty *tty, size_t step);
void tty_targets_release(struct tty *tty);
/* tty_soak.c: false without memory. */
bool tty_soak_keep(struct tty *tty, const struct report_soak *report,
		   size_t step);
size_t tty_soak_lines(const struct tty *tty, size_t step);
void tty_draw_soaks(struct tty_frame *frame, const struct tty *tty,
		    size_t step);
void tty_soaks_release(struct tty *tty);

/* Steps that are not over, as many as there is room for. */
void tty_draw_rest(struct tty_frame *frame, const struct tty *tty);

#endif
