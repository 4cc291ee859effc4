#include "net/lines.h"

#include <string.h>

void lines_init(struct lines *lines, size_t max_bytes, int flags,
		lines_on_line *on_line, void *user)
{
	*lines = (struct lines){
		.rest = BUF_INIT(max_bytes),
		.max_bytes = max_bytes,
		.flags = flags,
		.on_line = on_line,
		.user = user,
	};
}

static struct err *too_long(const struct lines *lines)
{
	return err_new(KR_ECLUSTER, "a line is longer than %zu bytes",
		       lines->max_bytes);
}

/* Keeps a piece of a line whose end has not come. */
static struct err *keep(struct lines *lines, const char *data, size_t len)
{
	size_t room = lines->max_bytes - lines->rest.len;

	if (lines->cutting)
		return NULL;
	if (len > room) {
		if (!(lines->flags & LINES_CUT))
			return too_long(lines);
		len = room;
		lines->cutting = true;
	}
	buf_append(&lines->rest, data, len);
	return buf_check(&lines->rest, "a line");
}

static struct err *give(struct lines *lines)
{
	struct buf *rest = &lines->rest;
	struct err *err;

	if (rest->len && rest->data[rest->len - 1] == '\r' && !lines->cutting)
		rest->data[--rest->len] = '\0';
	err = lines->on_line(lines->user, buf_str(rest), rest->len);
	lines->cutting = false;
	/* buf_reset() would wipe the whole capacity for every line. */
	rest->len = 0;
	if (rest->data)
		rest->data[0] = '\0';
	return err;
}

KR_FALLIBLE lines_feed(struct lines *lines, const char *data, size_t len)
{
	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;
		struct err *err = keep(lines, data, n);

		if (!err && newline)
			err = give(lines);
		if (err)
			return err;
		n += newline ? 1 : 0;
		data += n;
		len -= n;
	}
	return NULL;
}

KR_FALLIBLE lines_end(struct lines *lines)
{
	if (!lines->rest.len && !lines->cutting)
		return NULL;
	return give(lines);
}

size_t lines_pending(const struct lines *lines)
{
	return lines->rest.len;
}

void lines_reset(struct lines *lines)
{
	buf_reset(&lines->rest);
	lines->cutting = false;
}

void lines_release(struct lines *lines)
{
	buf_release(&lines->rest);
}
