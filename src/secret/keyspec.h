/*
 * What a key looks like, as keyrot.yaml's secret.format says.
 *
 * The key is text: `bytes` random bytes in `encoding`. Its fingerprint is
 * that of the text, without a newline.
 */
#ifndef KR_SECRET_KEYSPEC_H
#define KR_SECRET_KEYSPEC_H

#include "secret/secret.h"

enum key_encoding {
	KEY_BASE64,
	KEY_BASE64URL, /* without padding */
	KEY_HEX,       /* made in lower case, accepted in either */
	KEY_RAW,       /* the bytes themselves */
};

struct keyspec {
	size_t bytes;
	enum key_encoding encoding;
};

#define KEYSPEC_DEFAULT                                                        \
	((struct keyspec){ .bytes = 32, .encoding = KEY_BASE64 })

/* "base64", "base64url", "hex", "raw". */
KR_FALLIBLE keyspec_parse_encoding(const char *text, enum key_encoding *out);
const char *keyspec_encoding_name(enum key_encoding encoding);

/* A fresh key from the operating system's generator. */
KR_FALLIBLE keyspec_generate(const struct keyspec *spec, struct secret **out);

/*
 * Checks a key that came from a person or a file. KR_ECONFIG names what is
 * wrong (length, trailing newline, CRLF, NUL byte, not base64, empty, ...) by
 * position and count, never by content. `source` names where it came from.
 * A key of all-equal bytes is refused, too.
 */
KR_FALLIBLE keyspec_check(const struct keyspec *spec, const struct secret *key,
			  const char *source);

/*
 * Takes off what every editor and `echo` adds: one trailing LF or CRLF. Says
 * whether there was one. Never done to what came back from a store.
 */
bool keyspec_strip_newline(struct secret *key);

#endif
