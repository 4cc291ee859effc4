/*
 * Looks for secrets in what others print, for as long as that takes, without
 * having them: kept are 64 bits of each window under a random AES key of its
 * own. Who reads this memory has to try the 2^64 values that eight bytes can
 * have before the first of them is known.
 *
 * A window is 8 bytes of a secret as it is, 12 of its base64 (at any
 * alignment) or 16 of its hex: a quoted piece is found as well as the whole.
 */
#ifndef KR_SECRET_SEARCH_H
#define KR_SECRET_SEARCH_H

#include "secret/secret.h"

struct secret_search;

KR_FALLIBLE secret_search_new(struct secret_search **out);
/*
 * The secret may be wiped afterwards. NULL and the empty one are fine, and
 * never found; one that is there already changes nothing. Costs some 8 bytes
 * for each byte of each form.
 */
KR_FALLIBLE secret_search_add(struct secret_search *search,
			      const struct secret *secret);
/*
 * Whether `text` holds a window of any of them; false for a search of NULL.
 * From several threads at once, if nothing is added meanwhile. true where
 * memory is out: what could not be searched is not clean.
 */
bool secret_search_finds(const struct secret_search *search, const char *text,
			 size_t len);

/* NULL is fine. */
void secret_search_free(struct secret_search *search);
KR_DEFINE_FREEP(secret_search)

#endif
