#include "ui/line.h"

#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include "base/columns.h"
#include "base/text.h"

#define PIECE_MAX_BYTES 4096
#define TEXT_MAX_BYTES	8192

static const char *const codes[] = {
	[STYLE_PLAIN] = "",	      [STYLE_DIM] = "\033[2m",
	[STYLE_BOLD] = "\033[1m",     [STYLE_GREEN] = "\033[32m",
	[STYLE_MAGENTA] = "\033[35m", [STYLE_RED] = "\033[31m",
};

static void add_piece(struct line *line, enum line_style style,
		      const char *text)
{
	kr_cleanup(str_freep) char *clean =
		text_clean(text, strlen(text), PIECE_MAX_BYTES);
	bool styled = line->colour && style != STYLE_PLAIN;
	const char *dots = line->utf8 ? "\xe2\x80\xa6" : ">";
	size_t columns, bytes;

	if (!clean || !*clean || line->left == 0)
		return;
	columns = text_columns(clean);
	bytes = strlen(clean);
	if (columns > line->left) {
		bytes = text_fit(clean, line->left - 1);
		clean[bytes] = '\0';
		columns = text_columns(clean) + 1;
	} else {
		dots = "";
	}
	if (styled)
		buf_puts(line->to, codes[style]);
	buf_append(line->to, clean, bytes);
	buf_puts(line->to, dots);
	if (styled)
		buf_puts(line->to, "\033[0m");
	line->width += columns;
	line->left = *dots ? 0 : line->left - columns;
}

static void add_wrapped(struct line *line, enum line_style style,
			const char *text)
{
	kr_cleanup(str_freep) char *clean =
		text_clean(text, strlen(text), TEXT_MAX_BYTES);
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(4 * TEXT_MAX_BYTES);
	const char *at;

	columns_wrap(&lines, clean ? clean : "?", line->wrap, line->width,
		     line->indent);
	for (at = buf_str(&lines); *at;) {
		size_t n = strcspn(at, "\n");
		kr_cleanup(str_freep) char *piece = strndup(at, n);

		line->left = SIZE_MAX;
		add_piece(line, style, piece ? piece : "?");
		at += n;
		if (!*at)
			break;
		buf_puts(line->to, "\r\n");
		line->width = 0;
		at++;
	}
}

void line_add(struct line *line, enum line_style style, const char *text)
{
	if (line->wrap)
		add_wrapped(line, style, text);
	else
		add_piece(line, style, text);
}

void line_printf(struct line *line, enum line_style style, const char *format,
		 ...)
{
	kr_cleanup(str_freep) char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		line_add(line, style, text);
}

void line_pad(struct line *line, size_t column)
{
	while (line->width < column && line->left) {
		buf_putc(line->to, ' ');
		line->width++;
		line->left--;
	}
}
