#include "secret/keyhunt_forms.h"

#include <openssl/evp.h>
#include <string.h>

#include "secret/base64.h"

/* Fewer distinct bytes than that were not drawn at random. */
#define MIN_DISTINCT 8

KR_FALLIBLE keyhunt_forms_init(struct keyhunt_forms *forms,
			       const struct keyspec *spec)
{
	*forms = (struct keyhunt_forms){ .spec = *spec };
	forms->context = EVP_MD_CTX_new();
	forms->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (forms->context && forms->sha256)
		return NULL;
	keyhunt_forms_release(forms);
	return err_new(KR_EUNEXPECTED, "SHA-256 is not available");
}

void keyhunt_forms_release(struct keyhunt_forms *forms)
{
	EVP_MD_CTX_free(forms->context);
	EVP_MD_free(forms->sha256);
	forms->context = NULL;
	forms->sha256 = NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool hex_decode(const char *text, size_t len, unsigned char *out)
{
	if (len % 2)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		/* All of `text` was decoded before. */
		/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static void hex_encode(const unsigned char *raw, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
}

bool keyhunt_parse_hash(const char *text, unsigned char out[KEYHUNT_HASH])
{
	size_t len = (size_t)2 * KEYHUNT_HASH;

	return strnlen(text, len + 1) == len && hex_decode(text, len, out);
}

void keyhunt_format_hash(const unsigned char hash[KEYHUNT_HASH],
			 char out[SECRET_FINGERPRINT_LEN])
{
	hex_encode(hash, KEYHUNT_HASH, out);
	out[SECRET_FINGERPRINT_LEN - 1] = '\0';
}

/* 1 and more: a digit of either alphabet. */
static const unsigned char base64_digits[256] = {
	['A'] = 1,  ['B'] = 2,	['C'] = 3,  ['D'] = 4,	['E'] = 5,  ['F'] = 6,
	['G'] = 7,  ['H'] = 8,	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
	['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
	['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['+'] = 63, ['-'] = 63, ['/'] = 64, ['_'] = 64,
};

static int base64_digit(char c)
{
	return base64_digits[(unsigned char)c] - 1;
}

/* Bits of the last digit that no byte has: 0, 2 or 4 of them. */
static bool has_spare_bits(const char *text, size_t len)
{
	unsigned spare = len % 4 == 3 ? 3U : len % 4 == 2 ? 15U : 0U;
	int last = base64_digit(text[len - 1]);

	return last < 0 || ((unsigned)last & spare) != 0;
}

/* Either alphabet, no padding; false also where bits are left over. */
static bool base64_any(const char *text, size_t len, unsigned char *out)
{
	unsigned bits = 0;
	unsigned count = 0;

	if (!len || len % 4 == 1 || has_spare_bits(text, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		int digit = base64_digit(text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (unsigned)digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*out++ = (unsigned char)(bits >> count);
			bits &= (1U << count) - 1;
		}
	}
	return true;
}

/* Whether base64 of a text of the key's alphabet may begin so. */
static bool begins_as_text(const char *w, size_t len)
{
	unsigned char first[3];

	if (len < 4 || !base64_any(w, 4, first))
		return false;
	for (int i = 0; i < 3; i++)
		if (base64_digit((char)first[i]) < 0)
			return false;
	return true;
}

/* Bytes of n digits, and digits (no padding) of n bytes. */
static size_t bytes_of(size_t digits)
{
	return digits * 3 / 4;
}

static size_t digits_of(size_t bytes)
{
	return (bytes * 4 + 2) / 3;
}

/* How long the key's text is; 0: it is no text. */
static size_t text_len(const struct keyspec *spec)
{
	switch (spec->encoding) {
	case KEY_BASE64:
		return base64_encoded_len(spec->bytes);
	case KEY_BASE64URL:
		return digits_of(spec->bytes);
	case KEY_HEX:
		return 2 * spec->bytes;
	case KEY_RAW:
		break;
	}
	return 0;
}

static size_t text_of(const struct keyspec *spec, const unsigned char *raw,
		      char *out)
{
	size_t len = text_len(spec);

	if (spec->encoding == KEY_HEX) {
		hex_encode(raw, spec->bytes, out);
		return len;
	}
	base64_encode_to(raw, spec->bytes, out);
	for (size_t i = 0; spec->encoding == KEY_BASE64URL && i < len; i++) {
		if (out[i] == '+')
			out[i] = '-';
		else if (out[i] == '/')
			out[i] = '_';
	}
	return len;
}

static bool has_variety(const unsigned char *raw, size_t n)
{
	bool seen[256] = { false };
	size_t distinct = 0;

	for (size_t i = 0; i < n; i++) {
		/* As many as were decoded. */
		/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized*) */
		distinct += !seen[raw[i]];
		seen[raw[i]] = true;
	}
	return distinct >= (n < MIN_DISTINCT ? n : MIN_DISTINCT);
}

/* Who is told. */
struct told {
	struct keyhunt_forms *forms;
	keyhunt_on_hash *on_hash;
	void *user;
};

static KR_FALLIBLE tell(const struct told *told, const void *data, size_t len,
			bool shaped)
{
	EVP_MD_CTX *context = told->forms->context;
	unsigned char hash[KEYHUNT_HASH];

	if (EVP_DigestInit_ex2(context, told->forms->sha256, NULL) != 1 ||
	    EVP_DigestUpdate(context, data, len) != 1 ||
	    EVP_DigestFinal_ex(context, hash, NULL) != 1)
		return err_new(KR_EUNEXPECTED, "SHA-256 failed");
	return told->on_hash(told->user, hash, shaped);
}

/* Raw bytes of the right number, as the text that is the key. */
static KR_FALLIBLE tell_raw(const struct told *told, const unsigned char *raw)
{
	const struct keyspec *spec = &told->forms->spec;
	char text[KEYHUNT_VALUE];
	struct err *err;

	if (!text_len(spec))
		return tell(told, raw, spec->bytes,
			    has_variety(raw, spec->bytes));
	err = tell(told, text, text_of(spec, raw, text),
		   has_variety(raw, spec->bytes));
	explicit_bzero(text, text_len(spec));
	return err;
}

/* Whether the text is a key's; its raw bytes then. */
static bool is_key_text(const struct keyspec *spec, const char *text,
			size_t len, unsigned char *raw)
{
	if (!len || len != text_len(spec))
		return false;
	if (spec->encoding == KEY_HEX)
		return hex_decode(text, len, raw);
	while (spec->encoding == KEY_BASE64 && len && text[len - 1] == '=')
		len--;
	return len == digits_of(spec->bytes) && base64_any(text, len, raw);
}

/* A window without padding: each way in which it can stand for the key. */
static KR_FALLIBLE try_window(const struct told *told, const char *w,
			      size_t len)
{
	const struct keyspec *spec = &told->forms->spec;
	size_t text = text_len(spec);
	unsigned char bytes[KEYHUNT_VALUE], raw[KEYHUNT_VALUE];
	struct err *err = NULL;

	if (len == 2 * spec->bytes && hex_decode(w, len, raw)) {
		err = tell_raw(told, raw);
		/* Made in upper case, its fingerprint is that text's. */
		if (!err && spec->encoding == KEY_HEX)
			err = tell(told, w, len, false);
	}
	if (!err && len == digits_of(spec->bytes) && base64_any(w, len, raw))
		err = tell_raw(told, raw);
	if (!err && text && len == 2 * text && hex_decode(w, len, bytes) &&
	    is_key_text(spec, (const char *)bytes, text, raw))
		err = tell_raw(told, raw);
	/* With a newline behind the text it begins the same way: the bits that
	 * are left over are the newline's first ones, which are 0. */
	if (!err && text && len == digits_of(text) && begins_as_text(w, len) &&
	    base64_any(w, len, bytes) &&
	    is_key_text(spec, (const char *)bytes, text, raw))
		err = tell_raw(told, raw);
	explicit_bzero(bytes, len);
	explicit_bzero(raw, len);
	return err;
}

/* Not the window lengths of one form twice. */
static size_t window_lens(const struct keyspec *spec, size_t out[4])
{
	const size_t text = text_len(spec);
	const size_t all[] = { 2 * spec->bytes, digits_of(spec->bytes),
			       2 * text, digits_of(text) };
	size_t n = 0;

	for (size_t i = 0; i < (text ? 4U : 2U); i++) {
		bool there = all[i] >= KEYHUNT_VALUE;

		for (size_t k = 0; k < n; k++)
			there = there || out[k] == all[i];
		if (!there)
			out[n++] = all[i];
	}
	return n;
}

static bool is_glue(char c)
{
	return c == '+' || c == '/' || c == '-' || c == '_';
}

KR_FALLIBLE keyhunt_try_run(struct keyhunt_forms *forms, const char *run,
			    size_t len, keyhunt_on_hash *on_hash, void *user)
{
	const struct told told = { forms, on_hash, user };
	size_t lens[4];
	size_t n = window_lens(&forms->spec, lens);
	struct err *err = NULL;

	for (size_t k = 0; k < n && !err; k++) {
		size_t w = lens[k];

		/* After the first character: of an escape, as in "\nKEY". */
		for (size_t at = 0; at + w <= len && !err; at++)
			if (at < 2 || at + w == len || is_glue(run[at - 1]) ||
			    is_glue(run[at + w]))
				err = try_window(&told, run + at, w);
	}
	return err;
}

KR_FALLIBLE keyhunt_try_value(struct keyhunt_forms *forms, const char *text,
			      size_t len, keyhunt_on_hash *on_hash, void *user)
{
	const struct told told = { forms, on_hash, user };
	unsigned char bytes[KEYHUNT_VALUE];
	size_t bare = len;
	struct err *err;

	if (!len || len >= KEYHUNT_VALUE)
		return NULL;
	err = tell(&told, text, len, false);
	while (bare && text[bare - 1] == '=' && len - bare < 2)
		bare--;
	if (!err)
		err = try_window(&told, text, bare);
	if (!err && base64_any(text, bare, bytes)) {
		size_t n = bytes_of(bare);

		err = tell(&told, bytes, n, false);
		if (!err && n && bytes[n - 1] == '\n')
			err = tell(&told, bytes, n - 1, false);
	}
	explicit_bzero(bytes, len);
	return err;
}
