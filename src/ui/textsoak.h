/* A soak as plain lines: what it is held to, what went wrong, how far it is. */
#ifndef KR_UI_TEXTSOAK_H
#define KR_UI_TEXTSOAK_H

#include "runbook/reporter.h"
#include "ui/out.h"

/* After each tick; prints where there is something to say. */
void textsoak_print(struct out *out, bool many_targets,
		    const struct report_soak *soak);

/* "passing so far", "failed". */
const char *report_verdict_words(enum report_verdict verdict);

#endif
