/*
 * Metadata as text: one line a field, "name: value" in files and "name=value"
 * in the protocol of `exec`.
 */
#ifndef KR_STORE_META_H
#define KR_STORE_META_H

#include "base/buf.h"
#include "store/store.h"

/* Letters, digits, '-', '_' and '.', not at its start; at most 100. */
bool meta_id_is_valid(const char *id);

KR_FALLIBLE meta_copy(const struct store_meta *meta, struct store_meta *out);

/*
 * Control characters in values become '?'; fields that are not set are left
 * out.
 */
void meta_format(const struct store_meta *meta, const char *separator,
		 struct buf *out);

/*
 * Names that are not known are ignored: a later version may have written
 * them. KR_ESTORE where a line is no field, or a value is impossible.
 */
KR_FALLIBLE meta_parse(const char *text, size_t len, char separator,
		       struct store_meta *out);

/* The value of one line of such a text, malloc'd; NULL where not there. */
char *meta_field(const char *text, size_t len, char separator,
		 const char *name);

#define META_MAC_LEN  65 /* 64 hex digits and the NUL */
#define META_MAC_NAME "hmac-sha256"

/*
 * HMAC-SHA256 of the lines under a key derived (HKDF-SHA256, no salt, info
 * "keyrot entry metadata 1") from the entry's own key: who does not know the
 * key cannot change what is said of it.
 */
KR_FALLIBLE meta_mac(const char *lines, size_t len, const struct secret *key,
		     char out[META_MAC_LEN]);

/* KR_ESTORE, reason "Mismatch", where `mac` is not that of the lines. */
KR_FALLIBLE meta_check_mac(const char *lines, size_t len,
			   const struct secret *key, const char *mac);

#endif
