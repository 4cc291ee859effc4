/*
 * Where the program's own text goes: standard output and standard error.
 *
 * A write that fails is remembered, and what follows is dropped; out_check()
 * tells at the end. So "disk full" and a closed pipe are noticed once, by
 * the exit code, and no printing code has to look.
 */
#ifndef KR_UI_OUT_H
#define KR_UI_OUT_H

#include <stddef.h>

#include "base/err.h"

struct out {
	int fd;
	const char *name;   /* "standard output" */
	struct err *failed; /* owned; the first failure */
};

#define OUT_STDOUT ((struct out){ .fd = 1, .name = "standard output" })
#define OUT_STDERR ((struct out){ .fd = 2, .name = "standard error" })

void out_write(struct out *out, const char *data, size_t len);
void out_puts(struct out *out, const char *text);
void out_printf(struct out *out, const char *format, ...) KR_PRINTF(2, 3);

/*
 * Appends text that came from elsewhere: line by line without anything that
 * drives a terminal. Lines after the first are indented by two spaces.
 */
void out_foreign(struct out *out, const char *text);

/* Appends lines as they are, but that what drives a terminal becomes '?'. */
void out_text(struct out *out, const char *text, size_t len);

/*
 * Appends text broken into lines of at most `columns`, without the last line's
 * end; it begins in column `at`, and lines after the first are indented by
 * `indent`. A blank line in it stays, other line breaks are spaces.
 */
void out_wrapped(struct out *out, const char *text, size_t columns, size_t at,
		 size_t indent);

/* Hands the first failure over; NULL where all was written. */
KR_FALLIBLE out_check(struct out *out);
void out_release(struct out *out);

#endif
