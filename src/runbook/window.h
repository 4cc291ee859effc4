/*
 * Maintenance windows: "Mon-Thu 09:00-16:00 Europe/London", with that zone's
 * daylight saving time.
 */
#ifndef KR_RUNBOOK_WINDOW_H
#define KR_RUNBOOK_WINDOW_H

#include <stdint.h>

#include "base/err.h"

struct config_window;

/*
 * Whether wall_ms lies in the window; one without text is always open. A
 * window whose end is not after its start goes over midnight and belongs to
 * the day it starts on. KR_ECONFIG where the zone is not known here. Not safe
 * beside other threads: the C library has one zone for the process.
 */
KR_FALLIBLE window_is_open(const struct config_window *window, int64_t wall_ms,
			   bool *out_open);

#endif
