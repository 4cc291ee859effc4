#include "service/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS	    ((int64_t)24 * 60 * 60 * 1000)
#define MINUTE_MS   ((int64_t)60 * 1000)
#define MAX_LINE    75
#define MAX_TEXT    ((size_t)64 * 1024)
#define SHORT_MONTH 28 /* days that every month has */
#define ALARM_AT_9  "PT9H"

struct calendar_date calendar_date_of(int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	return (struct calendar_date){ tm.tm_year + 1900, tm.tm_mon + 1,
				       tm.tm_mday };
}

int64_t calendar_ms_of(struct calendar_date date)
{
	struct tm tm = { .tm_year = date.year - 1900,
			 .tm_mon = date.month - 1,
			 .tm_mday = date.day };

	return (int64_t)timegm(&tm) * 1000;
}

static bool same_date(struct calendar_date a, struct calendar_date b)
{
	return a.year == b.year && a.month == b.month && a.day == b.day;
}

bool calendar_parse_date(const char *text, struct calendar_date *out)
{
	struct calendar_date date;
	int end = 0;

	if (strspn(text, "0123456789-") != strlen(text) ||
	    sscanf(text, "%4d-%2d-%2d%n", &date.year, &date.month, &date.day,
		   &end) != 3 ||
	    end != 10 || text[end])
		return false;
	if (date.year < 1970 ||
	    !same_date(date, calendar_date_of(calendar_ms_of(date))))
		return false;
	*out = date;
	return true;
}

static int days_of_month(int year, int month)
{
	const struct calendar_date last = { year, month + 1, 0 };

	return calendar_date_of(calendar_ms_of(last)).day;
}

struct calendar_date calendar_add_months(struct calendar_date date, int months)
{
	int all = date.year * 12 + date.month - 1 + months;
	struct calendar_date later = { all / 12, all % 12 + 1, date.day };
	int days = days_of_month(later.year, later.month);

	if (later.day > days)
		later.day = days;
	return later;
}

int64_t calendar_add_months_ms(int64_t wall_ms, int months)
{
	struct calendar_date date = calendar_date_of(wall_ms);

	return calendar_ms_of(calendar_add_months(date, months)) +
	       (wall_ms - calendar_ms_of(date));
}

/* Bytes of the character that begins here. */
static size_t character_len(const char *text)
{
	size_t n = 1;

	while (((unsigned char)text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* RFC 5545, 3.1: no character is broken; the blank of a fold counts. */
static void put_line(struct buf *out, const char *line)
{
	size_t column = 0;

	while (*line) {
		size_t n = character_len(line);

		if (column + n > MAX_LINE) {
			buf_puts(out, "\r\n ");
			column = 1;
		}
		buf_append(out, line, n);
		column += n;
		line += n;
	}
	buf_puts(out, "\r\n");
}

/* RFC 5545, 3.3.11. */
static void put_text(struct buf *out, const char *name, const char *text)
{
	struct buf line = BUF_INIT(MAX_TEXT);

	buf_printf(&line, "%s:", name);
	for (; *text; text++) {
		if (*text == '\n')
			buf_puts(&line, "\\n");
		else if (strchr("\\;,", *text))
			buf_printf(&line, "\\%c", *text);
		else if ((unsigned char)*text >= ' ' && *text != 127)
			buf_putc(&line, *text);
	}
	put_line(out, buf_str(&line));
	out->failed = out->failed || line.failed;
	buf_release(&line);
}

/*
 * A month without such a day is left out by the rule (RFC 5545, 3.3.10), so
 * late days are "the last one of these that the month has".
 */
static void put_rule(struct buf *out, const struct calendar_event *e)
{
	struct buf line = BUF_INIT(256);

	buf_printf(&line, "RRULE:FREQ=MONTHLY;INTERVAL=%d", e->every_months);
	if (e->first.day > SHORT_MONTH) {
		buf_printf(&line, ";BYMONTHDAY=%d", SHORT_MONTH);
		for (int day = SHORT_MONTH + 1; day <= e->first.day; day++)
			buf_printf(&line, ",%d", day);
		buf_puts(&line, ";BYSETPOS=-1");
	}
	put_line(out, buf_str(&line));
	buf_release(&line);
}

static void put_alarm(struct buf *out, const char *text, const char *trigger)
{
	put_line(out, "BEGIN:VALARM");
	put_line(out, "ACTION:DISPLAY");
	put_text(out, "DESCRIPTION", text);
	buf_printf(out, "TRIGGER:%s\r\nEND:VALARM\r\n", trigger);
}

static void put_stamp(struct buf *out, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = { 0 };
	char text[32] = "";

	(void)gmtime_r(&seconds, &tm);
	(void)strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &tm);
	/* Minutes fit into 31 bits until the year 6053. */
	buf_printf(out, "DTSTAMP:%s\r\nSEQUENCE:%lld\r\n", text,
		   (long long)(ms / MINUTE_MS));
}

void calendar_write(const struct calendar_event *e, struct buf *out)
{
	char before[32];

	put_line(out, "BEGIN:VCALENDAR");
	put_line(out, "VERSION:2.0");
	put_line(out, "PRODID:-//keyrot.dev//kubectl-keyrot//EN");
	if (e->is_published)
		put_line(out, "METHOD:PUBLISH");
	put_line(out, "BEGIN:VEVENT");
	put_text(out, "UID", e->uid);
	put_stamp(out, e->stamp_ms);
	buf_printf(out, "DTSTART;VALUE=DATE:%04d%02d%02d\r\n", e->first.year,
		   e->first.month, e->first.day);
	put_rule(out, e);
	put_text(out, "SUMMARY", e->summary);
	put_text(out, "DESCRIPTION", e->description);
	put_line(out, "TRANSP:TRANSPARENT");
	if (e->alarm_days > 0) {
		(void)snprintf(before, sizeof(before), "-P%dD", e->alarm_days);
		put_alarm(out, e->summary, before);
	}
	put_alarm(out, e->summary, ALARM_AT_9);
	put_line(out, "END:VEVENT");
	put_line(out, "END:VCALENDAR");
}

/* The lines of a text, unfolded and in order. */
struct lines {
	char *text; /* owned */
	char **items;
	size_t count;
};

static void unfold(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '\r')
			continue;
		if (*from == '\n' && (from[1] == ' ' || from[1] == '\t')) {
			from++;
			continue;
		}
		*to++ = *from;
	}
	*to = '\0';
}

static int compare_lines(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

static bool split(const char *text, struct lines *out)
{
	char *rest = NULL;

	out->text = strdup(text);
	out->items = calloc(strlen(text) + 1, sizeof(*out->items));
	if (!out->text || !out->items)
		return false;
	unfold(out->text);
	for (char *line = strtok_r(out->text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		/* A server may say that it was the one that wrote it. */
		if (strncmp(line, "PRODID", 6) != 0)
			out->items[out->count++] = line;
	qsort(out->items, out->count, sizeof(*out->items), compare_lines);
	return true;
}

bool calendar_equal(const char *a, const char *b)
{
	struct lines left = { 0 }, right = { 0 };
	bool equal = split(a, &left) && split(b, &right) &&
		     left.count == right.count;

	for (size_t i = 0; equal && i < left.count; i++)
		equal = strcmp(left.items[i], right.items[i]) == 0;
	free(left.text);
	free(left.items);
	free(right.text);
	free(right.items);
	return equal;
}
