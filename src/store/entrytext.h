/*
 * An entry as one text, for password managers that keep texts: the key in the
 * first line, its metadata in the lines below, then their MAC. What people add
 * after that is left alone.
 *
 * A key that is no plain line of ASCII (keys that were live before this program
 * came can be anything) stands there in base64, and a line "key-encoding:
 * base64" says so. So the first line holds no quotation mark, no backslash and
 * no brace, and has no blank at its ends.
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

/*
 * The two parts: the first line without its break (a copy), and where the rest
 * of `text` begins. `text` is one of entrytext_format()'s.
 */
KR_FALLIBLE entrytext_split(const struct secret *text, struct secret **out_line,
			    const char **out_rest);

/* A line between two texts: for managers that want JSON. */
KR_FALLIBLE entrytext_wrap(const char *before, const struct secret *line,
			   const char *after, struct secret **out);

/* The other way: the line, a line break, the rest. */
KR_FALLIBLE entrytext_join(const struct secret *line, const char *rest,
			   size_t rest_len, struct secret **out);

#endif
