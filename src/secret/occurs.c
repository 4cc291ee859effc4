#include "secret/secret.h"

#include <stdint.h>
#include <string.h>

#include "secret/base64.h"

/*
 * The search is for windows: any WINDOW bytes of a form are an occurrence, so
 * that a quoted piece is found as well as the whole. A bit map of the windows'
 * hashes makes the pass over the text independent of the secret's length.
 */
#define WINDOW_RAW  8  /* of the bytes themselves */
#define WINDOW_TEXT 12 /* of base64: 9 bytes */
#define WINDOW_HEX  16 /* of hex: 8 bytes */
#define MAP_BITS    16384

struct form {
	struct secret *bytes;
	size_t window;
};

#define MAX_FORMS 12

struct forms {
	struct form items[MAX_FORMS];
	size_t count;
};

static void forms_release(struct forms *forms)
{
	for (size_t i = 0; i < forms->count; i++)
		secret_free(forms->items[i].bytes);
}

static void add_form(struct forms *forms, struct secret *take_bytes,
		     size_t window)
{
	size_t len = secret_len(take_bytes);

	forms->items[forms->count++] = (struct form){
		.bytes = take_bytes,
		.window = len < window ? len : window,
	};
}

/*
 * Base64 as it looks where `shift` foreign bytes stand before: the digits that
 * they or what follows have a part in are left out.
 */
static struct err *add_base64(struct forms *forms, const struct secret *s,
			      size_t shift)
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
	if (err)
		return err;
	/* Two or three digits of a tiny secret would be found everywhere. */
	if (secret_len(cut) >= 6)
		add_form(forms, take_ptr(&cut), WINDOW_TEXT);
	return NULL;
}

static struct err *add_hex(struct forms *forms, const struct secret *s,
			   const char *digits)
{
	struct secret *text = NULL;
	struct err *err = secret_new(2 * secret_len(s), &text);

	if (err)
		return err;
	for (size_t i = 0; i < secret_len(s); i++) {
		unsigned char c = secret_expose(s)[i];

		secret_bytes(text)[2 * i] = (unsigned char)digits[c >> 4];
		secret_bytes(text)[2 * i + 1] = (unsigned char)digits[c & 15];
	}
	add_form(forms, text, WINDOW_HEX);
	return NULL;
}

static struct err *add_all(struct forms *forms, const struct secret *s)
{
	struct secret *copy = NULL;
	struct err *err =
		secret_from_bytes(secret_expose(s), secret_len(s), &copy);

	if (err)
		return err;
	add_form(forms, copy, WINDOW_RAW);
	for (size_t shift = 0; !err && shift < 3; shift++)
		err = add_base64(forms, s, shift);
	if (!err)
		err = add_hex(forms, s, "0123456789abcdef");
	if (!err)
		err = add_hex(forms, s, "0123456789ABCDEF");
	return err;
}

static uint32_t window_hash(const unsigned char *p, size_t window)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < window; i++)
		h = (h ^ p[i]) * 16777619U;
	return (h ^ h >> 14) % MAP_BITS;
}

static bool window_in(const struct form *form, const unsigned char *at)
{
	const unsigned char *p = secret_expose(form->bytes);

	for (size_t i = 0; i + form->window <= secret_len(form->bytes); i++)
		if (memcmp(p + i, at, form->window) == 0)
			return true;
	return false;
}

static bool form_in(const struct form *form, const unsigned char *text,
		    size_t len)
{
	unsigned char map[MAP_BITS / 8] = { 0 };
	size_t last = secret_len(form->bytes) - form->window;
	bool found = false;

	for (size_t i = 0; i <= last; i++) {
		uint32_t h = window_hash(secret_expose(form->bytes) + i,
					 form->window);

		map[h / 8] |= (unsigned char)(1U << h % 8);
	}
	for (size_t i = 0; !found && i + form->window <= len; i++) {
		uint32_t h = window_hash(text + i, form->window);

		found = (map[h / 8] >> h % 8 & 1) && window_in(form, text + i);
	}
	explicit_bzero(map, sizeof(map));
	return found;
}

bool secret_occurs_in(const struct secret *s, const char *text, size_t len)
{
	kr_cleanup(forms_release) struct forms forms = { .count = 0 };
	struct err *err;
	bool found = false;

	if (secret_len(s) == 0)
		return false;
	err = add_all(&forms, s);
	/* Without memory to search nothing can be called clean. */
	found = err != NULL;
	err_free(err);
	for (size_t i = 0; !found && i < forms.count; i++)
		found = form_in(&forms.items[i], (const unsigned char *)text,
				len);
	return found;
}
