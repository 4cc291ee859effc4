#include "secret/keyhunt_line.h"

#include <ctype.h>
#include <string.h>

static bool is_around(char c)
{
	return isspace((unsigned char)c) || c == '"' || c == '\'' || c == ',' ||
	       c == ';';
}

struct keyhunt_view keyhunt_trimmed(const char *at, size_t len)
{
	while (len && is_around(*at)) {
		at++;
		len--;
	}
	while (len && is_around(at[len - 1]))
		len--;
	return (struct keyhunt_view){ at, len };
}

bool keyhunt_has_blank(struct keyhunt_view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (isspace((unsigned char)v.at[i]))
			return true;
	return false;
}

bool keyhunt_is_word(struct keyhunt_view v, const char *word)
{
	return v.len == strlen(word) && memcmp(v.at, word, v.len) == 0;
}

/* `- `, `export `, `--from-literal=` and the like in front of a name. */
static struct keyhunt_view last_word(struct keyhunt_view name)
{
	size_t at = name.len;

	while (at && !is_around(name.at[at - 1]) && name.at[at - 1] != '=' &&
	       name.at[at - 1] != ':')
		at--;
	return (struct keyhunt_view){ name.at + at, name.len - at };
}

/* A name of a mapping that could be data's: no '/', so that annotations of
 * checksums are none. */
bool keyhunt_is_plain_name(struct keyhunt_view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.at[i]) && name.at[i] != '_' &&
		    name.at[i] != '-' && name.at[i] != '.')
			return false;
	return name.len > 0;
}

/*
 * Name and value of "NAME: VALUE", "NAME=VALUE", "--from-literal=NAME=VALUE":
 * the last separator counts, but for padding at the end.
 */
void keyhunt_split(struct keyhunt_view whole, struct keyhunt_view *out_name,
		   struct keyhunt_view *out_value)
{
	size_t at = whole.len;

	while (at && whole.at[at - 1] == '=')
		at--;
	while (at && whole.at[at - 1] != ':' && whole.at[at - 1] != '=')
		at--;
	*out_name = (struct keyhunt_view){ whole.at, 0 };
	if (at)
		*out_name = last_word(keyhunt_trimmed(whole.at, at - 1));
	*out_value = keyhunt_trimmed(whole.at + at, whole.len - at);
}
