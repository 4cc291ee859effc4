/* What `status` prints for people, from its document. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/columns.h"
#include "base/json.h"
#include "base/text.h"
#include "runbook/status.h"

#define SHORT_FINGERPRINT 12
#define COLUMNS		  7
#define CELL_MAX	  256

struct row {
	char cells[COLUMNS][CELL_MAX];
};

KR_PRINTF(2, 3)
static void set_cell(char cell[CELL_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(cell, CELL_MAX, format, ap);
	va_end(ap);
	if (!*cell)
		(void)snprintf(cell, CELL_MAX, "-");
}

static void fill_row(const struct cJSON *target, struct row *row)
{
	const char *key = json_str(target, "fingerprint");
	const char *who = json_str(target, "operator");
	long long age_s = json_int(target, "ageSeconds", -1);
	long long on_key = json_int(target, "podsOnKey", 0);
	long long all = on_key + json_int(target, "podsOlder", 0) +
			json_int(target, "podsUnknown", 0);
	char age[CLOCK_SHORT_LEN] = "";

	if (age_s >= 0)
		clock_short(age_s * 1000, age);
	set_cell(row->cells[0], "%s", json_str_or(target, "environment", ""));
	set_cell(row->cells[1], "%s", json_str_or(target, "context", ""));
	set_cell(row->cells[2], "%s/%s", json_str_or(target, "namespace", "?"),
		 json_str_or(target, "secret", "?"));
	set_cell(row->cells[3], "%.*s", SHORT_FINGERPRINT,
		 key ? key : "not known");
	set_cell(row->cells[4], "%s", age);
	set_cell(row->cells[5], "%s",
		 who ? who : json_str_or(target, "owner", ""));
	if (key)
		set_cell(row->cells[6], "%lld of %lld", on_key, all);
	else
		set_cell(row->cells[6], "%s", "");
}

/* Cells, each as wide as the widest of its column. */
static void put_row(struct buf *out, const struct row *row,
		    const size_t widths[COLUMNS], size_t columns)
{
	struct columns line = { .to = out, .limit = columns };

	for (int i = 0; i < COLUMNS; i++) {
		kr_cleanup(str_freep) char *clean = text_clean(
			row->cells[i], strlen(row->cells[i]), CELL_MAX);

		columns_cell(&line, clean ? clean : "?", widths[i]);
	}
	columns_end(&line);
}

static void put_consumer(struct buf *out, const struct cJSON *consumer)
{
	const char *kind = json_str_or(consumer, "kind", "");
	long long on_key = json_int(consumer, "podsOnKey", 0);
	long long older = json_int(consumer, "podsOlder", 0);
	long long unknown = json_int(consumer, "podsUnknown", 0);
	long long all = on_key + older + unknown;

	buf_puts(out, "  ");
	for (; *kind; kind++)
		buf_putc(out, (char)tolower((unsigned char)*kind));
	buf_printf(out, "/%s  ", json_str_or(consumer, "name", "?"));
	if (!json_bool(consumer, "usesEntry", false))
		buf_puts(out, "uses other entries of the Secret");
	else if (!all &&
		 strcmp(json_str_or(consumer, "kind", ""), "CronJob") == 0)
		buf_puts(out, "uses it at its next start");
	else if (!all)
		buf_puts(out, "no pods");
	else
		buf_printf(out, "%lld of %lld pod%s on this key", on_key, all,
			   all == 1 ? "" : "s");
	if (older)
		buf_printf(out, ", %lld older than it", older);
	if (unknown)
		buf_printf(out, ", %lld not known", unknown);
	buf_putc(out, '\n');
}

static void put_keyring(struct buf *out, const struct cJSON *ring)
{
	static const char *const names[] = { "current", "next", "previous" };

	for (size_t i = 0; ring && i < sizeof(names) / sizeof(*names); i++) {
		const char *fingerprint = json_member_str(ring, names[i]);

		buf_printf(out, "%s%s %.*s", i ? ", " : "  ", names[i],
			   SHORT_FINGERPRINT,
			   fingerprint ? fingerprint : "none");
	}
	if (ring)
		buf_putc(out, '\n');
}

static void put_lease(struct buf *out, const struct cJSON *lease)
{
	const char *step = json_str(lease, "step");

	if (json_str(lease, "holder"))
		buf_printf(
			out,
			"  at work: %s on %s, rotation %s, step %s, alive at %s\n",
			json_str_or(lease, "operator", "?"),
			json_str_or(lease, "host", "?"),
			json_str_or(lease, "rotation", "?"),
			step ? step : "not known",
			json_str_or(lease, "renewedAt", "?"));
	else if (json_str(lease, "open"))
		buf_printf(
			out,
			"  rotation %s has not ended%s%s: kubectl keyrot resume %s\n",
			json_str(lease, "open"), step ? ", at step " : "",
			step ? step : "", json_str(lease, "open"));
}

static void put_details(struct buf *out, const struct cJSON *target)
{
	const struct cJSON *consumer =
		json_first(json_member(target, "consumers"));
	const char *rotation = json_str(target, "rotation");
	const char *place = json_str(target, "context");

	/* --server alone names no context. */
	if (!place || !*place)
		place = json_str(target, "cluster");
	buf_printf(out, "\n%s, entry %s%s%s\n", place ? place : "?",
		   json_str_or(target, "entry", "?"),
		   rotation ? ", rotation " : "", rotation ? rotation : "");
	put_keyring(out, json_member(target, "keyring"));
	put_lease(out, json_member(target, "lease"));
	for (; consumer; consumer = json_next(consumer))
		put_consumer(out, consumer);
}

void status_text(struct result *result)
{
	static const struct row head = { {
		"ENVIRONMENT",
		"CONTEXT",
		"SECRET",
		"KEY",
		"AGE",
		"WRITTEN BY",
		"PODS ON IT",
	} };
	const struct cJSON *targets = json_member(result->document, "targets");
	const struct cJSON *item;
	size_t widths[COLUMNS];
	struct row row;

	for (int i = 0; i < COLUMNS; i++)
		widths[i] = strlen(head.cells[i]);
	for (item = json_first(targets); item; item = json_next(item)) {
		fill_row(item, &row);
		for (int i = 0; i < COLUMNS; i++) {
			size_t n = text_columns(row.cells[i]);

			widths[i] = n > widths[i] ? n : widths[i];
		}
	}
	put_row(&result->text, &head, widths, result->columns);
	for (item = json_first(targets); item; item = json_next(item)) {
		fill_row(item, &row);
		put_row(&result->text, &row, widths, result->columns);
	}
	for (item = json_first(targets); item; item = json_next(item)) {
		if (json_str(item, "fingerprint"))
			put_details(&result->text, item);
	}
	item = json_first(json_member(result->document, "drift"));
	if (item)
		buf_putc(&result->text, '\n');
	for (; item; item = json_next(item))
		buf_printf(&result->text, "drift: %s: %s\n",
			   json_str_or(item, "context", "?"),
			   json_str_or(item, "message", "?"));
}
