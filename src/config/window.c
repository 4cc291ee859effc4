/*
 * "Mon-Thu 09:00-16:00 Europe/London": days, hours, and the zone they are in.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "base/file.h"
#include "config/value.h"

#define ZONES "/usr/share/zoneinfo"

static bool parse_day(const char **at, int *out)
{
	static const char days[][4] = { "Mon", "Tue", "Wed", "Thu",
					"Fri", "Sat", "Sun" };

	for (int i = 0; i < 7; i++) {
		if (strncasecmp(*at, days[i], 3) == 0) {
			*at += 3;
			*out = i;
			return true;
		}
	}
	return false;
}

/* "Mon", "Mon-Thu", "Fri-Mon" (over the weekend), "Mon,Wed,Fri". */
static bool parse_days(const char **at, unsigned *out)
{
	for (;;) {
		int first, last;

		if (!parse_day(at, &first))
			return false;
		last = first;
		if (**at == '-') {
			(*at)++;
			if (!parse_day(at, &last))
				return false;
		}
		for (int day = first;; day = (day + 1) % 7) {
			*out |= 1u << day;
			if (day == last)
				break;
		}
		if (**at != ',')
			return true;
		(*at)++;
	}
}

/* "09:00" to minutes; "24:00" is the end of the day. */
static bool parse_time(const char **at, int *out)
{
	const char *p = *at;
	int hour, minute;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? p[i] != ':' : !isdigit((unsigned char)p[i]))
			return false;
	hour = (p[0] - '0') * 10 + p[1] - '0';
	minute = (p[3] - '0') * 10 + p[4] - '0';
	*out = hour * 60 + minute;
	*at += 5;
	return minute < 60 && *out <= 24 * 60;
}

static bool is_zone(const char *text)
{
	if (!isalpha((unsigned char)*text) || strstr(text, ".."))
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("/_+-", *text))
			return false;
	return true;
}

static bool skip_spaces(const char **at)
{
	const char *start = *at;

	while (**at == ' ')
		(*at)++;
	return *at > start;
}

bool window_parse(const char *text, struct config_window *out)
{
	struct config_window window = { 0 };
	const char *at = text;

	if (!parse_days(&at, &window.days) || !skip_spaces(&at) ||
	    !parse_time(&at, &window.start_minute) || *at++ != '-' ||
	    !parse_time(&at, &window.end_minute) ||
	    window.end_minute <= window.start_minute || !skip_spaces(&at) ||
	    !is_zone(at))
		return false;
	window.text = strdup(text);
	window.zone = strdup(at);
	if (!window.text || !window.zone) {
		window_release(&window);
		return false;
	}
	*out = window;
	return true;
}

bool window_zone_is_known(const struct config_window *window)
{
	kr_cleanup(str_freep) char *path = file_join(ZONES, window->zone);

	return is_zone(window->zone) && (strcmp(window->zone, "UTC") == 0 ||
					 (path && file_is_regular(path)));
}

struct err *value_window(const struct yaml_doc *doc, const struct cJSON *node,
			 void *dest)
{
	if (!cJSON_IsString(node) || !window_parse(node->valuestring, dest))
		return yaml_err(doc, node,
				"wants days, hours and a time zone, such as "
				"Mon-Thu 09:00-16:00 Europe/London");
	/* A machine without zones can still read what another one runs. */
	if (file_exists(ZONES) && !window_zone_is_known(dest))
		return yaml_err(doc, node,
				"names a time zone that this machine does not "
				"know: check its name");
	return NULL;
}

void window_release(struct config_window *window)
{
	free(window->text);
	free(window->zone);
	*window = (struct config_window){ 0 };
}

void value_release_window(void *dest)
{
	window_release(dest);
}
