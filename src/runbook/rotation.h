/* Ids of rotations: kr-20261122-7f3a9c, the day in UTC and 24 random bits. */
#ifndef KR_RUNBOOK_ROTATION_H
#define KR_RUNBOOK_ROTATION_H

#include "base/err.h"

#define ROTATION_LEN 19 /* with the NUL */

KR_FALLIBLE rotation_new(char out[ROTATION_LEN]);
bool rotation_is_valid(const char *text);

/* Whether an entry of that id holds the rotation's key: "ID", or "ID-2" and
 * so on where the store had damaged what was put there before. */
bool rotation_is_entry(const char *rotation, const char *id);

#endif
