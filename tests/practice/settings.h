/* How fast the cluster works; set by options and by the scenario. */
#ifndef PRACTICE_SETTINGS_H
#define PRACTICE_SETTINGS_H

#include <stdint.h>

struct settings {
	_Atomic int64_t pod_ms;	     /* from scheduled to ready */
	_Atomic int64_t stop_ms;     /* from deleted to gone */
	_Atomic int64_t bookmark_ms; /* between bookmarks of a watch */
};

extern struct settings settings;

#endif
