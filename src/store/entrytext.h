/*
 * An entry as one text, for password managers that keep texts: the key in the
 * first line, its metadata in the lines below, then their MAC. What people add
 * after that is left alone.
 *
 * A key that is no single line (a line break or NUL in it: keys that were live
 * before this program came can be anything) stands there in base64, and a line
 * "key-encoding: base64" says so.
 */
#ifndef KR_STORE_ENTRYTEXT_H
#define KR_STORE_ENTRYTEXT_H

#include "store/store.h"

#define ENTRYTEXT_MAX_BYTES (SECRET_MAX_BYTES / 4 * 3)

KR_FALLIBLE entrytext_format(const struct store_meta *meta,
			     const struct secret *key, struct secret **out);

/* KR_ESTORE, reason "Mismatch", where the text was changed. */
KR_FALLIBLE entrytext_parse(const struct secret *text,
			    struct store_meta *out_meta,
			    struct secret **out_key);

#endif
