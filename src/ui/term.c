#include "ui/term.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool term_is_live(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool term_has_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");

	return term_is_live(fd) && !(no_color && *no_color);
}

bool term_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);
		const char *charset;

		if (!value || !*value)
			continue;
		charset = strchr(value, '.');
		return charset && (strncasecmp(charset, ".utf-8", 6) == 0 ||
				   strncasecmp(charset, ".utf8", 5) == 0);
	}
	return false;
}

size_t term_width(int fd)
{
	int columns, rows;

	if (!term_is_live(fd))
		return 0;
	term_size(fd, &columns, &rows);
	return (size_t)columns;
}

void term_size(int fd, int *out_columns, int *out_rows)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){ 0 };
	*out_columns = size.ws_col ? size.ws_col : 80;
	*out_rows = size.ws_row ? size.ws_row : 24;
}
