/*
 * Small helpers of the practice API server: growing buffers, time, random
 * names, base64 and hashes. Running out of memory ends the process: this is
 * a test fixture, and a half-served request would only confuse a test.
 */
#ifndef PRACTICE_UTIL_H
#define PRACTICE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A growing byte buffer; data is always followed by a NUL byte. */
struct buf {
	char *data;
	size_t len;
	size_t cap;
};

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_str(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void buf_release(struct buf *buf);

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool str_eq(const char *a, const char *b);
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);

/* Milliseconds of the monotonic clock. */
int64_t now_ms(void);
void sleep_ms(int64_t ms);

/* RFC 3339 in UTC: whole seconds, or with six or nine digits. */
#define TIME_LEN 40
void time_seconds(char out[TIME_LEN]);
void time_micro(char out[TIME_LEN]);
void time_nano(char out[TIME_LEN]);

/* Parses RFC 3339 into seconds since the epoch; false if it is malformed. */
bool time_parse(const char *text, time_t *out);

/* "1m30s", "250ms", "2s": milliseconds, or fallback when unreadable. */
int64_t duration_ms(const char *text, int64_t fallback);

/* A random UUID. */
void uid_make(char out[37]);

/* A random suffix as generateName makes it. */
void suffix_make(char *out, size_t len);

char *base64_encode(const void *data, size_t len);

/*
 * Standard padded base64, strictly. Returns NULL on malformed input and sets
 * *out_at to the offset of the offending byte.
 */
char *base64_decode(const char *text, size_t *out_len, size_t *out_at);

/* Lower-case hex SHA-256. */
void sha256_hex(const void *data, size_t len, char out[65]);

/* A short stable hash in the alphabet of pod-template-hash. */
void short_hash(const char *text, char out[11]);

/* Reads a whole file; NULL when it cannot be read. */
char *file_read(const char *path, size_t *out_len);

/* Writes a file of mode 0600 by rename; ends the process on failure. */
void file_write(const char *path, const void *data, size_t len);

/* Prints to stderr and exits with status 2. */
void die(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

#endif
