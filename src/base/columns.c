#include "base/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define GAP    2
#define INDENT 4

void columns_cell(struct columns *row, const char *text, size_t width)
{
	size_t n = text_columns(text);

	if (width < n)
		width = n;
	if (row->limit && row->at && row->at + row->pad + width > row->limit) {
		columns_end(row);
		row->pad = INDENT;
	}
	row->at += row->pad + n;
	for (; row->pad; row->pad--)
		buf_putc(row->to, ' ');
	buf_puts(row->to, text);
	row->pad = width - n + GAP;
}

void columns_end(struct columns *row)
{
	buf_putc(row->to, '\n');
	row->at = 0;
	row->pad = 0;
}

static void put_blanks(struct buf *to, size_t n)
{
	while (n--)
		buf_putc(to, ' ');
}

/* Columns of a piece of the text; its bytes where memory is short. */
static size_t width_of(const char *text, size_t len)
{
	kr_cleanup(str_freep) char *piece = strndup(text, len);

	return piece ? text_columns(piece) : len;
}

static void wrap_line(struct buf *to, const char *text, size_t len,
		      size_t columns, size_t at, size_t indent)
{
	const char *end = text + len;

	while (text < end) {
		const char *word = text;
		size_t blanks, n, width;

		while (word < end && *word == ' ')
			word++;
		blanks = (size_t)(word - text);
		for (n = 0; word + n < end && word[n] != ' ';)
			n++;
		width = width_of(word, n);
		if (columns && at > indent && at + blanks + width > columns) {
			buf_putc(to, '\n');
			put_blanks(to, indent);
			at = indent;
			blanks = 0;
		}
		put_blanks(to, blanks);
		buf_append(to, word, n);
		at += blanks + width;
		text = word + n;
	}
}

void columns_wrap(struct buf *to, const char *text, size_t columns, size_t at,
		  size_t indent)
{
	for (;;) {
		size_t n = strcspn(text, "\n");

		wrap_line(to, text, n, columns, at,
			  indent + (at ? 0 : strspn(text, " ")));
		text += n;
		if (!*text)
			return;
		buf_putc(to, '\n');
		text++;
		at = 0;
	}
}
