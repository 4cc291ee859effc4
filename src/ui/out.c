#include "ui/out.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

void out_write(struct out *out, const char *data, size_t len)
{
	if (!out->failed)
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

KR_FALLIBLE out_check(struct out *out)
{
	return take_ptr(&out->failed);
}

void out_release(struct out *out)
{
	err_free(out->failed);
	out->failed = NULL;
}
