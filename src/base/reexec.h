/*
 * This program anew in this process: same pid, terminal, descriptors 0 to 2,
 * folder and environment; an address space of its own, in which nothing is
 * left of what the old one held.
 */
#ifndef KR_BASE_REEXEC_H
#define KR_BASE_REEXEC_H

#include "base/buf.h"

/* What a pipe takes at once; more is not handed over. */
#define REEXEC_MAX_BYTES (1024u * 1024)

/*
 * Starts it with argv; `data` goes through a pipe that only it reads, not
 * through its arguments or environment. Stop requests that come meanwhile are
 * held back until it asks for them (stop_install()). Returns only where it
 * could not be done.
 */
KR_FALLIBLE reexec(const char *const *argv, const struct buf *data);

/*
 * In the new one: what was handed over, once; *out_found is false where there
 * is nothing. `out` is limited by REEXEC_MAX_BYTES.
 */
KR_FALLIBLE reexec_take(struct buf *out, bool *out_found);

/* Whether a path names what only this very process can read: /dev/fd/3. */
bool reexec_loses(const char *path);

#endif
