/* Whether an entry of a Secret looks like an encryption key. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "runbook/discover.h"

static const struct {
	const char *word; /* in the name, upper case */
	int points;
} words[] = {
	{ "ENCRYPT", 4 },  { "KEY", 2 },       { "CIPHER", 2 },
	{ "MASTER", 1 },   { "KEK", 1 },       { "DEK", 1 },
	{ "API_KEY", -4 }, { "APIKEY", -4 },   { "ACCESS_KEY", -4 },
	{ "TOKEN", -4 },   { "PASSWORD", -4 }, { "PASSWD", -4 },
	{ "WEBHOOK", -4 }, { "COOKIE", -2 },   { "SESSION", -2 },
	{ "SIGN", -2 },	   { "JWT", -2 },      { "HMAC", -2 },
	{ "PUBLIC", -4 },  { "CERT", -4 },     { "CLIENT_SECRET", -4 },
};

/* Upper case, with what joins words as '_'. */
static void normal(const char *name, char *out, size_t size)
{
	size_t n = 0;

	for (; *name && n + 1 < size; name++)
		out[n++] = isalnum((unsigned char)*name)
				   ? (char)toupper((unsigned char)*name)
				   : '_';
	out[n] = '\0';
}

static int name_points(const char *entry)
{
	char name[256];
	int points = 0;

	normal(entry, name, sizeof(name));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(name, words[i].word))
			points += words[i].points;
	return points;
}

/* Hex comes first: hex digits are base64 of something, too. */
static int form_points(const struct secret *value, struct keyspec *out_form)
{
	static const struct {
		struct keyspec form;
		int points;
	} forms[] = {
		{ { 32, KEY_HEX }, 3 },	      { { 32, KEY_BASE64 }, 3 },
		{ { 32, KEY_BASE64URL }, 3 }, { { 64, KEY_HEX }, 1 },
		{ { 24, KEY_HEX }, 1 },	      { { 16, KEY_HEX }, 1 },
		{ { 64, KEY_BASE64 }, 1 },    { { 24, KEY_BASE64 }, 1 },
		{ { 16, KEY_BASE64 }, 1 },    { { 32, KEY_RAW }, 0 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		kr_cleanup(err_freep) struct err *err =
			keyspec_check(&forms[i].form, value, "");

		if (err)
			continue;
		*out_form = forms[i].form;
		return forms[i].points;
	}
	*out_form = (struct keyspec){ 0 };
	return -1;
}

int discover_points(const char *secret, const char *entry,
		    const struct secret *value, struct keyspec *out_form)
{
	int form = form_points(value, out_form);

	if (form < 0)
		return 0;
	/* The Secret's own name says something, where the entry's does not. */
	return form + name_points(entry) + (name_points(secret) > 0);
}
