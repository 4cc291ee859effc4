#include "ledger/form.h"

#include <string.h>

#include "ledger/anchor.h"

#define MAX_TEXT      256
#define MAX_WORD      128
#define MAX_ROTATION  64
#define MAX_SIGNER    4096
#define MAX_SIGNATURE 16384
/* Base64 of 32 bytes is 43 characters and a '='. */
#define KEY_BASE64 42
#define KEY_HEX	   64

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_base64(char c)
{
	return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') ||
	       c == '+' || c == '/';
}

static bool all(const char *text, size_t len, bool (*is)(char))
{
	for (size_t i = 0; i < len; i++)
		if (!is(text[i]))
			return false;
	return true;
}

static bool starts(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(text, with, n) == 0;
}

static bool looks_like_key(const char *text, size_t len)
{
	size_t base64 = 0, hex = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '=' && base64 >= KEY_BASE64)
			return true;
		base64 = is_base64(c) ? base64 + 1 : 0;
		hex = is_hex(c) || (c >= 'A' && c <= 'F') ? hex + 1 : 0;
		if (hex >= KEY_HEX)
			return true;
	}
	return false;
}

/* Bytes of the UTF-8 character at p; 0 where it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	size_t n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

	if (n == 1)
		return 1;
	if (*p < 0xc2 || *p > 0xf4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static bool is_text(const char *text, size_t len, size_t max)
{
	const unsigned char *p = (const unsigned char *)text;

	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(p + i, len - i);

		/* C0, DEL and C1: what can drive a terminal. */
		if (n == 0 || p[i] < 0x20 || p[i] == 0x7f ||
		    (p[i] == 0xc2 && p[i + 1] < 0xa0))
			return false;
		i += n;
	}
	return true;
}

static bool is_word_byte(char c)
{
	return is_base64(c) || c == '.' || c == '_' || c == ':' || c == '@' ||
	       c == '-';
}

static int two(const char *text)
{
	return (text[0] - '0') * 10 + text[1] - '0';
}

static int days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool is_time(const char *text, size_t len)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	int month, day;

	if (len != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		if (form[i] == '0' ? !is_digit(text[i]) : text[i] != form[i])
			return false;
	month = two(text + 5);
	day = two(text + 8);
	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_of(two(text) * 100 + two(text + 2), month) &&
	       two(text + 11) < 24 && two(text + 14) < 60 &&
	       two(text + 17) < 60;
}

static bool is_rotation_byte(char c)
{
	return is_digit(c) || is_lower(c) || c == '-';
}

static bool is_rotation(const char *text, size_t len)
{
	return len >= 18 && len <= MAX_ROTATION && starts(text, len, "kr-") &&
	       all(text + 3, 8, is_digit) && text[11] == '-' &&
	       all(text + 12, 6, is_hex) &&
	       all(text + 18, len - 18, is_rotation_byte);
}

static bool is_armour_byte(char c)
{
	return is_base64(c) || c == '=' || c == '\n';
}

static bool is_signature(const char *text, size_t len)
{
	static const char begin[] = "-----BEGIN SSH SIGNATURE-----\n";
	static const char end[] = "\n-----END SSH SIGNATURE-----\n";
	const size_t b = sizeof(begin) - 1, e = sizeof(end) - 1;

	return len > b + e && len <= MAX_SIGNATURE &&
	       starts(text, len, begin) &&
	       memcmp(text + len - e, end, e) == 0 &&
	       all(text + b, len - b - e, is_armour_byte);
}

bool form_fits(enum form form, const char *text, size_t len)
{
	switch (form) {
	case FORM_TEXT:
		return is_text(text, len, MAX_TEXT) &&
		       !looks_like_key(text, len);
	case FORM_WORD:
		return len > 0 && len <= MAX_WORD &&
		       all(text, len, is_word_byte) &&
		       !looks_like_key(text, len);
	case FORM_TIME:
		return is_time(text, len);
	case FORM_ROTATION:
		return is_rotation(text, len);
	case FORM_HASH:
		return len == LEDGER_HASH_LEN - 1 && all(text, len, is_hex);
	case FORM_ROOT:
		return len == 44 && text[43] == '=' && all(text, 43, is_base64);
	case FORM_LEDGER_ID:
		return len == LEDGER_ID_LEN - 1 && starts(text, len, "kl-") &&
		       all(text + 3, len - 3, is_hex);
	case FORM_SIGNER:
		return is_text(text, len, MAX_SIGNER);
	case FORM_SIGNATURE:
		return is_signature(text, len);
	case FORM_CHOICE:
	case FORM_NUMBER:
	case FORM_COUNT:
	case FORM_FIELDS:
		break;
	}
	return false;
}

const char *form_name(enum form form)
{
	static const char *const names[] = {
		[FORM_TEXT] = "a short text that looks like no key",
		[FORM_WORD] = "a word",
		[FORM_TIME] = "a time such as 2026-11-22T21:50:46Z",
		[FORM_ROTATION] = "a rotation's id",
		[FORM_HASH] = "64 hex digits",
		[FORM_ROOT] = "32 bytes in base64",
		[FORM_LEDGER_ID] = "a ledger's id",
		[FORM_SIGNER] = "a line of allowed_signers",
		[FORM_SIGNATURE] = "an SSH signature",
		[FORM_CHOICE] = "one of the words it knows",
		[FORM_NUMBER] = "a number",
		[FORM_COUNT] = "a whole number",
		[FORM_FIELDS] = "an object",
	};

	return names[form];
}
