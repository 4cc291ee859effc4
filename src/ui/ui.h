/*
 * How a run is shown while it goes on. Progress goes to standard error; only
 * the jsonl stream goes to standard output.
 */
#ifndef KR_UI_UI_H
#define KR_UI_UI_H

#include "runbook/reporter.h"
#include "ui/out.h"

enum ui_mode {
	UI_TEXT,  /* a line for what happened: pipes and logs */
	UI_TTY,	  /* a list of steps that is drawn again in place */
	UI_JSONL, /* one object a line */
};

struct ui_options {
	enum ui_mode mode;
	struct out *out; /* borrowed: stderr, or stdout for UI_JSONL */
	bool colour;
	bool utf8;
	bool goes_on; /* what a process before this one began to show */
};

struct ui;
KR_FALLIBLE ui_open(const struct ui_options *options, struct ui **out);

/* Borrowed, valid until ui_close(). */
const struct reporter *ui_reporter(struct ui *ui);

/* Takes away what could still change: another one goes on from here. */
void ui_suspend(struct ui *ui);

/* Leaves the last state on the screen and the cursor below it. */
void ui_close(struct ui *ui);
static inline void ui_closep(struct ui **p)
{
	ui_close(*p);
}

/* What each mode's file implements. */
KR_FALLIBLE ui_text_open(const struct ui_options *options, struct ui **out);
KR_FALLIBLE ui_tty_open(const struct ui_options *options, struct ui **out);
KR_FALLIBLE ui_jsonl_open(const struct ui_options *options, struct ui **out);

/* The common part; each mode puts it first in a structure of its own. */
struct ui {
	struct reporter reporter;
	void (*suspend)(struct ui *ui); /* NULL: lines only */
	void (*close)(struct ui *ui);
};

#endif
