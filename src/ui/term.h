/*
 * What the terminal can do, from its size and the environment.
 */
#ifndef KR_UI_TERM_H
#define KR_UI_TERM_H

#include <stdbool.h>
#include <stddef.h>

/* A terminal that can be written to in place (TERM is set and not "dumb"). */
bool term_is_live(int fd);

/* Colour: a terminal, no NO_COLOR, TERM not "dumb". */
bool term_has_colour(int fd);

/* Whether LC_ALL, LC_CTYPE or LANG name UTF-8. */
bool term_is_utf8(void);

/* Columns and rows; 80 and 24 where it does not tell. */
void term_size(int fd, int *out_columns, int *out_rows);

/* How long its lines may be; 0 where it is no terminal: as long as they are. */
size_t term_width(int fd);

#endif
