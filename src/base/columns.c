#include "base/columns.h"

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
