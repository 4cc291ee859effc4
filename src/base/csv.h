/*
 * Comma-separated values, by RFC 4180: quoted cells hold commas, quotes
 * (doubled) and line ends. Lines may end in CR LF or LF; a byte order mark is
 * passed over.
 */
#ifndef KR_BASE_CSV_H
#define KR_BASE_CSV_H

#include "base/err.h"

#define CSV_MAX_CELLS 64

struct csv_row {
	size_t line; /* in the file, from 1 */
	char *cells[CSV_MAX_CELLS];
	size_t count;
};

/* Cells are borrowed for the call; its error ends it and is returned. */
typedef struct err *csv_on_row(void *user, const struct csv_row *row);

/*
 * Gives each row that is not empty. KR_EINVALID names the line, never what
 * stands there: a quote without its end, or too many cells. `text` is written
 * to.
 */
KR_FALLIBLE csv_read(char *text, csv_on_row *on_row, void *user);

#endif
