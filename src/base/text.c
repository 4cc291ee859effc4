#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DISTANCE_MAX_LEN 64

/*
 * Decodes one code point. Returns its length in bytes, or 0 where the bytes
 * are not UTF-8 (RFC 3629: no overlong form, no surrogate, <= U+10FFFF).
 */
static size_t utf8_decode(const char *text, size_t len, uint32_t *out)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)text[0];
	size_t n = c < 0x80		? 1
		   : (c & 0xe0) == 0xc0 ? 2
		   : (c & 0xf0) == 0xe0 ? 3
		   : (c & 0xf8) == 0xf0 ? 4
					: 0;
	uint32_t code;

	if (n == 0 || n > len)
		return 0;
	code = n == 1 ? c : c & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		c = (unsigned char)text[i];
		if ((c & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c & 0x3fu);
	}
	if (code < lowest[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*out = code;
	return n;
}

/* What drives a terminal, or turns the order of what is read around. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

char *text_clean(const char *text, size_t len, size_t max_bytes)
{
	char *clean = malloc(max_bytes + 4);
	size_t used = 0, at = 0, cut = 0;
	uint32_t code;

	if (!clean)
		return NULL;
	while (at < len) {
		size_t n = utf8_decode(text + at, len - at, &code);
		bool good = n > 0 && !is_control(code);
		size_t size = good ? n : 1;

		if (used + size > max_bytes)
			break;
		if (good)
			memcpy(clean + used, text + at, n);
		else
			clean[used] =
				n && isspace((int)(code & 0x7f)) && code < 0x80
					? ' '
					: '?';
		used += size;
		at += n ? n : 1;
		if (used + 3 <= max_bytes)
			cut = used;
	}
	if (at < len) {
		size_t dots = max_bytes < 3 ? max_bytes : 3;

		memcpy(clean + cut, "...", dots);
		used = cut + dots;
	}
	clean[used] = '\0';
	return clean;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t text_distance(const char *a, const char *b)
{
	size_t before[DISTANCE_MAX_LEN + 1], last[DISTANCE_MAX_LEN + 1],
		now[DISTANCE_MAX_LEN + 1];
	size_t la = min_size(strlen(a), DISTANCE_MAX_LEN);
	size_t lb = min_size(strlen(b), DISTANCE_MAX_LEN);

	for (size_t j = 0; j <= lb; j++)
		last[j] = j;
	memcpy(before, last, sizeof(before));
	for (size_t i = 1; i <= la; i++) {
		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			now[j] = min_size(last[j - 1] + cost,
					  min_size(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = min_size(now[j], before[j - 2] + 1);
		}
		memcpy(before, last, sizeof(before));
		memcpy(last, now, sizeof(last));
	}
	return last[lb];
}

static void lower_copy(const char *text, char out[DISTANCE_MAX_LEN + 1])
{
	size_t n = min_size(strlen(text), DISTANCE_MAX_LEN);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	out[n] = '\0';
}

const char *text_suggest(const char *word, const char *const *candidates)
{
	char typed[DISTANCE_MAX_LEN + 1], known[DISTANCE_MAX_LEN + 1];
	const char *best = NULL;
	size_t best_score = SIZE_MAX, n;

	lower_copy(word, typed);
	n = strlen(typed);
	for (; *candidates; candidates++) {
		size_t distance, near;

		lower_copy(*candidates, known);
		distance = text_distance(typed, known);
		near = 1 + (n + strlen(known)) / 7;
		/* The beginning of a longer word was probably cut short. */
		if (n >= 3 && text_starts_with(known, typed))
			distance = min_size(distance, 1);
		if (distance <= near && distance < n && distance < best_score) {
			best = *candidates;
			best_score = distance;
		}
	}
	return best;
}

static size_t code_columns(uint32_t code)
{
	if (is_control(code) || (code >= 0x300 && code <= 0x36f) ||
	    (code >= 0x1ab0 && code <= 0x1aff) ||
	    (code >= 0x20d0 && code <= 0x20ff) ||
	    (code >= 0xfe00 && code <= 0xfe0f))
		return 0;
	if ((code >= 0x1100 && code <= 0x115f) ||
	    (code >= 0x2e80 && code <= 0xa4cf) ||
	    (code >= 0xac00 && code <= 0xd7a3) ||
	    (code >= 0xf900 && code <= 0xfaff) ||
	    (code >= 0xfe30 && code <= 0xfe6f) ||
	    (code >= 0xff00 && code <= 0xff60) ||
	    (code >= 0xffe0 && code <= 0xffe6) ||
	    (code >= 0x1f300 && code <= 0x1f64f) ||
	    (code >= 0x1f900 && code <= 0x1f9ff) ||
	    (code >= 0x20000 && code <= 0x3fffd))
		return 2;
	return 1;
}

static size_t next_code(const char *text, size_t len, size_t *out_columns)
{
	uint32_t code;
	size_t n = utf8_decode(text, len, &code);

	*out_columns = n ? code_columns(code) : 1;
	return n ? n : 1;
}

size_t text_columns(const char *text)
{
	size_t columns = 0, len = strlen(text), more;

	for (size_t at = 0; at < len; columns += more)
		at += next_code(text + at, len - at, &more);
	return columns;
}

size_t text_fit(const char *text, size_t columns)
{
	size_t at = 0, len = strlen(text), more;

	while (at < len) {
		size_t n = next_code(text + at, len - at, &more);

		if (more > columns)
			break;
		columns -= more;
		at += n;
	}
	return at;
}

bool text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && strcmp(text + n - m, suffix) == 0;
}
