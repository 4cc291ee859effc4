/*
 * A file of lines that only grows: journals and ledgers.
 *
 * One process writes at a time (flock). A line is one write(2) and is on disk
 * before the call returns. After a failed write or sync the log takes nothing
 * more: what the kernel dropped cannot be known, so it is not tried again.
 */
#ifndef KR_BASE_APPENDLOG_H
#define KR_BASE_APPENDLOG_H

#include <stddef.h>

#include "base/buf.h"

struct appendlog;

/*
 * Opens for appending; makes the file (0600) where it is not there. Room for
 * reserve_bytes more is taken on disk (0: none), so that a full disk shows
 * here and not between an effect and its record. KR_EHELD where another
 * process has it open for writing.
 *
 * A last line without its line end is one that a crash cut; one that holds NUL
 * has bytes that never came to the disk. It is removed, and *out_cut (NULL
 * allowed) says so.
 */
KR_FALLIBLE appendlog_open(const char *path, size_t reserve_bytes,
			   bool *out_cut, struct appendlog **out);

/* Appends text (without line end) and a line end; on disk on return. */
KR_FALLIBLE appendlog_add(struct appendlog *log, const char *text, size_t len);

/* What the file holds; under the limit of `out`. */
KR_FALLIBLE appendlog_read(const struct appendlog *log, struct buf *out);

/* Bytes in the file. */
size_t appendlog_size(const struct appendlog *log);

void appendlog_close(struct appendlog *log);
static inline void appendlog_closep(struct appendlog **p)
{
	appendlog_close(*p);
}

#endif
