/*
 * Text for people: text that came from elsewhere made safe to show, and
 * suggestions for what was mistyped.
 */
#ifndef KR_BASE_TEXT_H
#define KR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A malloc'd copy without control characters and invalid UTF-8 (each becomes
 * '?'; a line break or tab becomes a space), at most max_bytes long ("..."
 * where cut). A terminal can be driven by escape sequences in a server's
 * message: nothing foreign is shown without this. NULL when out of memory.
 */
char *text_clean(const char *text, size_t len, size_t max_bytes);

/* Damerau-Levenshtein distance, at most 64 bytes a side are looked at. */
size_t text_distance(const char *a, const char *b);

/*
 * The candidate nearest to `word`, or NULL where none is near enough to be
 * what was meant. `candidates` ends with NULL.
 */
const char *text_suggest(const char *word, const char *const *candidates);

/* Columns that the UTF-8 text takes in a terminal. */
size_t text_columns(const char *text);

/* Bytes of the longest beginning that takes at most `columns`. */
size_t text_fit(const char *text, size_t columns);

bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);

#endif
