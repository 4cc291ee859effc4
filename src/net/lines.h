/*
 * A stream of bytes cut into lines, however the pieces arrive.
 *
 * Used for watch events (one JSON object a line) and for logs. A line longer
 * than the cap is either an error or, with LINES_CUT, handed over up to the
 * cap while the rest of it is thrown away.
 */
#ifndef KR_NET_LINES_H
#define KR_NET_LINES_H

#include "base/buf.h"

enum lines_flags {
	LINES_CUT = 1, /* cut long lines instead of failing */
};

/* `line` is NUL-terminated, without its newline (and without a carriage
 * return before it); borrowed for the call. An error ends the feeding. */
typedef struct err *lines_on_line(void *user, const char *line, size_t len);

struct lines {
	struct buf rest; /* the line that has not ended yet */
	size_t max_bytes;
	int flags;
	bool cutting; /* the rest of a cut line is being thrown away */
	lines_on_line *on_line;
	void *user;
};

/* Allocates nothing. */
void lines_init(struct lines *lines, size_t max_bytes, int flags,
		lines_on_line *on_line, void *user);

/*
 * Gives each line that ends in `data` to on_line. Returns on_line's error, or
 * KR_ECLUSTER for a line over the cap. After an error only lines_reset() and
 * lines_release() may be called.
 */
KR_FALLIBLE lines_feed(struct lines *lines, const char *data, size_t len);

/* Gives the last line, where it has no newline. Empty: nothing. */
KR_FALLIBLE lines_end(struct lines *lines);

/* Bytes of a line that has begun. */
size_t lines_pending(const struct lines *lines);

/* Forgets a line that has begun, for a new stream. */
void lines_reset(struct lines *lines);
void lines_release(struct lines *lines);

#endif
