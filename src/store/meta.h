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

/*
 * The next "name<separator>value" line of a text: *text and *len move past
 * it. *out_found is false at the end. KR_ESTORE where it is no such line.
 */
struct meta_line {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};
KR_FALLIBLE meta_next_line(const char **text, size_t *len, char separator,
			   struct meta_line *out, bool *out_found);
bool meta_line_is(const struct meta_line *line, const char *name);

#define META_MAC_LEN 65 /* 64 hex digits and the NUL */

/*
 * HMAC-SHA256 of the lines under a key derived (HKDF-SHA256, no salt, info
 * "keyrot entry metadata 1") from the entry's own key: who does not know the
 * key cannot change what is said of it.
 */
KR_FALLIBLE meta_mac(const char *lines, size_t len, const struct secret *key,
		     char out[META_MAC_LEN]);

/* The line that goes behind them. */
KR_FALLIBLE meta_put_mac(struct buf *lines, const struct secret *key);

/*
 * Finds that line. What is before it is signed; *out_mac has META_MAC_LEN - 1
 * digits. false where there is none.
 */
bool meta_find_mac(const char *text, size_t len, size_t *out_signed_len,
		   const char **out_mac);

/* KR_ESTORE, reason "Mismatch", where `mac` is not that of the lines. */
KR_FALLIBLE meta_check_mac(const char *lines, size_t len,
			   const struct secret *key, const char *mac);

#endif
