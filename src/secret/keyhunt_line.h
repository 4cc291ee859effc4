/*
 * Names and values of a line, for keyhunt.c alone.
 */
#ifndef KR_SECRET_KEYHUNT_LINE_H
#define KR_SECRET_KEYHUNT_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct keyhunt_view {
	const char *at;
	size_t len;
};

/* Without blanks, quotes, commas and semicolons around it. */
struct keyhunt_view keyhunt_trimmed(const char *at, size_t len);
bool keyhunt_has_blank(struct keyhunt_view v);
bool keyhunt_is_word(struct keyhunt_view v, const char *word);
/* A name that an entry of a Secret could have; no '/', so that annotations of
 * checksums are none. */
bool keyhunt_is_plain_name(struct keyhunt_view name);

/*
 * Name and value of "NAME: VALUE", "- NAME=VALUE",
 * "--from-literal=NAME=VALUE": the last separator counts, but for padding at
 * the end. No separator: an empty name.
 */
void keyhunt_split(struct keyhunt_view whole, struct keyhunt_view *out_name,
		   struct keyhunt_view *out_value);

#endif
