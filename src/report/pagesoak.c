/* The part of the page about the soaks. */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "report/page.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *field(const struct cJSON *object, const char *name)
{
	return json_member_str(object, name);
}

static void write_soak(const struct page_part *p, const struct cJSON *soak,
		       int *charts)
{
	static const char *const heads[] = {
		"Metric",  "Verdict", "Limit",	      "Before", "Good",
		"Over it", "No data", "Not a number", "Error"
	};
	static const char *const counted[] = { "ok", "breach", "noData", "nan",
					       "error" };
	kr_cleanup(str_freep) char *caption = NULL;
	struct page_table table = { NULL, heads, COUNT(heads) };
	const struct cJSON *m;
	char length[CLOCK_SHORT_LEN], every[CLOCK_SHORT_LEN];

	clock_short(json_int(soak, "forSeconds", 0) * 1000, length);
	clock_short(json_int(soak, "everySeconds", 0) * 1000, every);
	if (asprintf(
		    &caption,
		    "Soak of %s from %s: %s planned, one sample each %s, verdict: %s",
		    json_str_or(soak, "context", "?"),
		    json_str_or(soak, "started", "?"), length, every,
		    json_str_or(soak, "verdict", "none")) < 0)
		caption = NULL;
	table.caption = caption ? caption : "Soak";
	p->to->table(p->out, &table);
	m = json_first(json_member(soak, "metrics"));
	for (; m; m = json_next(m)) {
		char limit[PAGE_NUMBER_LEN], before[PAGE_NUMBER_LEN];
		char numbers[COUNT(counted)][PAGE_NUMBER_LEN];
		struct cell cells[COUNT(heads)] = {
			{ CELL_HEAD, field(m, "name"), NULL },
			{ CELL_STATE, field(m, "verdict"), NULL },
			{ CELL_NUMBER, limit, NULL },
			{ CELL_NUMBER, before, NULL },
		};

		page_number(json_member(m, "limit"), limit);
		page_number(json_member(m, "baseline"), before);
		for (size_t i = 0; i < COUNT(counted); i++) {
			page_number(json_member(json_member(m, "counts"),
						counted[i]),
				    numbers[i]);
			cells[4 + i] =
				(struct cell){ CELL_NUMBER, numbers[i], NULL };
		}
		p->to->row(p->out, &table, cells);
	}
	p->to->table_end(p->out);
	m = json_first(json_member(soak, "metrics"));
	for (; m; m = json_next(m))
		p->to->chart(p->out, soak, m, ++*charts);
}

void page_soaks(const struct page_part *p)
{
	const struct cJSON *list = json_member(p->report, "soaks");
	int charts = 0;

	p->to->section(p->out, "soaks", "Soak");
	if (json_length(list) == 0)
		p->to->paragraph(p->out, "No soak is on record.");
	for (const struct cJSON *s = json_first(list); s; s = json_next(s))
		write_soak(p, s, &charts);
	p->to->section_end(p->out);
}
