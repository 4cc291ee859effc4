/*
 * Opaque secret bytes.
 *
 * The bytes live in pages of their own that are locked into memory where the
 * limit allows it, left out of core dumps, wiped in forked children, and wiped
 * when freed. No formatter, buffer or JSON function takes a struct secret:
 * secret_expose() is the only door, and its callers are counted by a test.
 */
#ifndef KR_SECRET_SECRET_H
#define KR_SECRET_SECRET_H

#include <stddef.h>

#include "base/err.h"

struct secret;

#define SECRET_MAX_BYTES       (4 * 1024 * 1024)
#define SECRET_FINGERPRINT_LEN 65 /* 64 hex digits and the NUL */

/* len zero bytes to be filled by secret_bytes(); len may be 0. */
KR_FALLIBLE secret_new(size_t len, struct secret **out);

/* A copy; the caller still has to wipe its own. */
KR_FALLIBLE secret_from_bytes(const void *bytes, size_t len,
			      struct secret **out);

/* Fills `s` from the operating system's generator (OpenSSL's private one). */
KR_FALLIBLE secret_random(size_t len, struct secret **out);

/* Writable bytes, while a secret is being built. */
unsigned char *secret_bytes(struct secret *s);

/*
 * Read-only bytes, NUL-terminated for the benefit of C interfaces (the NUL is
 * not counted by secret_len()). Use at the very edge: a pipe, a TLS body.
 */
const unsigned char *secret_expose(const struct secret *s);
size_t secret_len(const struct secret *s);

/* Shortens to len; the rest is wiped. */
void secret_truncate(struct secret *s, size_t len);

/* Constant-time in the contents. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* Lower-case hex SHA-256 of the bytes: what people and records may see. */
KR_FALLIBLE secret_fingerprint(const struct secret *s,
			       char out[SECRET_FINGERPRINT_LEN]);

/*
 * Whether `text` holds the secret or any window of it of >= 8 bytes, as it is,
 * in base64 (at any alignment) or in hex: for log lines and messages that are
 * about to be shown. For text that comes bit by bit: secret/search.h. true
 * where memory is out: what could not be searched is not clean.
 */
bool secret_occurs_in(const struct secret *s, const char *text, size_t len);

/* false where any page could not be locked (RLIMIT_MEMLOCK): doctor says it. */
bool secret_memory_is_locked(void);

/* NULL is fine. */
void secret_free(struct secret *s);
KR_DEFINE_FREEP(secret)

#endif
