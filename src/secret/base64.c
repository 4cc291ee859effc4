#include "secret/base64.h"

#include <stdint.h>

/*
 * The alphabet by arithmetic: a table looked up by secret bits would leave
 * them in the cache. Each line is 0 or all ones, chosen without a branch.
 */

/* All ones where low <= v <= high. */
static int between(int low, int v, int high)
{
	return ~(((v - low) | (high - v)) >> 31);
}

static char encode_digit(int v)
{
	int c = 0;

	c |= between(0, v, 25) & (v + 'A');
	c |= between(26, v, 51) & (v - 26 + 'a');
	c |= between(52, v, 61) & (v - 52 + '0');
	c |= between(62, v, 62) & '+';
	c |= between(63, v, 63) & '/';
	return (char)c;
}

/* 0..63, or -1. */
static int decode_digit(int c)
{
	int v = -1;

	v += between('A', c, 'Z') & (c - 'A' + 1);
	v += between('a', c, 'z') & (c - 'a' + 27);
	v += between('0', c, '9') & (c - '0' + 53);
	v += between('+', c, '+') & 63;
	v += between('/', c, '/') & 64;
	return v;
}

size_t base64_encoded_len(size_t n)
{
	return (n + 2) / 3 * 4;
}

void base64_encode_to(const unsigned char *raw, size_t n, char *out)
{
	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		unsigned bits = (unsigned)raw[i] << 16;

		if (left > 1)
			bits |= (unsigned)raw[i + 1] << 8;
		if (left > 2)
			bits |= raw[i + 2];
		*out++ = encode_digit((int)(bits >> 18 & 63));
		*out++ = encode_digit((int)(bits >> 12 & 63));
		*out++ = left > 1 ? encode_digit((int)(bits >> 6 & 63)) : '=';
		*out++ = left > 2 ? encode_digit((int)(bits & 63)) : '=';
	}
}

KR_FALLIBLE base64_encode(const struct secret *raw, struct secret **out)
{
	size_t n = secret_len(raw);
	struct secret *text = NULL;
	struct err *err = secret_new(base64_encoded_len(n), &text);

	if (err)
		return err;
	base64_encode_to(secret_expose(raw), n, (char *)secret_bytes(text));
	*out = text;
	return NULL;
}

static struct err *not_base64(size_t at)
{
	return err_new(KR_EINVALID, "not base64 (at byte %zu)", at + 1);
}

/* Four digits of which the last `pad` are '='. */
static struct err *decode_group(const char *text, size_t at, unsigned pad,
				unsigned char *out)
{
	unsigned bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int v = i < 4 - pad ? decode_digit((unsigned char)text[at + i])
				    : 0;

		if (v < 0)
			return not_base64(at + i);
		bits = bits << 6 | (unsigned)v;
	}
	out[0] = (unsigned char)(bits >> 16);
	if (pad < 2)
		out[1] = (unsigned char)(bits >> 8);
	if (pad < 1)
		out[2] = (unsigned char)bits;
	/* Bits left over would be a second spelling of the same bytes. */
	if (pad && (bits & (pad == 2 ? 0xffffU : 0xffU)))
		return not_base64(at + 3 - pad);
	return NULL;
}

KR_FALLIBLE base64_decode(const char *text, size_t len, struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *raw = NULL;
	unsigned pad = 0;
	size_t whole;
	struct err *err;

	if (len % 4 == 0 && len > 0)
		pad = text[len - 1] != '=' ? 0 : text[len - 2] != '=' ? 1 : 2;
	whole = len / 4 * 3 - pad;
	err = secret_new(whole, &raw);
	for (size_t at = 0; !err && at + 4 <= len; at += 4)
		err = decode_group(text, at, at + 4 == len ? pad : 0,
				   secret_bytes(raw) + at / 4 * 3);
	if (!err && len % 4 != 0)
		err = not_base64(len);
	if (err)
		return err;
	*out = take_ptr(&raw);
	return NULL;
}
