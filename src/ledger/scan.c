#include "ledger/scan.h"

#include <string.h>

#define MAX_DIGITS   15
#define MAX_NUMBER   40
#define MAX_EXPONENT 300

bool view_is(const struct view *view, const char *text)
{
	return view->len == strlen(text) &&
	       memcmp(view->text, text, view->len) == 0;
}

static size_t left(const struct scan *scan)
{
	return (size_t)(scan->end - scan->at);
}

bool scan_byte(struct scan *scan, char byte)
{
	if (scan->at == scan->end || *scan->at != byte)
		return false;
	scan->at++;
	return true;
}

bool scan_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if (left(scan) < len || memcmp(scan->at, word, len) != 0)
		return false;
	scan->at += len;
	return true;
}

bool scan_name(struct scan *scan, char lead, const char *name)
{
	const char *begun = scan->at;

	if (scan_byte(scan, lead) && scan_byte(scan, '"') &&
	    scan_word(scan, name) && scan_byte(scan, '"') &&
	    scan_byte(scan, ':'))
		return true;
	scan->at = begun;
	return false;
}

static bool four_hex(struct scan *scan, unsigned *out)
{
	*out = 0;
	if (left(scan) < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = *scan->at++;

		*out <<= 4;
		if (c >= '0' && c <= '9')
			*out |= (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*out |= (unsigned)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			*out |= (unsigned)(c - 'A') + 10;
		else
			return false;
	}
	return true;
}

/* After "\u". */
static bool unicode(struct scan *scan)
{
	unsigned c, low;

	if (!four_hex(scan, &c) || c == 0 || (c >= 0xdc00 && c <= 0xdfff))
		return false;
	if (c >= 0xd800 && c <= 0xdbff) {
		if (!scan_word(scan, "\\u") || !four_hex(scan, &low) ||
		    low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	buf_put_utf8(scan->spare, c);
	return true;
}

static bool escape(struct scan *scan)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (scan_byte(scan, 'u'))
		return unicode(scan);
	if (scan->at == scan->end || *scan->at == '\0')
		return false;
	found = strchr(letters, *scan->at++);
	if (found)
		buf_putc(scan->spare, bytes[found - letters]);
	return found != NULL;
}

/* The rest of a string whose beginning holds no escape. */
static bool unescape(struct scan *scan, const char *begin, struct view *out)
{
	buf_reset(scan->spare);
	buf_append(scan->spare, begin, (size_t)(scan->at - begin));
	while (scan->at < scan->end && *scan->at != '"') {
		char c = *scan->at++;

		if ((unsigned char)c < 0x20)
			return false;
		if (c != '\\')
			buf_putc(scan->spare, c);
		else if (!escape(scan))
			return false;
	}
	if (scan->spare->failed)
		return false;
	*out = (struct view){ buf_str(scan->spare), scan->spare->len };
	return scan_byte(scan, '"');
}

bool scan_string(struct scan *scan, struct view *out)
{
	const char *begin = scan->at + 1;

	if (!scan_byte(scan, '"'))
		return false;
	while (scan->at < scan->end && *scan->at != '"') {
		if (*scan->at == '\\')
			return unescape(scan, begin, out);
		if ((unsigned char)*scan->at++ < 0x20)
			return false;
	}
	*out = (struct view){ begin, (size_t)(scan->at - begin) };
	return scan_byte(scan, '"');
}

static size_t digits(struct scan *scan)
{
	const char *begun = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return (size_t)(scan->at - begun);
}

bool scan_count(struct scan *scan)
{
	const char *begun = scan->at;
	size_t n = digits(scan);

	return n > 0 && n <= MAX_DIGITS && (n == 1 || *begun != '0');
}

static bool exponent(struct scan *scan)
{
	const char *begun;
	int value = 0;
	size_t n;

	if (!scan_byte(scan, 'e') && !scan_byte(scan, 'E'))
		return true;
	if (!scan_byte(scan, '+'))
		(void)scan_byte(scan, '-');
	begun = scan->at;
	n = digits(scan);
	if (n == 0 || n > 3)
		return false;
	for (; begun < scan->at; begun++)
		value = value * 10 + (*begun - '0');
	return value <= MAX_EXPONENT;
}

bool scan_number(struct scan *scan)
{
	const char *begun = scan->at;
	const char *whole;
	size_t n;

	(void)scan_byte(scan, '-');
	whole = scan->at;
	n = digits(scan);
	if (n == 0 || (n > 1 && *whole == '0'))
		return false;
	if (scan_byte(scan, '.') && digits(scan) == 0)
		return false;
	return exponent(scan) && scan->at - begun <= MAX_NUMBER;
}
