/*
 * Any bytes as a stream of lines: the pieces in which they arrive (the first
 * byte says how long) change nothing of what is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/lines.h"

#define MAX_LINE 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct err *take(void *user, const char *line, size_t len)
{
	struct buf *seen = user;

	if (len > MAX_LINE || strlen(line) > len || memchr(line, '\n', len))
		abort();
	buf_append(seen, line, len);
	buf_putc(seen, '\n');
	return NULL;
}

static bool feed(const char *data, size_t size, size_t piece, int flags,
		 struct buf *seen)
{
	struct lines lines;
	struct err *err = NULL;
	bool good;

	lines_init(&lines, MAX_LINE, flags, take, seen);
	for (size_t at = 0; !err && at < size; at += piece)
		err = lines_feed(&lines, data + at,
				 size - at < piece ? size - at : piece);
	good = !err;
	err_free(err);
	lines_release(&lines);
	return good;
}

static void compare(const char *data, size_t size, size_t piece, int flags)
{
	struct buf whole = BUF_INIT(1 << 20), pieces = BUF_INIT(1 << 20);
	bool one = feed(data, size, size, flags, &whole);
	bool other = feed(data, size, piece, flags, &pieces);

	if (one != other || whole.len != pieces.len ||
	    memcmp(buf_str(&whole), buf_str(&pieces), whole.len) != 0)
		abort();
	if (flags & LINES_CUT && !one)
		abort();
	buf_release(&whole);
	buf_release(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	compare((const char *)data + 1, size - 1, data[0] % 70u + 1, 0);
	compare((const char *)data + 1, size - 1, data[0] % 70u + 1, LINES_CUT);
	return 0;
}
