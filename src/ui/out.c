#include "ui/out.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define LINE_MAX_BYTES 4096

void out_write(struct out *out, const char *data, size_t len)
{
	if (out->failed)
		return;
	out->failed = file_write_all(out->fd, out->name, data, len);
}

void out_puts(struct out *out, const char *text)
{
	out_write(out, text, strlen(text));
}

void out_printf(struct out *out, const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n >= 0)
		out_write(out, text, (size_t)n);
	else if (!out->failed)
		out->failed = err_new(KR_ENOMEM, "out of memory for output");
	if (n >= 0)
		free(text);
}

void out_foreign(struct out *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		kr_cleanup(str_freep) char *clean =
			text_clean(text, n, LINE_MAX_BYTES);

		out_puts(out, clean ? clean : "?");
		text += n;
		if (*text && *++text)
			out_puts(out, "\n  ");
	}
}

/* C0 but for blanks and line ends, DEL, and C1 as UTF-8 has it. */
static size_t control_at(const char *text, size_t len)
{
	unsigned char c = (unsigned char)text[0];

	if (c == 0xc2 && len > 1 && (unsigned char)text[1] < 0xa0)
		return 2;
	return (c < 0x20 && !strchr("\t\n\r", c)) || c == 0x7f;
}

void out_text(struct out *out, const char *text, size_t len)
{
	size_t from = 0, n;

	for (size_t at = 0; at < len; at += n ? n : 1) {
		n = control_at(text + at, len - at);
		if (!n)
			continue;
		out_write(out, text + from, at - from);
		out_puts(out, "?");
		from = at + n;
	}
	out_write(out, text + from, len - from);
}

void out_wrapped(struct out *out, const char *text, size_t columns, size_t at,
		 size_t indent)
{
	bool first = true;

	while (*text) {
		size_t spaces = strspn(text, " \n"), n, width;
		bool paragraph = strncmp(text, "\n\n", 2) == 0;

		text += spaces;
		n = strcspn(text, " \n");
		if (n == 0)
			break;
		width = n; /* help is written in ASCII */
		if (paragraph || (!first && at + 1 + width > columns)) {
			out_printf(out, paragraph ? "\n\n%*s" : "\n%*s",
				   (int)indent, "");
			at = indent;
		} else if (!first) {
			out_puts(out, " ");
			at++;
		}
		out_write(out, text, n);
		at += width;
		text += n;
		first = false;
	}
}

KR_FALLIBLE out_check(struct out *out)
{
	return take_ptr(&out->failed);
}

void out_release(struct out *out)
{
	err_free(out->failed);
	out->failed = NULL;
}
