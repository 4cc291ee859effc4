/* Makes a struct readback_key. For src/store alone. */
#ifndef KR_SECRET_READBACK_MAKE_H
#define KR_SECRET_READBACK_MAKE_H

#include "secret/readback.h"

/*
 * Takes `take_key` over, also on failure. `proved`: it was read back by a new
 * process or connection and compared.
 */
KR_FALLIBLE readback_key_make(struct secret *take_key, const char *entry,
			      bool proved, struct readback_key **out);

#endif
