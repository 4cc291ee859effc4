/*
 * Memory that runs out where it is told to.
 */
#ifndef KR_TESTS_ALLOC_FAIL_H
#define KR_TESTS_ALLOC_FAIL_H

#include <stdbool.h>

/* Counts from here on: the n-th allocation fails, and with `all` those after
 * it; 0: none. */
void fail_at(long n, bool all);
/* None fails or is counted from here on. */
void fail_off(void);
/* Allocations that were counted. */
long fail_seen(void);
/* Blocks that were not given back; of the drivers in this process only. */
long fail_live(void);

/* Whether the last one that failed was asked for by that function of a shared
 * library, or below it. */
bool fail_was_in(const char *function);
/* The same, for where this is called from (a signal's handler). */
void fail_note_here(void);

#endif
