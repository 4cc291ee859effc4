#include "runbook/junit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

#define MAX_DEPTH 64
#define MAX_NAME  512 /* bytes of an attribute that are kept */
#define MAX_SHOWN 160

struct span {
	const char *at;
	size_t len;
};

struct reader {
	const char *begin, *at, *end;
	struct span open[MAX_DEPTH]; /* names of the elements around */
	size_t depth;
	bool done; /* the root element has ended */
	/* The case that is being read. */
	struct buf name, class_;
	size_t case_depth; /* 0: outside of one */
	bool failed, broke, skipped;
	struct junit_report report;
};

static KR_FALLIBLE bad(const struct reader *r, const char *what)
{
	return err_new(KR_EINVALID, "at byte %zu: %s",
		       (size_t)(r->at - r->begin), what);
}

static bool starts(const struct reader *r, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(r->end - r->at) >= n && memcmp(r->at, word, n) == 0;
}

static bool span_is(struct span span, const char *word)
{
	return strlen(word) == span.len && memcmp(span.at, word, span.len) == 0;
}

/* Moves behind `word`; an error where it does not come. */
static KR_FALLIBLE skip_past(struct reader *r, const char *word)
{
	const char *found =
		memmem(r->at, (size_t)(r->end - r->at), word, strlen(word));

	if (!found)
		return bad(r, "something is not closed");
	r->at = found + strlen(word);
	return NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool skip_spaces(struct reader *r)
{
	const char *from = r->at;

	while (r->at < r->end && is_space(*r->at))
		r->at++;
	return r->at > from;
}

static bool is_name_byte(char c, bool first)
{
	unsigned char u = (unsigned char)c;

	if ((u | 32) >= 'a' && (u | 32) <= 'z')
		return true;
	if (u == '_' || u == ':' || u >= 0x80)
		return true;
	return !first && ((u >= '0' && u <= '9') || u == '-' || u == '.');
}

static KR_FALLIBLE read_name(struct reader *r, struct span *out)
{
	const char *from = r->at;

	while (r->at < r->end && is_name_byte(*r->at, r->at == from))
		r->at++;
	if (r->at == from)
		return bad(r, "a name is missing");
	*out = (struct span){ from, (size_t)(r->at - from) };
	return NULL;
}

/* "&#10;" and "&#x1f;": at is behind "&#". */
static KR_FALLIBLE read_number(struct reader *r, uint32_t *out)
{
	bool hex = r->at < r->end && *r->at == 'x';
	const char *from;
	uint32_t value = 0;

	r->at += hex;
	from = r->at;
	for (; r->at < r->end && *r->at != ';' && r->at - from < 8; r->at++) {
		unsigned char c = (unsigned char)*r->at, low = c | 32;
		uint32_t digit = 16;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			digit = (uint32_t)(low - 'a' + 10);
		if (digit >= (hex ? 16u : 10u))
			return bad(r, "no such character");
		value = value * (hex ? 16 : 10) + digit;
	}
	if (r->at == from || r->at == r->end || *r->at != ';' || value == 0 ||
	    value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return bad(r, "no such character");
	r->at++;
	*out = value;
	return NULL;
}

static KR_FALLIBLE read_entity(struct reader *r, struct buf *out)
{
	static const struct {
		const char *name;
		char c;
	} entities[] = { { "&lt;", '<' },
			 { "&gt;", '>' },
			 { "&amp;", '&' },
			 { "&quot;", '"' },
			 { "&apos;", '\'' } };
	uint32_t c = 0;
	struct err *err;

	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++) {
		if (!starts(r, entities[i].name))
			continue;
		r->at += strlen(entities[i].name);
		buf_put_utf8(out, (unsigned char)entities[i].c);
		return NULL;
	}
	if (!starts(r, "&#"))
		return bad(r, "an entity that XML does not have by itself");
	r->at += 2;
	err = read_number(r, &c);
	if (!err)
		buf_put_utf8(out, c);
	return err;
}

static KR_FALLIBLE read_value(struct reader *r, struct buf *out)
{
	char quote = r->at < r->end ? *r->at : '\0';
	struct err *err = NULL;

	if (quote != '"' && quote != '\'')
		return bad(r, "a value wants quotation marks");
	r->at++;
	while (!err && r->at < r->end && *r->at != quote) {
		if (*r->at == '<')
			return bad(r, "'<' in a value");
		if (*r->at == '&')
			err = read_entity(r, out);
		else
			buf_putc(out, *r->at++);
	}
	if (err)
		return err;
	if (r->at == r->end)
		return bad(r, "something is not closed");
	r->at++;
	return NULL;
}

static KR_FALLIBLE read_attribute(struct reader *r)
{
	struct buf other = BUF_INIT(MAX_NAME);
	struct buf *into = &other;
	struct span name = { 0 };
	struct err *err = read_name(r, &name);

	if (err)
		return err;
	if (r->case_depth && r->case_depth == r->depth + 1) {
		if (span_is(name, "name"))
			into = &r->name;
		else if (span_is(name, "classname"))
			into = &r->class_;
	}
	skip_spaces(r);
	if (r->at == r->end || *r->at != '=')
		err = bad(r, "an attribute wants a value");
	if (!err) {
		r->at++;
		skip_spaces(r);
		err = read_value(r, into);
	}
	buf_release(&other);
	return err;
}

static void begin_element(struct reader *r, struct span name)
{
	if (!r->case_depth && span_is(name, "testcase")) {
		r->case_depth = r->depth + 1;
		r->failed = r->broke = r->skipped = false;
		buf_reset(&r->name);
		buf_reset(&r->class_);
	} else if (r->case_depth && r->depth == r->case_depth) {
		r->failed |= span_is(name, "failure");
		r->broke |= span_is(name, "error");
		r->skipped |= span_is(name, "skipped");
	}
}

/* A name that is too long for its buffer is none: it is only shown. */
static KR_FALLIBLE end_case(struct reader *r)
{
	struct junit_report *report = &r->report;
	struct buf whole = BUF_INIT((size_t)2 * MAX_NAME + 2);
	char *clean;

	report->tests++;
	report->failures += r->failed && !r->broke;
	report->errors += r->broke;
	report->skipped += r->skipped && !r->failed && !r->broke;
	if ((!r->failed && !r->broke) || report->n_failing == JUNIT_NAMED_MAX)
		return NULL;
	if (!r->class_.failed && r->class_.len)
		buf_printf(&whole, "%s.", buf_str(&r->class_));
	buf_puts(&whole, r->name.failed || !r->name.len ? "(no name)"
							: buf_str(&r->name));
	clean = text_clean(buf_str(&whole), whole.len, MAX_SHOWN);
	buf_release(&whole);
	if (!clean)
		return err_no_memory();
	report->failing[report->n_failing++] = clean;
	return NULL;
}

static KR_FALLIBLE end_element(struct reader *r)
{
	struct err *err = NULL;

	if (r->case_depth == r->depth) {
		err = end_case(r);
		r->case_depth = 0;
	}
	r->depth--;
	r->done = r->depth == 0;
	return err;
}

static KR_FALLIBLE read_start(struct reader *r)
{
	struct span name = { 0 };
	struct err *err;

	r->at++;
	err = read_name(r, &name);
	if (err)
		return err;
	if (r->depth == 0 && (r->done || (!span_is(name, "testsuites") &&
					  !span_is(name, "testsuite"))))
		return bad(r, "this is no JUnit report");
	if (r->depth == MAX_DEPTH)
		return bad(r, "too many elements in one another");
	begin_element(r, name);
	while (!err && skip_spaces(r) && r->at < r->end && *r->at != '/' &&
	       *r->at != '>')
		err = read_attribute(r);
	if (err)
		return err;
	r->open[r->depth++] = name;
	if (starts(r, "/>")) {
		r->at += 2;
		return end_element(r);
	}
	if (!starts(r, ">"))
		return bad(r, "a tag is not closed");
	r->at++;
	return NULL;
}

static KR_FALLIBLE read_end(struct reader *r)
{
	struct span name = { 0 };
	struct err *err;

	r->at += 2;
	err = read_name(r, &name);
	if (err)
		return err;
	skip_spaces(r);
	if (r->depth == 0 || name.len != r->open[r->depth - 1].len ||
	    memcmp(name.at, r->open[r->depth - 1].at, name.len) != 0 ||
	    !starts(r, ">"))
		return bad(r, "an end tag does not fit");
	r->at++;
	return end_element(r);
}

static KR_FALLIBLE read_markup(struct reader *r)
{
	if (starts(r, "<!--"))
		return skip_past(r, "-->");
	if (starts(r, "<?"))
		return skip_past(r, "?>");
	if (starts(r, "<![CDATA[") && r->depth)
		return skip_past(r, "]]>");
	if (starts(r, "<!"))
		return bad(r, "a document type is not taken");
	return starts(r, "</") ? read_end(r) : read_start(r);
}

static KR_FALLIBLE read_all(struct reader *r)
{
	struct err *err = NULL;

	if (starts(r, "\xef\xbb\xbf"))
		r->at += 3;
	while (!err && r->at < r->end) {
		if (*r->at == '<')
			err = read_markup(r);
		else if (r->depth || is_space(*r->at))
			r->at++;
		else
			err = bad(r, "this is no XML");
	}
	if (!err && !r->done)
		err = bad(r, "it ends too early");
	return err;
}

KR_FALLIBLE junit_read(const char *text, size_t len, struct junit_report *out)
{
	struct reader reader = {
		.begin = text,
		.at = text,
		.end = text + len,
		.name = BUF_INIT(MAX_NAME),
		.class_ = BUF_INIT(MAX_NAME),
	};
	struct err *err = read_all(&reader);

	buf_release(&reader.name);
	buf_release(&reader.class_);
	if (err)
		junit_release(&reader.report);
	else
		*out = reader.report;
	return err;
}

void junit_release(struct junit_report *report)
{
	for (size_t i = 0; i < report->n_failing; i++)
		free(report->failing[i]);
	*report = (struct junit_report){ 0 };
}
