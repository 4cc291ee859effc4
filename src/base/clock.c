#include "base/clock.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/stop.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t system_boot_ms(void *user)
{
	(void)user;
#ifdef CLOCK_BOOTTIME
	return read_clock(CLOCK_BOOTTIME);
#else
	return read_clock(CLOCK_MONOTONIC);
#endif
}

static int64_t system_wall_ms(void *user)
{
	(void)user;
	return read_clock(CLOCK_REALTIME);
}

static void system_sleep_ms(void *user, int64_t ms)
{
	struct pollfd wake = { .fd = stop_fd(), .events = POLLIN };

	(void)user;
	(void)poll(&wake, 1, ms > 86400000 ? 86400000 : (int)ms);
}

static const struct clock_source system_source = {
	system_boot_ms,
	system_wall_ms,
	system_sleep_ms,
	NULL,
};
static const struct clock_source *source = &system_source;

void clock_use(const struct clock_source *replacement)
{
	source = replacement ? replacement : &system_source;
}

int64_t clock_boot_ms(void)
{
	return source->boot_ms(source->user);
}

int64_t clock_wall_ms(void)
{
	return source->wall_ms(source->user);
}

void clock_sleep_ms(int64_t ms)
{
	if (ms > 0 && !stop_requested())
		source->sleep_ms(source->user, ms);
}

int64_t deadline_in_ms(int64_t timeout_ms)
{
	int64_t now = clock_boot_ms();

	if (timeout_ms < 0 || timeout_ms > DEADLINE_NEVER - now)
		return DEADLINE_NEVER;
	return now + timeout_ms;
}

int64_t deadline_left_ms(int64_t deadline_ms)
{
	int64_t now;

	if (deadline_ms == DEADLINE_NEVER)
		return INT64_MAX;
	now = clock_boot_ms();
	return deadline_ms > now ? deadline_ms - now : 0;
}

bool deadline_over(int64_t deadline_ms)
{
	return deadline_left_ms(deadline_ms) == 0;
}

void clock_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_LEN])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    strftime(out, CLOCK_RFC3339_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

void clock_rfc3339_ms(int64_t wall_ms, char out[CLOCK_RFC3339_MS_LEN])
{
	char seconds[CLOCK_RFC3339_LEN];

	clock_rfc3339(wall_ms, seconds);
	(void)snprintf(out, CLOCK_RFC3339_MS_LEN, "%.19s.%03uZ", seconds,
		       (unsigned int)(wall_ms % 1000) % 1000);
}

void clock_time(int64_t wall_ms, char out[CLOCK_TIME_LEN])
{
	char whole[CLOCK_RFC3339_LEN] = "";

	clock_rfc3339(wall_ms, whole);
	(void)snprintf(out, CLOCK_TIME_LEN, "%.9s", whole + 11);
}

static bool parse_offset(const char *text, int *out_seconds)
{
	int h, m, end = 0;

	if ((*text == 'Z' || *text == 'z') && !text[1]) {
		*out_seconds = 0;
		return true;
	}
	if (*text != '+' && *text != '-')
		return false;
	if (sscanf(text + 1, "%2d:%2d%n", &h, &m, &end) != 2 || text[1 + end])
		return false;
	*out_seconds = (h * 60 + m) * 60 * (*text == '-' ? -1 : 1);
	return true;
}

bool clock_parse_rfc3339(const char *text, int64_t *out_wall_ms)
{
	struct tm tm = { 0 }, given;
	int end = 0, offset_s, ms = 0;
	char sep;
	time_t seconds;

	if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
		   &tm.tm_mday, &sep, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		   &end) != 7)
		return false;
	if (sep != 'T' && sep != 't' && sep != ' ')
		return false;
	text += end;
	if (*text == '.') {
		int scale = 100;

		for (text++; isdigit((unsigned char)*text); text++) {
			ms += (*text - '0') * scale;
			scale /= 10;
		}
	}
	if (!parse_offset(text, &offset_s))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (tm.tm_sec == 60) /* a leap second, which time_t has none of */
		tm.tm_sec = 59;
	given = tm;
	seconds = timegm(&tm);
	/* It takes the 31st of February and makes another day of it. */
	if (tm.tm_mon != given.tm_mon || tm.tm_mday != given.tm_mday ||
	    tm.tm_hour != given.tm_hour || tm.tm_min != given.tm_min ||
	    tm.tm_sec != given.tm_sec)
		return false;
	*out_wall_ms = ((int64_t)seconds - offset_s) * 1000 + ms;
	return true;
}

static const struct {
	const char *unit;
	double ms;
} units[] = {
	{ "ns", 1e-6 }, { "us", 1e-3 }, { "ms", 1 },
	{ "s", 1000 },	{ "m", 60000 }, { "h", 3600000 },
};

static size_t unit_at(const char *text, double *out_ms)
{
	size_t n = 0;

	while (isalpha((unsigned char)text[n]))
		n++;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strlen(units[i].unit) == n &&
		    memcmp(text, units[i].unit, n) == 0) {
			*out_ms = units[i].ms;
			return n;
		}
	}
	return 0;
}

static size_t number_at(const char *text, double *out)
{
	double value = 0, scale = 1;
	size_t n = 0, digits = 0;

	for (; isdigit((unsigned char)text[n]); n++, digits++)
		value = value * 10 + (text[n] - '0');
	if (text[n] == '.') {
		for (n++; isdigit((unsigned char)text[n]); n++, digits++) {
			scale /= 10;
			value += (text[n] - '0') * scale;
		}
	}
	*out = value;
	return digits ? n : 0;
}

static KR_FALLIBLE bad_duration(const char *text)
{
	return err_new(KR_EUSAGE,
		       "\"%.40s\" is not a duration: write 90s, 5m or 1h30m",
		       text);
}

KR_FALLIBLE clock_parse_duration(const char *text, bool allow_bare_seconds,
				 int64_t *out_ms)
{
	const char *p = text;
	double total = 0, value, unit_ms;

	if (!*p)
		return bad_duration(text);
	if (strcmp(p, "0") == 0 ||
	    (allow_bare_seconds && strspn(p, "0123456789") == strlen(p))) {
		(void)number_at(p, &value);
		total = value * 1000;
		p = "";
	}
	while (*p) {
		size_t n = number_at(p, &value);
		size_t u = n ? unit_at(p + n, &unit_ms) : 0;

		if (!u)
			return bad_duration(text);
		total += value * unit_ms;
		p += n + u;
	}
	if (total > 9e15)
		return bad_duration(text);
	*out_ms = (int64_t)(total + 0.5);
	return NULL;
}

void clock_short(int64_t ms, char out[CLOCK_SHORT_LEN])
{
	long long s = (long long)(ms < 0 ? 0 : ms) / 1000;

	if (s < 60)
		(void)snprintf(out, CLOCK_SHORT_LEN, "%llds", s);
	else if (s < 3600)
		(void)snprintf(out, CLOCK_SHORT_LEN, "%lldm%02llds", s / 60,
			       s % 60);
	else if (s < 86400)
		(void)snprintf(out, CLOCK_SHORT_LEN, "%lldh%02lldm", s / 3600,
			       s / 60 % 60);
	else
		(void)snprintf(out, CLOCK_SHORT_LEN, "%lldd", s / 86400);
}
