/*
 * A ledger in memory, made by the program's own functions.
 */
#ifndef KR_TESTS_LEDGER_SAMPLE_H
#define KR_TESTS_LEDGER_SAMPLE_H

#include "base/buf.h"

#define SAMPLE_MAX_BYTES ((size_t)256 * 1024 * 1024)

/*
 * Appends a ledger of n lines: the first one, records (one in a hundred with a
 * soak), a checkpoint after every ten. The same every time.
 */
KR_FALLIBLE sample_make(size_t n, struct buf *out);

#endif
