/*
 * Base64 (RFC 4648, section 4) between secrets and text. Strict: no white
 * space, padding required, no bits left over. Not table-driven by secret
 * bytes where that would leak through the cache.
 */
#ifndef KR_SECRET_BASE64_H
#define KR_SECRET_BASE64_H

#include "secret/secret.h"

/* The text form, itself a secret. */
KR_FALLIBLE base64_encode(const struct secret *raw, struct secret **out);

/*
 * KR_EINVALID says at which byte the text stops being base64, never what
 * stands there.
 */
KR_FALLIBLE base64_decode(const char *text, size_t len, struct secret **out);

/* Size of the encoded form of n bytes, without a NUL. */
size_t base64_encoded_len(size_t n);

/* Encodes into out (base64_encoded_len(n) bytes, no NUL is added). */
void base64_encode_to(const unsigned char *raw, size_t n, char *out);

#endif
