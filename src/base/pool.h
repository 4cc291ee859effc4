/*
 * The same work for many things, side by side within a bound.
 */
#ifndef KR_BASE_POOL_H
#define KR_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

/* Item `index`; false: nothing further is begun. Called by several threads. */
typedef bool pool_work(void *user, size_t index);

/*
 * Works on items 0 to n - 1, begun in this order, at most `bound` at a time;
 * the caller's thread takes part, so that it goes on (one after the other)
 * where no thread can be started. Returns when all that was begun has ended:
 * how many were.
 */
size_t pool_run(size_t n, size_t bound, pool_work *work, void *user);

#endif
