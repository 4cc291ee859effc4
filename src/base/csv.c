#include "base/csv.h"

#include <string.h>

/* Takes the cell apart where it stands; what comes after it, NULL: no end. */
static char *take_cell(char *at, size_t *line, char **out)
{
	char *to = at;
	bool quoted = *at == '"';

	*out = at;
	if (!quoted) {
		at += strcspn(at, ",\r\n");
		return at;
	}
	for (at++; *at; at++) {
		if (*at == '"' && at[1] != '"') {
			at++;
			/* What stands behind the quote belongs to it. */
			while (*at && !strchr(",\r\n", *at))
				*to++ = *at++;
			if (to < at)
				*to = '\0';
			return at;
		}
		at += *at == '"';
		*line += *at == '\n';
		*to++ = *at;
	}
	return NULL;
}

static KR_FALLIBLE bad_line(size_t line, const char *what)
{
	return err_new(KR_EINVALID, "line %zu: %s", line, what);
}

static KR_FALLIBLE take_row(char **at, size_t *line, struct csv_row *row)
{
	char *p = *at;
	char end;

	*row = (struct csv_row){ .line = *line };
	do {
		if (row->count == CSV_MAX_CELLS)
			return bad_line(row->line, "it has too many cells");
		p = take_cell(p, line, &row->cells[row->count++]);
		if (!p)
			return bad_line(row->line, "a quote has no end");
		end = *p;
		*p = '\0';
		p += end != '\0';
	} while (end == ',');
	if (end == '\r' && *p == '\n')
		p++;
	*line += end != '\0';
	*at = p;
	return NULL;
}

KR_FALLIBLE csv_read(char *text, csv_on_row *on_row, void *user)
{
	struct err *err = NULL;
	struct csv_row row;
	size_t line = 1;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	while (!err && *text) {
		err = take_row(&text, &line, &row);
		if (!err && (row.count > 1 || *row.cells[0]))
			err = on_row(user, &row);
	}
	return err;
}
