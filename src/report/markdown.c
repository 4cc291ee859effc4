/* The page in Markdown (GitHub's, for the tables). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/str.h"
#include "report/model.h"
#include "report/page.h"

#define SHORT_KEY 12

/* Nothing foreign is a mark, a tag, or the end of a cell. */
static void put(struct buf *out, char c)
{
	if (c == '<')
		buf_puts(out, "&lt;");
	else if (c == '>')
		buf_puts(out, "&gt;");
	else if (c == '&')
		buf_puts(out, "&amp;");
	else {
		if (strchr("\\`*_{}[]()#!|~$@", c))
			buf_putc(out, '\\');
		buf_putc(out, c);
	}
}

static void text(struct buf *out, const char *words)
{
	page_escape(out, words, put);
}

/* As code it is quoted, but for what would end the quotes or the cell. */
static void put_code(struct buf *out, char c)
{
	buf_putc(out, strchr("`|", c) ? '\'' : c);
}

static void code(struct buf *out, const char *words)
{
	buf_puts(out, "`");
	page_escape(out, words, put_code);
	buf_puts(out, "`");
}

static void begin(struct buf *out, const struct page_head *head)
{
	char word[PAGE_WORD_LEN];

	page_word(head->state, word);
	buf_puts(out, "# ");
	text(out, head->title);
	buf_puts(out, "\n\n**");
	text(out, word);
	buf_puts(out, "**. ");
	text(out, head->lead);
	buf_puts(out, "\n");
}

static void section(struct buf *out, const char *id, const char *title)
{
	(void)id;
	buf_printf(out, "\n## %s\n", title);
}

static void section_end(struct buf *out)
{
	(void)out;
}

static void paragraph(struct buf *out, const char *words)
{
	buf_puts(out, "\n");
	text(out, words);
	buf_puts(out, "\n");
}

static void table(struct buf *out, const struct page_table *t)
{
	buf_puts(out, "\n");
	text(out, t->caption);
	buf_puts(out, ":\n\n|");
	for (size_t i = 0; i < t->columns; i++)
		buf_printf(out, " %s |", t->heads[i]);
	buf_puts(out, "\n|");
	for (size_t i = 0; i < t->columns; i++)
		buf_puts(out, "---|");
	buf_puts(out, "\n");
}

static void cell(struct buf *out, const struct cell *c)
{
	char room[PAGE_WORD_LEN];

	if (!c->text) {
		buf_puts(out, "*not known*");
	} else if (c->kind == CELL_STATE) {
		page_word(c->text, room);
		text(out, room);
	} else if (c->kind == CELL_KEY && c->note) {
		(void)snprintf(room, sizeof(room), "%.*s", SHORT_KEY, c->text);
		code(out, room);
		buf_printf(out, " %s", c->note);
	} else if (*c->text && (c->kind == CELL_KEY || c->kind == CELL_CODE)) {
		code(out, c->text);
	} else {
		text(out, c->text);
	}
}

static void row(struct buf *out, const struct page_table *t,
		const struct cell *cells)
{
	buf_puts(out, "|");
	for (size_t i = 0; i < t->columns; i++) {
		buf_puts(out, " ");
		cell(out, &cells[i]);
		buf_puts(out, " |");
	}
	buf_puts(out, "\n");
}

static void table_end(struct buf *out)
{
	(void)out;
}

static void list(struct buf *out)
{
	buf_puts(out, "\n");
}

static void item(struct buf *out, const char *words, bool is_command)
{
	buf_puts(out, "- ");
	if (is_command)
		code(out, words);
	else
		text(out, words);
	buf_puts(out, "\n");
}

/* A bar a sample, of at most so many; the highest of those it stands for. */
#define BARS 60

static double height_of(const struct cJSON *samples, size_t from, size_t to)
{
	double most = NAN;

	for (size_t i = from; i < to; i++) {
		const struct cJSON *s = cJSON_GetArrayItem(samples, (int)i);

		if (cJSON_IsNumber(s) && (isnan(most) || s->valuedouble > most))
			most = s->valuedouble;
	}
	return most;
}

static void chart(struct buf *out, const struct cJSON *soak,
		  const struct cJSON *metric, int number)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄",
					    "▅", "▆", "▇", "█" };
	const struct cJSON *samples = json_member(metric, "samples");
	size_t n = json_length(samples), wide = n < BARS ? n : BARS;
	double top = height_of(samples, 0, n);
	const struct cJSON *limit = json_member(metric, "limit");
	char high[PAGE_NUMBER_LEN], most[PAGE_NUMBER_LEN];

	(void)soak;
	(void)number;
	if (n == 0)
		return;
	page_number(limit, most);
	(void)snprintf(high, sizeof(high), "%.6g", top);
	if (cJSON_IsNumber(limit) && !(top > limit->valuedouble))
		top = limit->valuedouble;
	buf_puts(out, "\n");
	text(out, json_str_or(metric, "name", "?"));
	buf_puts(out, ": `");
	for (size_t i = 0; i < wide; i++) {
		double h = height_of(samples, i * n / wide, (i + 1) * n / wide);

		if (isnan(h))
			buf_puts(out, " ");
		else
			buf_puts(out,
				 bars[top > 0 && h > 0 ? (size_t)(h / top * 7)
						       : 0]);
	}
	buf_printf(out, "` highest %s, limit %s", high, most);
	if (json_str(metric, "message")) {
		buf_puts(out, "; ");
		text(out, json_str(metric, "message"));
	}
	buf_puts(out, "\n");
}

static void end(struct buf *out, const char *made_at)
{
	buf_printf(out, "\nMade by kubectl keyrot %s at %s. It holds no key.\n",
		   KR_VERSION, made_at);
}

void report_markdown(const struct cJSON *document, struct buf *out)
{
	static const struct page_writer writer = {
		begin,	   section, section_end, paragraph,   table, row,
		table_end, list,    item,	 section_end, chart, end,
	};

	page_write(document, &writer, out);
}
