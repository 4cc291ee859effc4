/*
 * The forms that a key can have in a text, for keyhunt.c alone.
 */
#ifndef KR_SECRET_KEYHUNT_FORMS_H
#define KR_SECRET_KEYHUNT_FORMS_H

#include "secret/keyspec.h"

#define KEYHUNT_HASH 32
/* The longest text that is looked at as one value. */
#define KEYHUNT_VALUE ((size_t)4096)

struct keyhunt_forms {
	struct keyspec spec;
	void *context, *sha256; /* OpenSSL's */
};

KR_FALLIBLE keyhunt_forms_init(struct keyhunt_forms *forms,
			       const struct keyspec *spec);
void keyhunt_forms_release(struct keyhunt_forms *forms);

/* 64 hex digits in either case; false where it is something else. */
bool keyhunt_parse_hash(const char *text, unsigned char out[KEYHUNT_HASH]);
void keyhunt_format_hash(const unsigned char hash[KEYHUNT_HASH],
			 char out[SECRET_FINGERPRINT_LEN]);

/*
 * Gets the SHA-256 of what a window may stand for. `shaped`: by its length,
 * alphabet and variety it is a key of the format, and not just a text.
 */
typedef struct err *keyhunt_on_hash(void *user,
				    const unsigned char hash[KEYHUNT_HASH],
				    bool shaped);

/*
 * All of `text` as a value: as it is, decoded, and in the forms of the key's
 * format.
 */
KR_FALLIBLE keyhunt_try_value(struct keyhunt_forms *forms, const char *text,
			      size_t len, keyhunt_on_hash *on_hash, void *user);

/*
 * A run of letters, digits and "+/-_", with what may have been glued to either
 * side of the key: windows at its ends and at each of those four.
 */
KR_FALLIBLE keyhunt_try_run(struct keyhunt_forms *forms, const char *run,
			    size_t len, keyhunt_on_hash *on_hash, void *user);

#endif
