/*
 * A growing byte buffer with a mandatory maximum.
 *
 * Appending never returns an error: the first failure (limit or memory) makes
 * the buffer `failed`, later appends do nothing, and buf_check() tells. So a
 * builder is straight-line code with one check at its end.
 *
 * data is always NUL-terminated once something was appended; use buf_str() to
 * get "" for an empty buffer. Growing allocates, copies and frees: with the
 * program's wiping free() nothing of the old contents is left behind.
 */
#ifndef KR_BASE_BUF_H
#define KR_BASE_BUF_H

#include <stddef.h>

#include "base/err.h"

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max_bytes;
	bool failed;
};

/* An initialiser for a local: struct buf b = BUF_INIT(64 * 1024); */
#define BUF_INIT(max) ((struct buf){ .max_bytes = (max) })

void buf_append(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
/* A Unicode scalar value, as UTF-8 (RFC 3629). */
void buf_put_utf8(struct buf *b, uint32_t c);
void buf_printf(struct buf *b, const char *format, ...) KR_PRINTF(2, 3);

/* Appends text percent-encoded for a URL path segment or query value. */
void buf_url(struct buf *b, const char *text);

/* Forgets the contents and the failure, keeps the memory (wiped). */
void buf_reset(struct buf *b);

/* Removes the first n bytes. */
void buf_consume(struct buf *b, size_t n);

const char *buf_str(const struct buf *b);

/* KR_ENOMEM if any append failed; `what` names the thing for the text. */
KR_FALLIBLE buf_check(const struct buf *b, const char *what);

/* Hands the text over (malloc'd, never NULL unless failed). */
char *buf_take(struct buf *b);

void buf_release(struct buf *b);

#endif
