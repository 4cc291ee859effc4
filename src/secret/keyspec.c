#include "secret/keyspec.h"

#include <string.h>

#include "secret/base64.h"

static const char *const encodings[] = {
	[KEY_BASE64] = "base64",
	[KEY_BASE64URL] = "base64url",
	[KEY_HEX] = "hex",
	[KEY_RAW] = "raw",
};

#define ENCODING_COUNT (sizeof(encodings) / sizeof(*encodings))

KR_FALLIBLE keyspec_parse_encoding(const char *text, enum key_encoding *out)
{
	for (size_t i = 0; i < ENCODING_COUNT; i++) {
		if (strcmp(text, encodings[i]) == 0) {
			*out = (enum key_encoding)i;
			return NULL;
		}
	}
	return err_hint(err_new(KR_ECONFIG, "unknown key encoding"),
			"use base64, base64url, hex or raw");
}

const char *keyspec_encoding_name(enum key_encoding encoding)
{
	return encodings[encoding];
}

/* base64 -> base64url in place; the padding is cut off. */
static void to_base64url(struct secret *text)
{
	unsigned char *p = secret_bytes(text);
	size_t n = secret_len(text);

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '+')
			p[i] = '-';
		else if (p[i] == '/')
			p[i] = '_';
	}
	while (n && p[n - 1] == '=')
		n--;
	secret_truncate(text, n);
}

static struct err *encode_hex(const struct secret *raw, struct secret **out)
{
	const unsigned char *from = secret_expose(raw);
	struct secret *text = NULL;
	struct err *err = secret_new(2 * secret_len(raw), &text);

	for (size_t i = 0; !err && i < 2 * secret_len(raw); i++) {
		unsigned v = i % 2 ? from[i / 2] & 15U : from[i / 2] >> 4;

		/* 'a' - '9' - 1 is 39; no table, no branch on a secret. */
		secret_bytes(text)[i] =
			(unsigned char)('0' + v + (((9 - v) >> 8) & 39U));
	}
	if (err)
		return err;
	*out = text;
	return NULL;
}

KR_FALLIBLE keyspec_generate(const struct keyspec *spec, struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *raw = NULL;
	struct err *err = secret_random(spec->bytes, &raw);

	if (err)
		return err;
	if (spec->encoding == KEY_HEX)
		return encode_hex(raw, out);
	if (spec->encoding == KEY_RAW) {
		*out = take_ptr(&raw);
		return NULL;
	}
	err = base64_encode(raw, out);
	if (!err && spec->encoding == KEY_BASE64URL)
		to_base64url(*out);
	return err;
}

/* Back to the padded alphabet, so that one decoder serves both. */
static struct err *decode_base64url(const struct secret *key,
				    struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *text = NULL;
	size_t n = secret_len(key);
	const unsigned char *from = secret_expose(key);
	struct err *err = secret_new((n + 3) / 4 * 4, &text);

	if (err)
		return err;
	for (size_t i = 0; i < secret_len(text); i++) {
		unsigned char c = i < n ? from[i] : '=';

		if (c == '+' || c == '/' || (c == '=' && i < n))
			return err_new(KR_EINVALID,
				       "not base64url (at byte %zu)", i + 1);
		secret_bytes(text)[i] = c == '-' ? '+' : c == '_' ? '/' : c;
	}
	return base64_decode((const char *)secret_expose(text),
			     secret_len(text), out);
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static struct err *decode_hex(const struct secret *key, struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *raw = NULL;
	const unsigned char *from = secret_expose(key);
	struct err *err = secret_new(secret_len(key) / 2, &raw);

	if (err)
		return err;
	for (size_t i = 0; i < secret_len(key); i++) {
		int v = hex_value(from[i]);

		if (v < 0)
			return err_new(KR_EINVALID, "not hex (at byte %zu)",
				       i + 1);
		if (i / 2 < secret_len(raw))
			secret_bytes(raw)[i / 2] =
				(unsigned char)(secret_bytes(raw)[i / 2] << 4 |
						v);
	}
	if (secret_len(key) % 2)
		return err_new(KR_EINVALID, "an odd number of hex digits (%zu)",
			       secret_len(key));
	*out = take_ptr(&raw);
	return NULL;
}

static struct err *decode(const struct keyspec *spec, const struct secret *key,
			  struct secret **out)
{
	switch (spec->encoding) {
	case KEY_BASE64:
		return base64_decode((const char *)secret_expose(key),
				     secret_len(key), out);
	case KEY_BASE64URL:
		return decode_base64url(key, out);
	case KEY_HEX:
		return decode_hex(key, out);
	case KEY_RAW:
		break;
	}
	return secret_from_bytes(secret_expose(key), secret_len(key), out);
}

/* What a hand or an editor does to a text, before the encoding is looked at. */
static const char *text_fault(const struct secret *key, size_t *out_at)
{
	const unsigned char *p = secret_expose(key);
	size_t n = secret_len(key);

	for (size_t i = 0; i < n; i++) {
		*out_at = i + 1;
		if (p[i] == '\0')
			return "a NUL byte";
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
			return "a Windows line end (CRLF)";
		if (p[i] == '\n' && i + 1 == n)
			return "a newline at its end";
		if (p[i] == '\n' || p[i] == '\r')
			return "a line break";
		if (p[i] == ' ' || p[i] == '\t')
			return "white space";
		if (i == 0 && n > 2 && p[0] == 0xef && p[1] == 0xbb &&
		    p[2] == 0xbf)
			return "a byte order mark";
		if (p[i] == '"' || p[i] == '\'')
			return "a quotation mark";
	}
	return NULL;
}

static bool all_equal(const struct secret *raw)
{
	const unsigned char *p = secret_expose(raw);

	for (size_t i = 1; i < secret_len(raw); i++)
		if (p[i] != p[0])
			return false;
	return secret_len(raw) > 1;
}

static struct err *check(const struct keyspec *spec, const struct secret *key)
{
	kr_cleanup(secret_freep) struct secret *raw = NULL;
	const char *fault = NULL;
	size_t at = 0;
	struct err *err;

	if (secret_len(key) == 0)
		return err_new(KR_ECONFIG, "the key is empty");
	if (spec->encoding != KEY_RAW)
		fault = text_fault(key, &at);
	if (fault)
		return err_new(KR_ECONFIG,
			       "the key has %s (at byte %zu of %zu)", fault, at,
			       secret_len(key));
	err = decode(spec, key, &raw);
	if (err)
		return err_wrap(err_as(err, KR_ECONFIG), "the key is wrong");
	if (secret_len(raw) != spec->bytes)
		return err_new(KR_ECONFIG,
			       "the key has %zu bytes (%s decoded), not %zu",
			       secret_len(raw),
			       keyspec_encoding_name(spec->encoding),
			       spec->bytes);
	if (all_equal(raw))
		return err_new(KR_ECONFIG,
			       "the key is one byte repeated, not a key");
	return NULL;
}

KR_FALLIBLE keyspec_check(const struct keyspec *spec, const struct secret *key,
			  const char *source)
{
	return err_wrap(check(spec, key), "%s", source);
}

bool keyspec_strip_newline(struct secret *key)
{
	const unsigned char *p = secret_expose(key);
	size_t n = secret_len(key);

	if (!n || p[n - 1] != '\n')
		return false;
	n--;
	if (n && p[n - 1] == '\r')
		n--;
	secret_truncate(key, n);
	return true;
}
