/* The page in HTML: one file, no script, nothing fetched. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "report/escape.h"
#include "report/model.h"
#include "report/page.h"
#include "report/style.h"

#define SHORT_KEY 12

static void put(struct buf *out, char c)
{
	switch (c) {
	case '<':
		buf_puts(out, "&lt;");
		break;
	case '>':
		buf_puts(out, "&gt;");
		break;
	case '&':
		buf_puts(out, "&amp;");
		break;
	case '"':
		buf_puts(out, "&quot;");
		break;
	case '\'':
		buf_puts(out, "&#39;");
		break;
	default:
		buf_putc(out, c);
	}
}

void html_text(struct buf *out, const char *words)
{
	page_escape(out, words, put);
}

static void state(struct buf *out, const char *name, const char *tag)
{
	/* Told by a sign and a word as well as by its colour. */
	static const char *const signs[] = {
		[MOOD_PLAIN] = "",
		[MOOD_GOOD] = "&#10003; ",
		[MOOD_BAD] = "&#10007; ",
		[MOOD_CARE] = "! ",
	};
	static const char *const classes[] = {
		[MOOD_PLAIN] = "",
		[MOOD_GOOD] = " good",
		[MOOD_BAD] = " bad",
		[MOOD_CARE] = " care",
	};
	enum page_mood mood = page_mood(name);
	char word[PAGE_WORD_LEN];

	page_word(name, word);
	buf_printf(out, "<%s class=\"state%s\">", tag, classes[mood]);
	if (*signs[mood])
		buf_printf(out, "<span aria-hidden=\"true\">%s</span>",
			   signs[mood]);
	html_text(out, word);
	buf_printf(out, "</%s>", tag);
}

/* Where on the page; what was left out leads to the top. */
static const struct {
	const char *id, *title;
} places[] = {
	{ "facts", "In short" },    { "next", "Next" },
	{ "where", "Keys" },	    { "soaks", "Soak" },
	{ "timeline", "Timeline" }, { "ledger", "Ledger" },
	{ "unknown", "Not known" },
};

static void begin(struct buf *out, const struct page_head *head)
{
	buf_puts(out,
		 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		 "<meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width,"
		 "initial-scale=1\">\n"
		 "<meta http-equiv=\"Content-Security-Policy\" content=\""
		 "default-src 'none';style-src 'unsafe-inline'\">\n"
		 "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	html_text(out, head->title);
	buf_puts(out, "</title>\n<style>" REPORT_STYLE "</style>\n</head>\n"
		      "<body>\n<a class=\"skip\" href=\"#facts\">To the "
		      "report</a>\n<header>\n<h1>");
	html_text(out, head->title);
	buf_puts(out, "</h1>\n<p>");
	state(out, head->state, "strong");
	buf_puts(out, "</p>\n<p>");
	html_text(out, head->lead);
	buf_puts(out, "</p>\n</header>\n<nav aria-label=\"Sections\"><ul>\n");
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		buf_printf(out, "<li><a href=\"#%s\">%s</a></li>\n",
			   places[i].id, places[i].title);
	buf_puts(out, "</ul></nav>\n<main>\n");
}

static void section(struct buf *out, const char *id, const char *title)
{
	buf_printf(out, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n", id,
		   id);
	buf_printf(out, "<h2 id=\"h-%s\">%s</h2>\n", id, title);
}

static void section_end(struct buf *out)
{
	buf_puts(out, "</section>\n");
}

static void paragraph(struct buf *out, const char *words)
{
	buf_puts(out, "<p>");
	html_text(out, words);
	buf_puts(out, "</p>\n");
}

/* What scrolls can be reached by the keyboard, and has a name. */
static void table(struct buf *out, const struct page_table *t)
{
	buf_puts(out, "<div class=\"wide\" role=\"region\" tabindex=\"0\" "
		      "aria-label=\"");
	html_text(out, t->caption);
	buf_puts(out, "\">\n<table>\n<caption>");
	html_text(out, t->caption);
	buf_puts(out, "</caption>\n");
	if (*t->heads[0]) {
		buf_puts(out, "<thead><tr>");
		for (size_t i = 0; i < t->columns; i++)
			buf_printf(out, "<th scope=\"col\">%s</th>",
				   t->heads[i]);
		buf_puts(out, "</tr></thead>\n");
	}
	buf_puts(out, "<tbody>\n");
}

static void code(struct buf *out, const char *words)
{
	buf_puts(out, "<code>");
	html_text(out, words);
	buf_puts(out, "</code>");
}

static void cell_text(struct buf *out, const struct cell *c)
{
	char digits[SHORT_KEY + 1];

	switch (c->kind) {
	case CELL_STATE:
		state(out, c->text, "span");
		break;
	case CELL_KEY:
		(void)snprintf(digits, sizeof(digits), "%s", c->text);
		if (c->note)
			buf_puts(out, "<span class=\"id\">");
		code(out, c->note ? digits : c->text);
		if (c->note)
			buf_printf(out,
				   "</span> <span class=\"soft\">%s</span>",
				   c->note);
		break;
	case CELL_CODE:
		code(out, c->text);
		break;
	case CELL_TIME:
		buf_puts(out, "<time>");
		html_text(out, c->text);
		buf_puts(out, "</time>");
		break;
	case CELL_TEXT:
	case CELL_HEAD:
	case CELL_NUMBER:
		html_text(out, c->text);
		break;
	}
}

static void row(struct buf *out, const struct page_table *t,
		const struct cell *cells)
{
	buf_puts(out, "<tr>");
	for (size_t i = 0; i < t->columns; i++) {
		const struct cell *c = &cells[i];
		bool head = c->kind == CELL_HEAD;

		buf_puts(out, head ? "<th scope=\"row\">"
			      : c->kind == CELL_NUMBER && *t->heads[0]
				      ? "<td class=\"n\">"
				      : "<td>");
		if (c->text)
			cell_text(out, c);
		else
			buf_puts(out, "<span class=\"soft\">not known</span>");
		buf_puts(out, head ? "</th>" : "</td>");
	}
	buf_puts(out, "</tr>\n");
}

static void table_end(struct buf *out)
{
	buf_puts(out, "</tbody>\n</table>\n</div>\n");
}

static void list(struct buf *out)
{
	buf_puts(out, "<ul>\n");
}

static void item(struct buf *out, const char *words, bool is_command)
{
	buf_puts(out, "<li>");
	if (is_command)
		code(out, words);
	else
		html_text(out, words);
	buf_puts(out, "</li>\n");
}

static void list_end(struct buf *out)
{
	buf_puts(out, "</ul>\n");
}

/* The numbers of the picture, for who does not look at pictures. */
static void samples(struct buf *out, const struct cJSON *metric)
{
	const struct cJSON *s = json_first(json_member(metric, "samples"));

	if (!s)
		return;
	buf_puts(out, "<details><summary>All samples of ");
	html_text(out, json_str_or(metric, "name", "?"));
	buf_puts(out, "</summary>\n<p>");
	for (; s; s = json_next(s)) {
		char number[PAGE_NUMBER_LEN];

		page_number(s, number);
		html_text(out, number);
		if (json_next(s))
			buf_puts(out, ", ");
	}
	buf_puts(out, "</p></details>\n");
}

static void chart(struct buf *out, const struct cJSON *soak,
		  const struct cJSON *metric, int number)
{
	buf_puts(out, "<figure>\n<figcaption>");
	html_text(out, json_str_or(metric, "name", "?"));
	buf_puts(out, ": ");
	state(out, json_str_or(metric, "verdict", "no verdict"), "span");
	if (json_str(metric, "message")) {
		buf_puts(out, " <span class=\"soft\">");
		html_text(out, json_str(metric, "message"));
		buf_puts(out, "</span>");
	}
	buf_puts(out, "</figcaption>\n");
	svg_chart(out, soak, metric, number);
	if (json_str(metric, "query")) {
		buf_puts(out, "<p class=\"soft\">");
		code(out, json_str(metric, "query"));
		buf_puts(out, "</p>\n");
	}
	samples(out, metric);
	buf_puts(out, "</figure>\n");
}

static void end(struct buf *out, const char *made_at)
{
	buf_puts(out, "</main>\n<footer>\n<p>Made by kubectl keyrot " KR_VERSION
		      " at ");
	html_text(out, made_at);
	buf_puts(out, ". It holds fingerprints and no key.</p>\n</footer>\n"
		      "</body>\n</html>\n");
}

void report_html(const struct cJSON *document, struct buf *out)
{
	static const struct page_writer writer = {
		begin,	   section, section_end, paragraph, table, row,
		table_end, list,    item,	 list_end,  chart, end,
	};

	page_write(document, &writer, out);
}
