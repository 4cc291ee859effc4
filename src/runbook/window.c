#include "runbook/window.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "config/config.h"

#define MINUTES_A_DAY 1440

static KR_FALLIBLE check_zone(const struct config_window *window)
{
	if (window_zone_is_known(window))
		return NULL;
	return err_hint(
		err_new(KR_ECONFIG,
			"time zone %s of the window is not known on this machine",
			window->zone),
		"install tzdata, or check the zone's name");
}

static KR_FALLIBLE local_time(const char *zone, int64_t wall_ms, struct tm *out)
{
	const char *before = getenv("TZ");
	kr_cleanup(str_freep) char *saved = before ? strdup(before) : NULL;
	time_t seconds = (time_t)(wall_ms / 1000);
	bool ok;

	if (setenv("TZ", zone, 1) != 0)
		return err_no_memory();
	tzset();
	ok = localtime_r(&seconds, out) != NULL;
	if (saved)
		(void)setenv("TZ", saved, 1);
	else
		(void)unsetenv("TZ");
	tzset();
	return ok ? NULL : err_new(KR_EUNEXPECTED, "local time");
}

static bool has_day(const struct config_window *window, int tm_wday)
{
	int day = (tm_wday + 6) % 7; /* Monday is 0 */

	return window->days & 1u << day;
}

KR_FALLIBLE window_is_open(const struct config_window *window, int64_t wall_ms,
			   bool *out_open)
{
	struct tm now;
	struct err *err;
	int minute;

	*out_open = true;
	if (!window->text)
		return NULL;
	err = check_zone(window);
	if (!err)
		err = local_time(window->zone, wall_ms, &now);
	if (err)
		return err;
	minute = now.tm_hour * 60 + now.tm_min;
	if (window->start_minute < window->end_minute) {
		*out_open = has_day(window, now.tm_wday) &&
			    minute >= window->start_minute &&
			    minute < window->end_minute;
		return NULL;
	}
	*out_open = (has_day(window, now.tm_wday) &&
		     minute >= window->start_minute) ||
		    (has_day(window, (now.tm_wday + 6) % 7) &&
		     minute < window->end_minute % MINUTES_A_DAY);
	return NULL;
}
