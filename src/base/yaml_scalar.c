#include "base/yaml_scalar.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum yaml_type {
	YAML_NULL,
	YAML_BOOL,
	YAML_NUMBER,
	YAML_STRING,
	YAML_NOT_FINITE, /* .inf, .nan: no JSON value */
};

struct scalar {
	enum yaml_type type;
	bool boolean;
	double number;
	bool is_integer;
};

static const struct {
	const char *text;
	enum yaml_type type;
	bool boolean;
} words[] = {
	{ "", YAML_NULL, false },	 { "~", YAML_NULL, false },
	{ "null", YAML_NULL, false },	 { "Null", YAML_NULL, false },
	{ "NULL", YAML_NULL, false },	 { "y", YAML_BOOL, true },
	{ "Y", YAML_BOOL, true },	 { "yes", YAML_BOOL, true },
	{ "Yes", YAML_BOOL, true },	 { "YES", YAML_BOOL, true },
	{ "true", YAML_BOOL, true },	 { "True", YAML_BOOL, true },
	{ "TRUE", YAML_BOOL, true },	 { "on", YAML_BOOL, true },
	{ "On", YAML_BOOL, true },	 { "ON", YAML_BOOL, true },
	{ "n", YAML_BOOL, false },	 { "N", YAML_BOOL, false },
	{ "no", YAML_BOOL, false },	 { "No", YAML_BOOL, false },
	{ "NO", YAML_BOOL, false },	 { "false", YAML_BOOL, false },
	{ "False", YAML_BOOL, false },	 { "FALSE", YAML_BOOL, false },
	{ "off", YAML_BOOL, false },	 { "Off", YAML_BOOL, false },
	{ "OFF", YAML_BOOL, false },	 { ".nan", YAML_NOT_FINITE, 0 },
	{ ".NaN", YAML_NOT_FINITE, 0 },	 { ".NAN", YAML_NOT_FINITE, 0 },
	{ ".inf", YAML_NOT_FINITE, 0 },	 { ".Inf", YAML_NOT_FINITE, 0 },
	{ ".INF", YAML_NOT_FINITE, 0 },	 { "+.inf", YAML_NOT_FINITE, 0 },
	{ "+.Inf", YAML_NOT_FINITE, 0 }, { "+.INF", YAML_NOT_FINITE, 0 },
	{ "-.inf", YAML_NOT_FINITE, 0 }, { "-.Inf", YAML_NOT_FINITE, 0 },
	{ "-.INF", YAML_NOT_FINITE, 0 },
};

#define NUMBER_MAX 64 /* longer digits are no number that anyone means */

/* An integer in the notation of Go's literals: 0x, 0o, 0b, leading 0. */
static bool parse_integer(const char *text, double *out)
{
	bool negative = *text == '-';
	const char *digits = text + (*text == '-' || *text == '+');
	char *end;
	unsigned long long value;
	int base = 10;

	if (*digits == '0' && digits[1]) {
		base = 8;
		digits++;
		if (*digits == 'x' || *digits == 'X')
			base = 16;
		else if (*digits == 'b' || *digits == 'B')
			base = 2;
		if (base != 8 || *digits == 'o' || *digits == 'O')
			digits++;
	}
	/* strtoull() would take a sign, white space or a second "0x". */
	if (strspn(digits, "0123456789abcdefABCDEF") != strlen(digits) ||
	    !*digits)
		return false;
	errno = 0;
	value = strtoull(digits, &end, base);
	if (*end || errno)
		return false;
	if (negative && value > 1ULL << 63)
		return false;
	*out = negative ? -(double)value : (double)value;
	return true;
}

static size_t digits_at(const char *text)
{
	return strspn(text, "0123456789");
}

/* [-+]? ( .digits | digits [ .digits? ] ) ( [eE] [-+]? digits )? */
static bool parse_float(const char *text, double *out)
{
	const char *p = text + (*text == '-' || *text == '+');
	size_t whole = digits_at(p), fraction = 0;

	p += whole;
	if (*p == '.') {
		fraction = digits_at(p + 1);
		p += 1 + fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (*p == 'e' || *p == 'E') {
		size_t n;

		p++;
		p += *p == '-' || *p == '+';
		n = digits_at(p);
		if (n == 0)
			return false;
		p += n;
	}
	if (*p)
		return false;
	errno = 0;
	*out = strtod(text, NULL);
	return errno == 0;
}

static bool parse_number(const char *text, struct scalar *out)
{
	char plain[NUMBER_MAX];
	size_t n = 0;

	if (strlen(text) >= sizeof(plain))
		return false;
	for (; *text; text++) {
		if (*text != '_')
			plain[n++] = *text;
	}
	plain[n] = '\0';
	out->is_integer = parse_integer(plain, &out->number);
	return out->is_integer || parse_float(plain, &out->number);
}

static struct scalar resolve_plain(const char *text)
{
	struct scalar scalar = { .type = YAML_STRING };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i].text, text) == 0) {
			scalar.type = words[i].type;
			scalar.boolean = words[i].boolean;
			return scalar;
		}
	}
	/* A date has digits and '-' too, but never parses as a number. */
	if (strchr("+-.0123456789", *text)) {
		bool is_number = *text == '.'
					 ? parse_float(text, &scalar.number)
					 : parse_number(text, &scalar);

		if (is_number)
			scalar.type = YAML_NUMBER;
	}
	return scalar;
}

static KR_FALLIBLE resolve_tagged(const char *tag, const char *text,
				  struct scalar *out)
{
	static const struct {
		const char *tag;
		enum yaml_type type;
	} tags[] = {
		{ "tag:yaml.org,2002:bool", YAML_BOOL },
		{ "tag:yaml.org,2002:int", YAML_NUMBER },
		{ "tag:yaml.org,2002:float", YAML_NUMBER },
		{ "tag:yaml.org,2002:null", YAML_NULL },
	};
	struct scalar plain = resolve_plain(text);

	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		if (strcmp(tags[i].tag, tag) != 0)
			continue;
		if (plain.type != tags[i].type || (i == 1 && !plain.is_integer))
			return err_new(KR_ECONFIG, "not of the type of its "
						   "tag");
		*out = plain;
		return NULL;
	}
	if (strcmp(tag, "tag:yaml.org,2002:binary") == 0)
		return err_new(KR_ECONFIG, "!!binary is not supported");
	*out = (struct scalar){ .type = YAML_STRING };
	return NULL;
}

KR_FALLIBLE yaml_scalar_node(const char *tag, bool is_plain, const char *text,
			     struct cJSON **out)
{
	struct scalar scalar = { .type = YAML_STRING };
	struct cJSON *node = NULL;
	struct err *err = NULL;

	if (tag)
		err = resolve_tagged(tag, text, &scalar);
	else if (is_plain)
		scalar = resolve_plain(text);
	if (err)
		return err;
	switch (scalar.type) {
	case YAML_NULL:
		node = cJSON_CreateNull();
		break;
	case YAML_BOOL:
		node = cJSON_CreateBool(scalar.boolean);
		break;
	case YAML_NUMBER:
		node = cJSON_CreateNumber(scalar.number);
		break;
	case YAML_STRING:
		node = cJSON_CreateString(text);
		break;
	case YAML_NOT_FINITE:
		return err_new(KR_ECONFIG, "an infinite number, or none");
	}
	if (!node)
		return err_no_memory();
	*out = node;
	return NULL;
}

KR_FALLIBLE yaml_key_text(const struct cJSON *key, char **out)
{
	char number[40];
	const char *text = NULL;

	if (cJSON_IsString(key))
		text = key->valuestring;
	else if (cJSON_IsBool(key))
		text = cJSON_IsTrue(key) ? "true" : "false";
	if (cJSON_IsNumber(key)) {
		double value = key->valuedouble;
		bool whole = value > -1e15 && value < 1e15 &&
			     value == (double)(long long)value;

		(void)snprintf(number, sizeof(number), whole ? "%.0f" : "%.7g",
			       value);
		text = number;
	}
	if (!text)
		return err_new(KR_ECONFIG, "a key that is not a plain value");
	*out = strdup(text);
	return *out ? NULL : err_no_memory();
}
