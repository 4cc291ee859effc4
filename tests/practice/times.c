#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void sleep_ms(int64_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000,
			       .tv_nsec = (ms % 1000) * 1000000 };

	if (ms > 0)
		nanosleep(&ts, NULL);
}

static void time_format(char out[TIME_LEN], int digits)
{
	struct timespec ts;
	struct tm tm;
	char day[24];

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	if (digits == 0)
		snprintf(out, TIME_LEN, "%sZ", day);
	else if (digits == 6)
		snprintf(out, TIME_LEN, "%.19s.%06ldZ", day,
			 ts.tv_nsec / 1000 % 1000000);
	else
		snprintf(out, TIME_LEN, "%.19s.%09ldZ", day,
			 ts.tv_nsec % 1000000000);
}

void time_seconds(char out[TIME_LEN])
{
	time_format(out, 0);
}

void time_micro(char out[TIME_LEN])
{
	time_format(out, 6);
}

void time_nano(char out[TIME_LEN])
{
	time_format(out, 9);
}

bool time_parse(const char *text, time_t *out)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int hours, minutes;
	char sign;
	time_t t;

	if (!end)
		return false;
	t = timegm(&tm);
	if (*end == '.') {
		end++;
		end += strspn(end, "0123456789");
	}
	if (strcmp(end, "Z") == 0) {
		*out = t;
		return true;
	}
	if (sscanf(end, "%c%2d:%2d", &sign, &hours, &minutes) != 3)
		return false;
	if (sign != '+' && sign != '-')
		return false;
	*out = t - (sign == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
	return true;
}

int64_t duration_ms(const char *text, int64_t fallback)
{
	double total = 0;

	if (!text || !*text)
		return fallback;
	while (*text) {
		char *unit;
		double n = strtod(text, &unit);
		size_t len;
		double scale;

		if (unit == text)
			return fallback;
		len = strcspn(unit, "0123456789.");
		if (len == 2 && strncmp(unit, "ms", 2) == 0)
			scale = 1;
		else if (len == 1 && *unit == 's')
			scale = 1000;
		else if (len == 1 && *unit == 'm')
			scale = 60000;
		else if (len == 1 && *unit == 'h')
			scale = 3600000;
		else
			return fallback;
		total += n * scale;
		text = unit + len;
	}
	return (int64_t)total;
}
