#include "store/meta.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "store/store_backend.h"

#define MAX_ID 100

static const struct {
	const char *name;
	size_t offset; /* of the string; the role is no string */
} fields[] = {
	{ "id", offsetof(struct store_meta, id) },
	{ "rotation", offsetof(struct store_meta, rotation) },
	{ "fingerprint", offsetof(struct store_meta, fingerprint) },
	{ "operator", offsetof(struct store_meta, operator_) },
	{ "created-at", offsetof(struct store_meta, created_at) },
	{ "service", offsetof(struct store_meta, service) },
	{ "secret", offsetof(struct store_meta, secret) },
	{ "ledger", offsetof(struct store_meta, ledger) },
};

#define FIELD_COUNT (sizeof(fields) / sizeof(*fields))

static char **field_of(struct store_meta *meta, size_t i)
{
	return (char **)(void *)((char *)meta + fields[i].offset);
}

static const char *value_of(const struct store_meta *meta, size_t i)
{
	const char *const *at =
		(const char *const *)(const void *)((const char *)meta +
						    fields[i].offset);

	return *at ? *at : "";
}

void store_meta_release(struct store_meta *meta)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		free(*field_of(meta, i));
	*meta = (struct store_meta){ 0 };
}

/* Callers may print every field without looking. */
static bool fill_empty(struct store_meta *meta)
{
	bool ok = true;

	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (!*field_of(meta, i))
			ok = str_keep(field_of(meta, i), "") && ok;
	return ok;
}

KR_FALLIBLE meta_copy(const struct store_meta *meta, struct store_meta *out)
{
	kr_cleanup(store_meta_release) struct store_meta copy = {
		.role = meta->role,
	};
	bool ok = true;

	for (size_t i = 0; i < FIELD_COUNT; i++)
		ok = str_keep(field_of(&copy, i), value_of(meta, i)) && ok;
	if (!ok)
		return err_no_memory();
	*out = copy;
	copy = (struct store_meta){ 0 };
	return NULL;
}

bool meta_id_is_valid(const char *id)
{
	size_t n = id ? strlen(id) : 0;

	if (n == 0 || n > MAX_ID || *id == '.' || *id == '-')
		return false;
	for (; *id; id++)
		if (!isascii((unsigned char)*id) ||
		    (!isalnum((unsigned char)*id) && !strchr("-_.", *id)))
			return false;
	return true;
}

static void put_line(struct buf *out, const char *name, const char *separator,
		     const char *value)
{
	if (!*value)
		return;
	buf_puts(out, name);
	buf_puts(out, separator);
	for (; *value; value++)
		buf_putc(out, iscntrl((unsigned char)*value) ? '?' : *value);
	buf_putc(out, '\n');
}

void meta_format(const struct store_meta *meta, const char *separator,
		 struct buf *out)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		put_line(out, fields[i].name, separator, value_of(meta, i));
	put_line(out, "role", separator,
		 meta->role == STORE_PREVIOUS ? "previous" : "new");
}

KR_FALLIBLE meta_next_line(const char **text, size_t *len, char separator,
			   struct meta_line *out, bool *out_found)
{
	const char *end, *at;
	size_t n;

	*out_found = *len > 0;
	if (!*len)
		return NULL;
	end = memchr(*text, '\n', *len);
	n = end ? (size_t)(end - *text) : *len;
	at = memchr(*text, separator, n);
	if (!at)
		return store_error("StoreFailed",
				   "a line of metadata is no \"name%cvalue\"",
				   separator);
	out->name = *text;
	out->name_len = (size_t)(at - *text);
	out->value = at + 1;
	out->value_len = n - out->name_len - 1;
	while (out->value_len && separator == ':' && *out->value == ' ') {
		out->value++;
		out->value_len--;
	}
	*text += n + (end != NULL);
	*len -= n + (end != NULL);
	return NULL;
}

bool meta_line_is(const struct meta_line *line, const char *name)
{
	return line->name_len == strlen(name) &&
	       memcmp(line->name, name, line->name_len) == 0;
}

static bool is_fingerprint(const char *text)
{
	return strlen(text) == SECRET_FINGERPRINT_LEN - 1 &&
	       strspn(text, "0123456789abcdef") == SECRET_FINGERPRINT_LEN - 1;
}

static struct err *take_role(struct store_meta *meta,
			     const struct meta_line *line)
{
	static const char previous[] = "previous", new[] = "new";

	if (line->value_len == sizeof(previous) - 1 &&
	    memcmp(line->value, previous, line->value_len) == 0)
		meta->role = STORE_PREVIOUS;
	else if (line->value_len != sizeof(new) - 1 ||
		 memcmp(line->value, new, line->value_len) != 0)
		return store_error("StoreFailed",
				   "metadata name an unknown role");
	return NULL;
}

/* Only what is known is copied: another line may hold the key. */
static struct err *take_line(struct store_meta *meta,
			     const struct meta_line *line)
{
	if (meta_line_is(line, "role"))
		return take_role(meta, line);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		char *value;

		if (!meta_line_is(line, fields[i].name))
			continue;
		if (memchr(line->value, '\0', line->value_len))
			return store_error("StoreFailed",
					   "metadata hold a NUL byte");
		value = strndup(line->value, line->value_len);
		if (!value)
			return err_no_memory();
		free(*field_of(meta, i));
		*field_of(meta, i) = value;
		return NULL;
	}
	return NULL;
}

static struct err *check_values(const struct store_meta *meta)
{
	int64_t when;

	if (*meta->id && !meta_id_is_valid(meta->id))
		return store_error("StoreFailed",
				   "metadata hold an impossible id");
	if (*meta->fingerprint && !is_fingerprint(meta->fingerprint))
		return store_error("StoreFailed",
				   "metadata hold an impossible fingerprint");
	if (*meta->created_at && !clock_parse_rfc3339(meta->created_at, &when))
		return store_error("StoreFailed",
				   "metadata hold an impossible time");
	return NULL;
}

KR_FALLIBLE meta_parse(const char *text, size_t len, char separator,
		       struct store_meta *out)
{
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	struct meta_line line;
	bool found = true;
	struct err *err = NULL;

	while (!err && found) {
		err = meta_next_line(&text, &len, separator, &line, &found);
		if (!err && found)
			err = take_line(&meta, &line);
	}
	if (!err && !fill_empty(&meta))
		err = err_no_memory();
	if (!err)
		err = check_values(&meta);
	if (err)
		return err;
	*out = meta;
	meta = (struct store_meta){ 0 };
	return NULL;
}
