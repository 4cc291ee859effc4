/*
 * One line of a terminal, put together from pieces: it never gets wider than
 * it may, and colour does not count.
 */
#ifndef KR_UI_LINE_H
#define KR_UI_LINE_H

#include "base/buf.h"

/* Words are never green or yellow: on a light ground nobody reads them. */
enum line_style {
	STYLE_PLAIN,
	STYLE_DIM,
	STYLE_BOLD,
	STYLE_GREEN,
	STYLE_MAGENTA,
	STYLE_RED,
};

struct line {
	struct buf *to; /* borrowed */
	size_t left;	/* columns */
	size_t width;	/* columns taken so far */
	bool colour;
	bool utf8;
	/* Where it is not cut but goes on in further lines: their columns, and
	 * how far those are indented; 0: it is cut. */
	size_t wrap, indent;
};

/* Appends the text, cleaned of what drives terminals, cut where it must. */
void line_add(struct line *line, enum line_style style, const char *text);
void line_printf(struct line *line, enum line_style style, const char *format,
		 ...) KR_PRINTF(3, 4);
/* Spaces up to a column. */
void line_pad(struct line *line, size_t column);

#endif
