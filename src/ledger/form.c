#include "ledger/form.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/anchor.h"

#define HEX	      "0123456789abcdef"
#define MAX_TEXT      256
#define MAX_WORD      128
#define MAX_SIGNER    4096
#define MAX_SIGNATURE 16384

static bool is_base64(char c)
{
	return isalnum((unsigned char)c) || c == '+' || c == '/';
}

static bool looks_like_key(const char *text)
{
	size_t base64 = 0, hex = 0;

	for (; *text; text++) {
		if (*text == '=' && base64 >= 42)
			return true;
		base64 = is_base64(*text) ? base64 + 1 : 0;
		hex = isxdigit((unsigned char)*text) ? hex + 1 : 0;
		if (hex >= 64)
			return true;
	}
	return false;
}

/* Bytes of the UTF-8 character at p; 0 where it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *p)
{
	size_t n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : 4;

	if (n == 1)
		return 1;
	if (*p < 0xc2 || *p > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static bool is_text(const char *text, size_t max)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len = strnlen(text, max + 1);

	if (len == 0 || len > max)
		return false;
	while (*p) {
		size_t n = utf8_length(p);

		/* C0, DEL and C1: what can drive a terminal. */
		if (n == 0 || *p < 0x20 || *p == 0x7f ||
		    (n == 2 && *p == 0xc2 && p[1] < 0xa0))
			return false;
		p += n;
	}
	return true;
}

static bool is_word(const char *text)
{
	size_t len = strnlen(text, MAX_WORD + 1);

	if (len == 0 || len > MAX_WORD)
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("._:/@+-", *text))
			return false;
	return true;
}

static bool is_time(const char *text)
{
	char again[CLOCK_RFC3339_LEN];
	int64_t ms;

	if (strlen(text) != CLOCK_RFC3339_LEN - 1 ||
	    !clock_parse_rfc3339(text, &ms))
		return false;
	clock_rfc3339(ms, again);
	return strcmp(text, again) == 0;
}

static bool is_rotation(const char *text)
{
	return strncmp(text, "kr-", 3) == 0 &&
	       strspn(text + 3, "0123456789") == 8 && text[11] == '-' &&
	       strspn(text + 12, HEX) >= 6 &&
	       strspn(text + 12, "0123456789abcdefghijklmnopqrstuvwxyz-") ==
		       strlen(text + 12) &&
	       strlen(text) <= 64;
}

static bool is_signature(const char *text)
{
	static const char begin[] = "-----BEGIN SSH SIGNATURE-----\n";
	static const char end[] = "\n-----END SSH SIGNATURE-----\n";
	size_t len = strnlen(text, MAX_SIGNATURE + 1);

	if (len < sizeof(begin) + sizeof(end) || len > MAX_SIGNATURE ||
	    strncmp(text, begin, sizeof(begin) - 1) != 0 ||
	    strcmp(text + len - (sizeof(end) - 1), end) != 0)
		return false;
	len -= sizeof(end) - 1;
	for (size_t i = sizeof(begin) - 1; i < len; i++)
		if (!is_base64(text[i]) && text[i] != '=' && text[i] != '\n')
			return false;
	return true;
}

bool form_fits(enum form form, const char *text)
{
	switch (form) {
	case FORM_TEXT:
		return is_text(text, MAX_TEXT) && !looks_like_key(text);
	case FORM_WORD:
		return is_word(text) && !looks_like_key(text);
	case FORM_TIME:
		return is_time(text);
	case FORM_ROTATION:
		return is_rotation(text);
	case FORM_HASH:
		return strlen(text) == 64 && strspn(text, HEX) == 64;
	case FORM_ROOT:
		return strlen(text) == 44 && text[43] == '=' &&
		       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789+/") == 43;
	case FORM_LEDGER_ID:
		return strlen(text) == LEDGER_ID_LEN - 1 &&
		       strncmp(text, "kl-", 3) == 0 &&
		       strspn(text + 3, HEX) == LEDGER_ID_LEN - 4;
	case FORM_SIGNER:
		return is_text(text, MAX_SIGNER);
	case FORM_SIGNATURE:
		return is_signature(text);
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
		[FORM_TEXT] = "a short text without control characters that "
			      "looks like no key",
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
