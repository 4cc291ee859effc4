#include "forms.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS	 65536 /* of the table; a power of two */
#define MAX_TEXT 16384
#define STARTS	 20 /* bits: few of a million are taken */

/* Of windows, by their sizes. */
enum { BYTES, TEXT, HEX, ESCAPES, KINDS };
static const size_t sizes[KINDS] = { WINDOW_BYTES, WINDOW_TEXT, WINDOW_HEX,
				     WINDOW_ESC };

struct slot {
	uint64_t hash; /* 0: empty */
	const char *name;
};

struct forms {
	/* One table for each size of window. */
	struct slot tables[KINDS][SLOTS];
	/* A bit for the first 8 bytes: most places are done after one look. */
	unsigned char starts[(1 << STARTS) / 8];
	size_t count;
};

static uint64_t hash_of(const unsigned char *p, size_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15U;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3U;
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9U;
	h ^= h >> 32;
	return h ? h : 1;
}

/* STARTS bits, of eight bytes. */
static size_t start_of(const unsigned char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return (size_t)(x * 0x9e3779b97f4a7c15U >> (64 - STARTS));
}

static void add_window(struct forms *f, int kind, const unsigned char *p,
		       size_t size, const char *name)
{
	struct slot *table = f->tables[kind];
	uint64_t h = hash_of(p, size);
	size_t at = h % SLOTS;

	f->starts[start_of(p) / 8] |= (unsigned char)(1U << start_of(p) % 8);
	while (table[at].hash && table[at].hash != h)
		at = (at + 1) % SLOTS;
	if (table[at].hash)
		return;
	table[at] = (struct slot){ h, name };
	f->count++;
}

static void add_form(struct forms *f, int kind, const unsigned char *p,
		     size_t len, const char *name)
{
	for (size_t i = 0; i + sizes[kind] <= len; i++)
		/* A run of one byte is everywhere. */
		if (memcmp(p + i, p + i + 1, sizes[kind] - 1) != 0 &&
		    f->count < SLOTS / 2)
			add_window(f, kind, p + i, sizes[kind], name);
}

static size_t encode_base64(const unsigned char *in, size_t n, bool url,
			    unsigned char *out)
{
	const char *digits =
		url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		      "0123456789-_"
		    : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		      "0123456789+/";
	size_t len = 0;

	/* Whole sextets only: the last one has bits of what follows. */
	for (size_t bit = 0; bit + 6 <= 8 * n; bit += 6) {
		unsigned pair = (unsigned)in[bit / 8] << 8;

		if (bit / 8 + 1 < n)
			pair |= in[bit / 8 + 1];
		out[len++] = (unsigned char)digits[pair >> (10 - bit % 8) & 63];
	}
	return len;
}

/* Base64 of it at each of the three alignments; again of that, if `again`. */
static void add_base64(struct forms *f, const unsigned char *in, size_t n,
		       const char *name, const char *again)
{
	static unsigned char shifted[MAX_TEXT], text[2 * MAX_TEXT];

	for (size_t shift = 0; shift < 3; shift++) {
		memset(shifted, 0, shift);
		memcpy(shifted + shift, in, n);
		for (int url = 0; url < 2; url++) {
			size_t skip = shift ? shift + 1 : 0;
			size_t len =
				encode_base64(shifted, n + shift, url, text);

			if (len <= skip)
				continue;
			add_form(f, TEXT, text + skip, len - skip, name);
			if (!again || url)
				continue;
			unsigned char *copy = malloc(len - skip);

			if (!copy)
				continue;
			memcpy(copy, text + skip, len - skip);
			add_base64(f, copy, len - skip, again, NULL);
			free(copy);
		}
	}
	memset(shifted, 0, sizeof(shifted));
	memset(text, 0, sizeof(text));
}

static void add_hex(struct forms *f, const unsigned char *in, size_t n,
		    const char *name)
{
	static unsigned char text[2 * MAX_TEXT + 1];

	for (int upper = 0; upper < 2; upper++) {
		for (size_t i = 0; i < n; i++)
			(void)snprintf((char *)text + 2 * i, 3,
				       upper ? "%02X" : "%02x", in[i]);
		add_form(f, HEX, text, 2 * n, name);
	}
	memset(text, 0, sizeof(text));
}

/* As JSON writes it with '/' escaped, and as a URL does. */
static void add_escaped(struct forms *f, const unsigned char *in, size_t n)
{
	static unsigned char json[2 * MAX_TEXT], url[3 * MAX_TEXT + 1];
	size_t j = 0, u = 0;

	for (size_t i = 0; i < n; i++) {
		if (in[i] == '/' || in[i] == '"' || in[i] == '\\')
			json[j++] = '\\';
		json[j++] = in[i];
		if (in[i] == '+' || in[i] == '/' || in[i] == '=')
			u += (size_t)snprintf((char *)url + u, 4, "%%%02X",
					      in[i]);
		else
			url[u++] = in[i];
	}
	add_form(f, TEXT, json, j, "JSON");
	add_form(f, TEXT, url, u, "URL");
	memset(json, 0, sizeof(json));
	memset(url, 0, sizeof(url));
}

/* 0 where it is not base64. */
static size_t decode_base64(const unsigned char *in, size_t n,
			    unsigned char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+/";
	unsigned long bits = 0;
	size_t len = 0, count = 0;

	while (n && in[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++) {
		const char *at = in[i] ? strchr(digits, in[i]) : NULL;

		if (!at)
			return 0;
		bits = bits << 6 | (unsigned long)(at - digits);
		if (++count % 4 == 0) {
			out[len++] = (unsigned char)(bits >> 16);
			out[len++] = (unsigned char)(bits >> 8);
			out[len++] = (unsigned char)bits;
		}
	}
	if (count % 4 == 3) {
		out[len++] = (unsigned char)(bits >> 10);
		out[len++] = (unsigned char)(bits >> 2);
	}
	if (count % 4 == 2)
		out[len++] = (unsigned char)(bits >> 4);
	return len;
}

/* Byte by byte, as programs and dumps write what is no text. */
static void add_dumped(struct forms *f, const unsigned char *in, size_t n)
{
	static const struct {
		const char *before, *after, *name;
		enum { LOWER, UPPER, OCTAL } digits;
		int kind;
	} ways[] = {
		{ "\\x", "", "C escapes", LOWER, ESCAPES },
		{ "\\x", "", "C escapes", UPPER, ESCAPES },
		{ "\\", "", "octal escapes", OCTAL, ESCAPES },
		{ "\\u00", "", "JSON escapes", LOWER, ESCAPES },
		{ "\\u00", "", "JSON escapes", UPPER, ESCAPES },
		{ "%", "", "URL escapes", LOWER, HEX },
		{ "%", "", "URL escapes", UPPER, HEX },
		{ "", ":", "hex with colons", LOWER, HEX },
		{ "", ":", "hex with colons", UPPER, HEX },
		{ "", " ", "hex with blanks", LOWER, HEX },
		{ "", " ", "hex with blanks", UPPER, HEX },
	};
	static unsigned char text[6 * MAX_TEXT + 1];

	for (size_t w = 0; w < sizeof(ways) / sizeof(*ways); w++) {
		size_t len = 0;

		for (size_t i = 0; i < n; i++) {
			char digits[4];

			(void)(ways[w].digits == OCTAL
				       ? snprintf(digits, sizeof(digits),
						  "%03o", in[i])
			       : ways[w].digits == UPPER
				       ? snprintf(digits, sizeof(digits),
						  "%02X", in[i])
				       : snprintf(digits, sizeof(digits),
						  "%02x", in[i]));
			len += (size_t)snprintf((char *)text + len, 8, "%s%s%s",
						ways[w].before, digits,
						ways[w].after);
		}
		add_form(f, ways[w].kind, text, len, ways[w].name);
	}
	memset(text, 0, sizeof(text));
}

void forms_add(struct forms *f, const unsigned char *key, size_t len)
{
	static unsigned char raw[MAX_TEXT];
	size_t n;

	if (len > MAX_TEXT / 4)
		return;
	add_form(f, TEXT, key, len, "text");
	add_base64(f, key, len, "base64", "base64 of base64");
	add_hex(f, key, len, "hex");
	add_escaped(f, key, len);
	n = decode_base64(key, len, raw);
	add_form(f, BYTES, raw, n, "bytes");
	add_base64(f, raw, n, "base64 of the bytes", NULL);
	add_hex(f, raw, n, "hex of the bytes");
	add_dumped(f, raw, n);
	memset(raw, 0, sizeof(raw));
}

struct forms *forms_new(const unsigned char *key, size_t len)
{
	struct forms *f = calloc(1, sizeof(*f));

	if (f)
		forms_add(f, key, len);
	return f;
}

void forms_free(struct forms *forms)
{
	free(forms);
}

size_t forms_count(const struct forms *forms)
{
	return forms->count;
}

static const char *look(const struct slot *table, uint64_t h)
{
	for (size_t at = h % SLOTS; table[at].hash; at = (at + 1) % SLOTS)
		if (table[at].hash == h)
			return table[at].name;
	return NULL;
}

const char *forms_at(const struct forms *f, const unsigned char *p, size_t left,
		     size_t *out_len)
{
	size_t start;

	if (left < 8)
		return NULL;
	start = start_of(p);
	if (!(f->starts[start / 8] >> start % 8 & 1))
		return NULL;
	for (int kind = 0; kind < KINDS && left >= sizes[kind]; kind++) {
		const char *name =
			look(f->tables[kind], hash_of(p, sizes[kind]));

		if (name) {
			*out_len = sizes[kind];
			return name;
		}
	}
	return NULL;
}

const char *forms_find(const struct forms *f, const unsigned char *data,
		       size_t len, size_t *out_at)
{
	for (size_t i = 0; i < len; i++) {
		size_t size;
		const char *name = forms_at(f, data + i, len - i, &size);

		if (name) {
			*out_at = i;
			return name;
		}
	}
	return NULL;
}
