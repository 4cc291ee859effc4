/*
 * Finds keys in any text, knowing of them no more than their fingerprints, and
 * values that look like one where a key would stand.
 *
 * A known key is found as the text itself, in base64 (a Secret's data), in the
 * URL-safe alphabet, with or without padding, in hex, and as its raw bytes in
 * base64 or hex; also after a prefix such as `KEY=`, `path/` or `x-`. Keys of
 * another format than `spec` are found where they are a whole line, or all
 * that stands behind a name and ':' or '='.
 *
 * A value of the key's shape is a find only where it is all that stands behind
 * a name, and that name is the entry's, or the text is a manifest of kind
 * Secret. Texts are fed in pieces of any size; memory does not grow with them,
 * and nothing of them is ever given back: a find is a line and a fingerprint.
 */
#ifndef KR_SECRET_KEYHUNT_H
#define KR_SECRET_KEYHUNT_H

#include "secret/keyspec.h"

struct keyhunt;

enum keyhunt_rule {
	KEYHUNT_KNOWN,	/* the fingerprint is a known key's */
	KEYHUNT_SHAPED, /* looks like a key */
};

struct keyhunt_find {
	enum keyhunt_rule rule;
	size_t line; /* from 1 */
	const char *fingerprint;
};

/* An error ends the feeding and is returned by it. */
typedef struct err *keyhunt_on_find(void *user,
				    const struct keyhunt_find *find);

/* Borrowed until keyhunt_new() returns. */
struct keyhunt_options {
	struct keyspec spec;
	const char *entry; /* of the Secret: "SECRET_ENCRYPTION_KEY" */
	keyhunt_on_find *on_find;
	void *user;
};

KR_FALLIBLE keyhunt_new(const struct keyhunt_options *options,
			struct keyhunt **out);
void keyhunt_free(struct keyhunt *hunt);
KR_DEFINE_FREEP(keyhunt)

/* A known fingerprint: 64 hex digits; anything else is passed over. Twice is
 * once. */
KR_FALLIBLE keyhunt_know(struct keyhunt *hunt, const char *fingerprint);
size_t keyhunt_known(const struct keyhunt *hunt);
/* Values with this fingerprint are no finds by their shape. */
KR_FALLIBLE keyhunt_allow(struct keyhunt *hunt, const char *fingerprint);

/* A text: begin, feed in pieces, end. */
void keyhunt_begin(struct keyhunt *hunt);
KR_FALLIBLE keyhunt_feed(struct keyhunt *hunt, const char *data, size_t len);
KR_FALLIBLE keyhunt_end(struct keyhunt *hunt);

#endif
