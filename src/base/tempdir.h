/*
 * A folder for the files that another program wants to read or write: 0700, in
 * $TMPDIR or /tmp, gone with everything in it when it is freed. Not for
 * secrets.
 */
#ifndef KR_BASE_TEMPDIR_H
#define KR_BASE_TEMPDIR_H

#include <stddef.h>

#include "base/err.h"

struct tempdir;

KR_FALLIBLE tempdir_new(struct tempdir **out);
void tempdir_free(struct tempdir *dir);
KR_DEFINE_FREEP(tempdir)

/* The path of a file in it; malloc'd, NULL without memory. */
char *tempdir_file(const struct tempdir *dir, const char *name);

/*
 * Writes a file there, over one of that name (no sync: it need not outlive a
 * crash). *out_path (NULL allowed) is malloc'd.
 */
KR_FALLIBLE tempdir_write(const struct tempdir *dir, const char *name,
			  const void *data, size_t len, char **out_path);

#endif
