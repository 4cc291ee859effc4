/* Whether a moment lies in a window. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "config/config.h"
#include "runbook/window.h"
#include "unit.h"

#define WORKDAYS 0x1fu
#define MONDAY	 0x01u

static bool is_open(unsigned days, const char *hours, const char *zone,
		    const char *time)
{
	char name[32], text[] = "a window";
	int from_h = 0, from_m = 0, to_h = 0, to_m = 0;
	struct config_window window = { .text = text,
					.days = days,
					.zone = name };
	int64_t wall_ms = 0;
	bool open = false;

	CU_ASSERT_EQUAL(
		sscanf(hours, "%d:%d-%d:%d", &from_h, &from_m, &to_h, &to_m),
		4);
	(void)snprintf(name, sizeof(name), "%s", zone);
	window.start_minute = from_h * 60 + from_m;
	window.end_minute = to_h * 60 + to_m;
	CU_ASSERT_TRUE(clock_parse_rfc3339(time, &wall_ms));
	UNIT_OK(window_is_open(&window, wall_ms, &open));
	return open;
}

static void is_in_its_zone(void)
{
	static const char hours[] = "09:00-16:00";

	/* 2026-11-23 is a Monday; London keeps UTC then, and not in July. */
	CU_ASSERT_TRUE(is_open(WORKDAYS, hours, "Europe/London",
			       "2026-11-23T09:00:00Z"));
	CU_ASSERT_FALSE(is_open(WORKDAYS, hours, "Europe/London",
				"2026-11-23T08:59:00Z"));
	CU_ASSERT_TRUE(is_open(WORKDAYS, hours, "Europe/London",
			       "2026-07-06T08:00:00Z"));
	CU_ASSERT_FALSE(is_open(WORKDAYS, hours, "Europe/London",
				"2026-07-06T15:00:00Z"));
	CU_ASSERT_FALSE(is_open(WORKDAYS, hours, "America/New_York",
				"2026-11-23T13:59:00Z"));
	CU_ASSERT_TRUE(is_open(WORKDAYS, hours, "America/New_York",
			       "2026-11-23T14:00:00Z"));
	CU_ASSERT_FALSE(
		is_open(WORKDAYS, hours, "UTC", "2026-11-23T16:00:00Z"));
}

static void is_on_its_days(void)
{
	CU_ASSERT_FALSE(is_open(WORKDAYS, "09:00-16:00", "UTC",
				"2026-11-22T12:00:00Z"));
	/* Still Sunday in New York, and Monday in Tokyo. */
	CU_ASSERT_FALSE(is_open(MONDAY, "00:00-23:59", "America/New_York",
				"2026-11-23T04:00:00Z"));
	CU_ASSERT_TRUE(is_open(MONDAY, "00:00-23:59", "Asia/Tokyo",
			       "2026-11-22T15:00:00Z"));
}

static void goes_over_midnight(void)
{
	CU_ASSERT_TRUE(
		is_open(MONDAY, "22:00-02:00", "UTC", "2026-11-23T22:00:00Z"));
	CU_ASSERT_TRUE(
		is_open(MONDAY, "22:00-02:00", "UTC", "2026-11-24T01:59:00Z"));
	CU_ASSERT_FALSE(
		is_open(MONDAY, "22:00-02:00", "UTC", "2026-11-24T02:00:00Z"));
	CU_ASSERT_FALSE(
		is_open(MONDAY, "22:00-02:00", "UTC", "2026-11-23T01:00:00Z"));
}

static void leaves_the_process_its_zone(void)
{
	CU_ASSERT_EQUAL(setenv("TZ", "Asia/Tokyo", 1), 0);
	(void)is_open(MONDAY, "09:00-16:00", "UTC", "2026-11-23T12:00:00Z");
	UNIT_STR(getenv("TZ"), "Asia/Tokyo");
	CU_ASSERT_EQUAL(unsetenv("TZ"), 0);
	(void)is_open(MONDAY, "09:00-16:00", "UTC", "2026-11-23T12:00:00Z");
	CU_ASSERT_PTR_NULL(getenv("TZ"));
}

static void knows_its_zones(void)
{
	char text[] = "a window", nowhere[] = "Europe/Atlantis";
	char outside[] = "../../../etc/passwd";
	struct config_window window = { .text = text, .zone = nowhere };
	bool open = false;

	UNIT_FAILS(window_is_open(&window, 0, &open), KR_ECONFIG, "not known");
	window.zone = outside;
	UNIT_FAILS(window_is_open(&window, 0, &open), KR_ECONFIG, "not known");
	UNIT_OK(window_is_open(&(struct config_window){ 0 }, 0, &open));
	CU_ASSERT_TRUE(open);
}

const struct unit_suite unit_window = {
	.tests = {
			{ "is in its zone", is_in_its_zone },
			{ "is on its days", is_on_its_days },
			{ "goes over midnight", goes_over_midnight },
			{ "leaves the process its zone",
			  leaves_the_process_its_zone },
			{ "knows its zones", knows_its_zones },
			{ NULL, NULL },
		},
};
