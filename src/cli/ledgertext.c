#include "cli/ledgertext.h"

#include <stdio.h>
#include <string.h>

#include "base/columns.h"
#include "base/json.h"
#include "ledger/schema.h"

#define SHORT_HASH 12

/* A column of the table: what it shows and how wide it is. */
static const struct {
	const char *head;
	const char *field;
	size_t columns;
} columns[] = {
	{ "TIME", "time", 20 },	       { "ROTATION", "rotation", 18 },
	{ "STEP", "step", 18 },	       { "OUTCOME", "outcome", 11 },
	{ "CONTEXT", "context", 20 },  { "KEY", "fingerprint", SHORT_HASH },
	{ "OPERATOR", "operator", 0 },
};

void ledgertext_row(const struct cJSON *line, size_t limit, struct buf *out)
{
	struct columns row = { .to = out, .limit = limit };
	char key[SHORT_HASH + 1];

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		const char *text = columns[i].head;

		if (line)
			text = json_member_str(line, columns[i].field);
		if (text && columns[i].columns == SHORT_HASH) {
			(void)snprintf(key, sizeof(key), "%s", text);
			text = key;
		}
		columns_cell(&row, text ? text : "-", columns[i].columns);
	}
	columns_end(&row);
}

static void put_quoted(struct buf *out, const char *text)
{
	bool quote = strpbrk(text, ",\"\r\n") != NULL;

	if (quote)
		buf_putc(out, '"');
	if (*text && strchr("=+-@\t\r", *text))
		buf_putc(out, '\'');
	for (; *text; text++) {
		if (*text == '"')
			buf_putc(out, '"');
		buf_putc(out, *text);
	}
	if (quote)
		buf_putc(out, '"');
}

static void put_value(struct buf *out, const struct cJSON *value)
{
	kr_cleanup(buf_release) struct buf joined = BUF_INIT(64 * 1024);
	kr_cleanup(str_freep) char *json = NULL;

	if (json_text(value)) {
		put_quoted(out, json_text(value));
	} else if (json_is_array(value)) {
		for (const struct cJSON *i = json_first(value); i;
		     i = json_next(i)) {
			if (joined.len)
				buf_putc(&joined, ' ');
			buf_puts(&joined, json_text(i) ? json_text(i) : "");
		}
		put_quoted(out, buf_str(&joined));
	} else if (value) {
		err_free(json_print(value, &json));
		put_quoted(out, json ? json : "");
	}
}

void ledgertext_csv(const struct cJSON *line, struct buf *out)
{
	const char *name;

	if (line)
		buf_printf(out, "%lld", json_int(line, "seq", -1));
	else
		buf_puts(out, "seq");
	for (size_t i = 0; (name = schema_record_field(i)); i++) {
		buf_putc(out, ',');
		if (line)
			put_value(out, json_member(line, name));
		else
			buf_puts(out, name);
	}
	buf_puts(out, line ? "," : ",hash");
	if (line)
		put_value(out, json_member(line, "hash"));
	buf_puts(out, "\r\n");
}
