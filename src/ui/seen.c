#include "ui/seen.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct seen_row {
	char *who;
	char *what;
};

char *seen_name(const struct report_workload *w)
{
	char *name = NULL;

	if (asprintf(&name, "%s/%s", w->kind, w->name) < 0)
		return NULL;
	for (char *p = name; *p && *p != '/'; p++)
		*p = (char)tolower((unsigned char)*p);
	return name;
}

static struct seen_row *find_row(struct seen *seen, const char *who)
{
	struct seen_row *grown;

	for (size_t i = 0; i < seen->n; i++)
		if (strcmp(seen->rows[i].who, who) == 0)
			return &seen->rows[i];
	grown = reallocarray(seen->rows, seen->n + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	seen->rows = grown;
	grown[seen->n] = (struct seen_row){ .who = strdup(who) };
	return grown[seen->n].who ? &grown[seen->n++] : NULL;
}

bool seen_is_new(struct seen *seen, const struct report_workload *w)
{
	kr_cleanup(str_freep) char *who = NULL;
	kr_cleanup(str_freep) char *what = NULL;
	struct seen_row *row;

	if (asprintf(&who, "%s %s %s", w->target ? w->target : "", w->kind,
		     w->name) < 0 ||
	    asprintf(&what, "%d %d %d %d %d %d %s", w->desired, w->updated,
		     w->ready, w->old, w->done, w->failed,
		     w->waiting_for ? w->waiting_for : "") < 0)
		return true;
	row = find_row(seen, who);
	if (!row || (row->what && strcmp(row->what, what) == 0))
		return !row;
	free(row->what);
	row->what = take_ptr(&what);
	return true;
}

void seen_release(struct seen *seen)
{
	for (size_t i = 0; i < seen->n; i++) {
		free(seen->rows[i].who);
		free(seen->rows[i].what);
	}
	free(seen->rows);
	*seen = (struct seen){ 0 };
}
