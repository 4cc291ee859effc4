/*
 * Owned strings in structs.
 */
#ifndef KR_BASE_STR_H
#define KR_BASE_STR_H

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/*
 * Replaces *field by a copy of text (NULL: by NULL). false without memory,
 * with *field as it was: a builder collects the answers and checks once.
 */
static inline bool str_keep(char **field, const char *text)
{
	char *copy = NULL;

	if (text) {
		copy = strdup(text);
		if (!copy)
			return false;
	}
	free(*field);
	*field = copy;
	return true;
}

/* Equal, or both NULL. */
static inline bool str_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Equal and known: two that are not there are not the same. */
static inline bool str_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

#endif
