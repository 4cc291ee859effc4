/*
 * The forms in which a key can lie about, as hashes of all their windows: the
 * scanner does not hold what it looks for, and so does not find itself.
 */
#ifndef KR_TESTS_FORMS_H
#define KR_TESTS_FORMS_H

#include <stddef.h>
#include <stdint.h>

struct forms;

/* Windows of these sizes are looked for. */
#define WINDOW_BYTES 8	/* of what the key's text decodes to */
#define WINDOW_TEXT  12 /* of a text form: 9 bytes in base64 */
#define WINDOW_HEX   16 /* 8 bytes */
#define WINDOW_ESC   32 /* of escapes: 8 bytes as \\xff, 5 as \\u00ff */

/* NULL when out of memory. Keys are not kept. */
struct forms *forms_new(const unsigned char *key, size_t len);
/* One more to look for at the same time. */
void forms_add(struct forms *forms, const unsigned char *key, size_t len);
void forms_free(struct forms *forms);
size_t forms_count(const struct forms *forms); /* windows */

/*
 * The name of a form that has a window at `p` (`left` bytes are readable), or
 * NULL. *out_len is that window's size.
 */
const char *forms_at(const struct forms *forms, const unsigned char *p,
		     size_t left, size_t *out_len);

/* The first of them anywhere in `len` bytes, and where; NULL: none. */
const char *forms_find(const struct forms *forms, const unsigned char *data,
		       size_t len, size_t *out_at);

#endif
