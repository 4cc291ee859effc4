/*
 * The text of one entry of a file store: metadata in the clear, a MAC over
 * them, and the key as a CMS message in PEM.
 *
 *	keyrot-entry: 1
 *	id: kr-20261122-7f3a9c
 *	...
 *	hmac-sha256: <64 hex>
 *	-----BEGIN CMS-----
 */
#ifndef KR_STORE_FILEENTRY_H
#define KR_STORE_FILEENTRY_H

#include "base/buf.h"
#include "store/store.h"

#define FILEENTRY_MAX_BYTES (8 * 1024 * 1024) /* 4 MiB in base64, and more */

/* The parts of an entry; all borrow from the text. */
struct fileentry {
	const char *head; /* the lines before the MAC */
	size_t head_len;
	const char *mac; /* META_MAC_LEN - 1 digits */
	const char *pem;
	size_t pem_len;
};

/* `recipients` is the folder of certificates. */
KR_FALLIBLE fileentry_format(const struct store_meta *meta,
			     const struct secret *key, const char *recipients,
			     struct buf *out);

/*
 * KR_ESTORE: "Mismatch" where it is damaged, "StoreFailed" where a later
 * version wrote it.
 */
KR_FALLIBLE fileentry_split(const struct buf *text, struct fileentry *out);

/* The metadata, which nothing has confirmed yet. */
KR_FALLIBLE fileentry_meta(const struct fileentry *entry,
			   struct store_meta *out);

/* Whether the metadata are those that were written with this key. */
KR_FALLIBLE fileentry_check(const struct fileentry *entry,
			    const struct secret *key);

#endif
