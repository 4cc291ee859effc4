#include "secret/search.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

#include "secret/base64.h"

#define WINDOW_RAW  8  /* of the bytes themselves */
#define WINDOW_TEXT 12 /* of base64: 9 bytes */
#define WINDOW_HEX  16 /* of hex: 8 bytes */
/* One block of the cipher holds a window of any kind. */
#define BLOCK	16
#define AT_ONCE 64 /* blocks */

struct secret_search {
	struct secret *key; /* of the cipher */
	uint64_t *digests;  /* sorted */
	size_t count, room;
	bool windows[BLOCK + 1]; /* the lengths that there are */
};

KR_FALLIBLE secret_search_new(struct secret_search **out)
{
	struct secret_search *search = calloc(1, sizeof(*search));
	struct err *err;

	if (!search)
		return err_no_memory();
	err = secret_random(BLOCK, &search->key);
	if (err)
		free(search);
	else
		*out = search;
	return err;
}

void secret_search_free(struct secret_search *search)
{
	if (!search)
		return;
	secret_free(search->key);
	free(search->digests);
	free(search);
}

static EVP_CIPHER_CTX *open_cipher(const struct secret_search *search)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();

	if (cipher &&
	    EVP_EncryptInit_ex(cipher, EVP_aes_128_ecb(), NULL,
			       secret_expose(search->key), NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(cipher, 0) == 1)
		return cipher;
	EVP_CIPHER_CTX_free(cipher);
	return NULL;
}

/* The digests of `n` windows, the first at `at`, each one byte on. */
static bool digest(EVP_CIPHER_CTX *cipher, const unsigned char *at,
		   size_t window, size_t n, uint64_t *out)
{
	unsigned char blocks[AT_ONCE][BLOCK] = { { 0 } };
	unsigned char sealed[AT_ONCE][BLOCK];
	int len = (int)(n * BLOCK), got = 0;

	for (size_t i = 0; i < n; i++)
		memcpy(blocks[i], at + i, window);
	if (EVP_EncryptUpdate(cipher, *sealed, &got, *blocks, len) != 1)
		got = 0;
	explicit_bzero(blocks, sizeof(blocks));
	for (size_t i = 0; got == len && i < n; i++)
		memcpy(&out[i], sealed[i], sizeof(out[i]));
	return got == len;
}

static KR_FALLIBLE make_room(struct secret_search *search, size_t more)
{
	size_t room = search->count + more;
	uint64_t *digests;

	if (room <= search->room)
		return NULL;
	digests = realloc(search->digests, room * sizeof(*digests));
	if (!digests)
		return err_no_memory();
	search->digests = digests;
	search->room = room;
	return NULL;
}

static KR_FALLIBLE add_form(struct secret_search *search,
			    const struct secret *form, size_t window)
{
	EVP_CIPHER_CTX *cipher;
	size_t len = secret_len(form), left;
	struct err *err;
	bool sealed;

	if (len < window)
		window = len;
	left = len - window + 1;
	err = make_room(search, left);
	if (err)
		return err;
	cipher = open_cipher(search);
	sealed = cipher != NULL;
	for (size_t at = 0, n; sealed && at < left; at += n) {
		n = left - at < AT_ONCE ? left - at : AT_ONCE;
		sealed = digest(cipher, secret_expose(form) + at, window, n,
				search->digests + search->count + at);
	}
	EVP_CIPHER_CTX_free(cipher);
	if (!sealed)
		return err_no_memory();
	search->count += left;
	search->windows[window] = true;
	return NULL;
}

/*
 * Base64 as it looks where `shift` foreign bytes stand before: the digits that
 * they or what follows have a part in are left out.
 */
static KR_FALLIBLE add_base64(struct secret_search *search,
			      const struct secret *s, size_t shift)
{
	kr_cleanup(secret_freep) struct secret *shifted = NULL;
	kr_cleanup(secret_freep) struct secret *text = NULL;
	kr_cleanup(secret_freep) struct secret *cut = NULL;
	size_t n = secret_len(s) + shift;
	size_t first = shift ? shift + 1 : 0;
	size_t end = n * 8 / 6;
	struct err *err = secret_new(n, &shifted);

	if (err || end <= first)
		return err;
	memcpy(secret_bytes(shifted) + shift, secret_expose(s), secret_len(s));
	err = base64_encode(shifted, &text);
	if (!err)
		err = secret_from_bytes(secret_expose(text) + first,
					end - first, &cut);
	/* Two or three digits of a tiny secret would be found everywhere. */
	if (!err && secret_len(cut) >= 6)
		err = add_form(search, cut, WINDOW_TEXT);
	return err;
}

static KR_FALLIBLE add_hex(struct secret_search *search, const struct secret *s,
			   const char *digits)
{
	kr_cleanup(secret_freep) struct secret *text = NULL;
	struct err *err = secret_new(2 * secret_len(s), &text);

	if (err)
		return err;
	for (size_t i = 0; i < secret_len(s); i++) {
		unsigned char c = secret_expose(s)[i];

		secret_bytes(text)[2 * i] = (unsigned char)digits[c >> 4];
		secret_bytes(text)[2 * i + 1] = (unsigned char)digits[c & 15];
	}
	return add_form(search, text, WINDOW_HEX);
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorted, each once. */
static void tidy(struct secret_search *search)
{
	size_t kept = 0;

	qsort(search->digests, search->count, sizeof(*search->digests),
	      by_value);
	for (size_t i = 0; i < search->count; i++)
		if (!i || search->digests[i] != search->digests[kept - 1])
			search->digests[kept++] = search->digests[i];
	search->count = kept;
}

KR_FALLIBLE secret_search_add(struct secret_search *search,
			      const struct secret *secret)
{
	struct err *err;

	if (!secret || secret_len(secret) == 0)
		return NULL;
	err = add_form(search, secret, WINDOW_RAW);
	for (size_t shift = 0; !err && shift < 3; shift++)
		err = add_base64(search, secret, shift);
	if (!err)
		err = add_hex(search, secret, "0123456789abcdef");
	if (!err)
		err = add_hex(search, secret, "0123456789ABCDEF");
	tidy(search);
	return err;
}

static bool finds_window(const struct secret_search *search,
			 EVP_CIPHER_CTX *cipher, const char *text, size_t len,
			 size_t window)
{
	uint64_t digests[AT_ONCE];
	size_t left = len - window + 1;

	for (size_t at = 0, n; at < left; at += n) {
		n = left - at < AT_ONCE ? left - at : AT_ONCE;
		if (!digest(cipher, (const unsigned char *)text + at, window, n,
			    digests))
			return true;
		for (size_t i = 0; i < n; i++)
			if (bsearch(&digests[i], search->digests, search->count,
				    sizeof(*digests), by_value))
				return true;
	}
	return false;
}

bool secret_search_finds(const struct secret_search *search, const char *text,
			 size_t len)
{
	EVP_CIPHER_CTX *cipher;
	bool found;

	if (!search || search->count == 0 || len == 0)
		return false;
	cipher = open_cipher(search);
	found = cipher == NULL;
	for (size_t window = 1; !found && window <= BLOCK; window++)
		if (search->windows[window] && window <= len)
			found = finds_window(search, cipher, text, len, window);
	EVP_CIPHER_CTX_free(cipher);
	return found;
}

bool secret_occurs_in(const struct secret *s, const char *text, size_t len)
{
	kr_cleanup(secret_search_freep) struct secret_search *search = NULL;
	struct err *err = secret_search_new(&search);
	bool found;

	if (!err)
		err = secret_search_add(search, s);
	found = err || secret_search_finds(search, text, len);
	err_free(err);
	return found;
}
