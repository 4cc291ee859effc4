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
	size_t rows; /* that may be used */
};

KR_FALLIBLE tty_frame_init(struct tty_frame *frame, const struct tty *tty,
			   size_t columns, size_t rows);
void tty_frame_release(struct tty_frame *frame);

/* A step with its workloads. */
void tty_draw_step(struct tty_frame *frame, const struct tty *tty,
		   size_t index);
/* Steps that are not over, as many as there is room for. */
void tty_draw_rest(struct tty_frame *frame, const struct tty *tty);

#endif
