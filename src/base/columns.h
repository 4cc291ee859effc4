/*
 * A row of a table for people: cells side by side. What does not fit into the
 * line goes on in the next one, indented, and so does the row of headings
 * above it: no line is broken by the terminal, in the middle of a word.
 */
#ifndef KR_BASE_COLUMNS_H
#define KR_BASE_COLUMNS_H

#include "base/buf.h"

struct columns {
	struct buf *to;
	size_t limit; /* of a line; 0: none */
	size_t at;    /* used of this line */
	size_t pad;   /* owed before the next cell */
};

/* `width`: of the column; a longer text is not cut. */
void columns_cell(struct columns *row, const char *text, size_t width);
void columns_end(struct columns *row);

/*
 * Appends the text broken at its blanks, so that no line gets wider than
 * `columns` (0: any width). It begins in column `at`; what goes on in a further
 * line is indented by `indent`, and of a text with several lines by as much
 * more as the line was. A word that is wider than a line is not broken.
 */
void columns_wrap(struct buf *to, const char *text, size_t columns, size_t at,
		  size_t indent);

#endif
