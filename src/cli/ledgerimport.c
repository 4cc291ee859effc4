#include "cli/ledgerimport.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "runbook/rotation.h"
#include "secret/secret.h"

#define MAX_FILE ((size_t)4 * 1024 * 1024)
#define MAX_ROWS 2000

/* What a column is called, and where in a record it goes. */
enum column {
	COLUMN_TIME,
	COLUMN_OPERATOR,
	COLUMN_FINGERPRINT,
	COLUMN_PREVIOUS,
	COLUMN_ROTATION,
	COLUMN_CONTEXT,
	COLUMN_NAMESPACE,
	COLUMN_OUTCOME,
	COLUMN_STORE_ENTRY,
	COLUMN_COUNT,
};

static const struct {
	const char *name;
	enum column column;
} names[] = {
	{ "time", COLUMN_TIME },
	{ "date", COLUMN_TIME },
	{ "timestamp", COLUMN_TIME },
	{ "operator", COLUMN_OPERATOR },
	{ "fingerprint", COLUMN_FINGERPRINT },
	{ "sha256", COLUMN_FINGERPRINT },
	{ "previousFingerprint", COLUMN_PREVIOUS },
	{ "rotation", COLUMN_ROTATION },
	{ "context", COLUMN_CONTEXT },
	{ "cluster", COLUMN_CONTEXT },
	{ "environment", COLUMN_CONTEXT },
	{ "namespace", COLUMN_NAMESPACE },
	{ "outcome", COLUMN_OUTCOME },
	{ "storeEntry", COLUMN_STORE_ENTRY },
};

struct import {
	struct ledger *ledger;
	enum column columns[CSV_MAX_CELLS];
	size_t n_columns; /* 0: the first row is to come */
	bool write;	  /* the second time: checked already */
	size_t rows, added;
};

static KR_FALLIBLE read_header(struct import *import, const struct csv_row *row)
{
	bool has_time = false;

	for (size_t i = 0; i < row->count; i++) {
		size_t k = 0, n = sizeof(names) / sizeof(*names);

		while (k < n && strcasecmp(names[k].name, row->cells[i]) != 0)
			k++;
		if (k == n)
			return err_hint(
				err_new(KR_EINVALID,
					"column %zu has a name that is not known",
					i + 1),
				"columns are: time, operator, fingerprint, previousFingerprint, rotation, context, namespace, outcome, storeEntry");
		import->columns[i] = names[k].column;
		has_time = has_time || names[k].column == COLUMN_TIME;
	}
	if (!has_time)
		return err_new(KR_EINVALID, "there is no column \"time\"");
	import->n_columns = row->count;
	return NULL;
}

/* "2026-11-22", "2026-11-22 21:50[:46]" or RFC 3339, into UTC. */
static bool read_time(const char *text, char out[CLOCK_RFC3339_LEN])
{
	char full[64];
	int64_t ms;
	size_t n = strlen(text);

	if (n >= 40)
		return false;
	(void)snprintf(full, sizeof(full), "%s%s", text,
		       n == 10	 ? "T00:00:00Z"
		       : n == 16 ? ":00Z"
		       : n == 19 ? "Z"
				 : "");
	if (n > 10 && full[10] == ' ')
		full[10] = 'T';
	if (!clock_parse_rfc3339(full, &ms))
		return false;
	clock_rfc3339(ms, out);
	return true;
}

/* The same row has the same id, so that it is not imported twice. */
static KR_FALLIBLE make_id(const struct csv_row *row, const char *time,
			   char out[ROTATION_LEN])
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(64 * 1024);
	kr_cleanup(secret_freep) struct secret *bytes = NULL;
	char hash[SECRET_FINGERPRINT_LEN];
	struct err *err;

	for (size_t i = 0; i < row->count; i++)
		buf_printf(&text, "%s\n", row->cells[i]);
	err = buf_check(&text, "a row");
	if (!err)
		err = secret_from_bytes(buf_str(&text), text.len, &bytes);
	if (!err)
		err = secret_fingerprint(bytes, hash);
	if (err)
		return err;
	(void)snprintf(out, ROTATION_LEN, "kr-%.4s%.2s%.2s-%.6s", time,
		       time + 5, time + 8, hash);
	return NULL;
}

static char *lower(char *text)
{
	static const char prefix[] = "sha256:";

	if (strncasecmp(text, prefix, strlen(prefix)) == 0)
		text += strlen(prefix);
	for (char *p = text; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

static KR_FALLIBLE put(struct import *import, const struct csv_row *row,
		       const char *cells[COLUMN_COUNT])
{
	char time[CLOCK_RFC3339_LEN], id[ROTATION_LEN];
	const struct ledger_record record = {
		.rotation =
			cells[COLUMN_ROTATION] ? cells[COLUMN_ROTATION] : id,
		.step = "imported",
		.time = time,
		.outcome =
			cells[COLUMN_OUTCOME] ? cells[COLUMN_OUTCOME] : "done",
		.context = cells[COLUMN_CONTEXT],
		.namespace_ = cells[COLUMN_NAMESPACE],
		.operator_ = cells[COLUMN_OPERATOR],
		.operator_from = cells[COLUMN_OPERATOR] ? "import" : NULL,
		.fingerprint = cells[COLUMN_FINGERPRINT],
		.previous_fingerprint = cells[COLUMN_PREVIOUS],
		.store_entry = cells[COLUMN_STORE_ENTRY],
	};
	bool was_there = false;
	struct err *err;

	if (!cells[COLUMN_TIME] || !read_time(cells[COLUMN_TIME], time))
		return err_new(KR_EINVALID,
			       "its time is not like 2026-11-22T21:50:46Z");
	err = make_id(row, time, id);
	if (!err && !import->write)
		err = ledger_check_record(&record);
	else if (!err)
		err = ledger_append(import->ledger, &record, &was_there);
	import->added += !err && import->write && !was_there;
	return err;
}

static KR_FALLIBLE on_row(void *user, const struct csv_row *row)
{
	struct import *import = user;
	const char *cells[COLUMN_COUNT] = { NULL };
	struct err *err = NULL;

	if (!import->n_columns)
		return read_header(import, row);
	if (row->count > import->n_columns)
		return err_new(KR_EINVALID,
			       "line %zu has more cells than there are columns",
			       row->line);
	if (++import->rows > MAX_ROWS)
		return err_new(KR_EINVALID, "it has more than %d rows",
			       MAX_ROWS);
	for (size_t i = 0; i < row->count; i++) {
		enum column c = import->columns[i];

		if (*row->cells[i])
			cells[c] =
				c == COLUMN_FINGERPRINT || c == COLUMN_PREVIOUS
					? lower(row->cells[i])
					: row->cells[i];
	}
	err = put(import, row, cells);
	return err_wrap(err, "line %zu", row->line);
}

static KR_FALLIBLE pass(struct import *import, const char *text)
{
	kr_cleanup(str_freep) char *copy = strdup(text);

	if (!copy)
		return err_no_memory();
	import->rows = import->n_columns = 0;
	return csv_read(copy, on_row, import);
}

KR_FALLIBLE ledgerimport_run(struct result *result, struct ledger *ledger,
			     const char *path)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_FILE);
	struct import import = { .ledger = ledger };
	struct err *err = file_read(path, &text);

	if (err)
		return err_is(err, KR_ENOMEM) ? err : err_as(err, KR_EUSAGE);
	err = pass(&import, buf_str(&text));
	import.write = true;
	if (!err)
		err = pass(&import, buf_str(&text));
	if (!err && import.added)
		err = ledger_checkpoint(ledger);
	json_set_int(result->document, "rows", (long long)import.rows);
	json_set_int(result->document, "imported", (long long)import.added);
	if (err_is(err, KR_EINVALID))
		return err_as(err_wrap(err, "%s", path), KR_EUSAGE);
	if (!err)
		buf_printf(&result->text,
			   "%zu of %zu rows imported, the others were there\n",
			   import.added, import.rows);
	return err;
}
