#include "base/cron.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct field {
	int min, max;
	const char *names; /* of three letters each, the first is `min` */
};

static const struct field fields[] = {
	{ 0, 59, "" },
	{ 0, 23, "" },
	{ 1, 31, "" },
	{ 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC" },
	{ 0, 6, "SUNMONTUEWEDTHUFRISAT" },
};

#define FIELDS (sizeof(fields) / sizeof(*fields))

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool take_number(const char **at, int *out)
{
	size_t n = strspn(*at, "0123456789");

	if (n == 0 || n > 4)
		return false;
	*out = 0;
	for (; n; n--)
		*out = *out * 10 + *(*at)++ - '0';
	return true;
}

static bool take_value(const char **at, const struct field *field, int *out)
{
	for (size_t i = 0; field->names[i]; i += 3) {
		if (strncasecmp(*at, field->names + i, 3) != 0)
			continue;
		*at += 3;
		*out = field->min + (int)(i / 3);
		return true;
	}
	return take_number(at, out) && *out >= field->min && *out <= field->max;
}

static bool take_range(const char **at, const struct field *field)
{
	int first = 0, last = 0, step = 1;

	if (!take(at, '*')) {
		if (!take_value(at, field, &first))
			return false;
		if (take(at, '-') &&
		    (!take_value(at, field, &last) || last < first))
			return false;
	}
	return !take(at, '/') || (take_number(at, &step) && step > 0);
}

static bool take_field(const char **at, const struct field *field)
{
	do {
		if (!take_range(at, field))
			return false;
	} while (take(at, ','));
	return **at == ' ' || !**at;
}

static bool is_word(const char *text)
{
	static const char *const words[] = { "@yearly",	 "@annually",
					     "@monthly", "@weekly",
					     "@daily",	 "@midnight",
					     "@hourly" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

bool cron_is_valid(const char *text)
{
	const char *at = text + strspn(text, " ");

	if (*text == '@')
		return is_word(text);
	for (size_t i = 0; i < FIELDS; i++) {
		if (!take_field(&at, &fields[i]))
			return false;
		at += strspn(at, " ");
	}
	return !*at;
}
