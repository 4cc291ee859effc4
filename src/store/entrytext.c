#include "store/entrytext.h"

#include <string.h>

#include "secret/base64.h"
#include "store/meta.h"
#include "store/store_backend.h"

#define ENCODED_LINE "key-encoding: base64\n"

/*
 * Whether it can stand as the first line of a text and come back the same,
 * also from managers that trim, escape, or fill in "{...}".
 */
static bool is_plain(const struct secret *key)
{
	const unsigned char *p = secret_expose(key);
	size_t n = secret_len(key);

	for (size_t i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] > '~' || strchr("\\\"{", p[i]))
			return false;
	return n > 0 && p[0] != ' ' && p[n - 1] != ' ';
}

KR_FALLIBLE entrytext_join(const struct secret *line, const char *rest,
			   size_t rest_len, struct secret **out)
{
	size_t n = secret_len(line);
	struct secret *text = NULL;
	struct err *err = secret_new(n + 1 + rest_len, &text);

	if (err)
		return err;
	memcpy(secret_bytes(text), secret_expose(line), n);
	secret_bytes(text)[n] = '\n';
	memcpy(secret_bytes(text) + n + 1, rest, rest_len);
	*out = text;
	return NULL;
}

KR_FALLIBLE entrytext_wrap(const char *before, const struct secret *line,
			   const char *after, struct secret **out)
{
	size_t head = strlen(before), n = secret_len(line);
	struct secret *text = NULL;
	struct err *err = secret_new(head + n + strlen(after), &text);

	if (err)
		return err;
	memcpy(secret_bytes(text), before, head);
	memcpy(secret_bytes(text) + head, secret_expose(line), n);
	memcpy(secret_bytes(text) + head + n, after, strlen(after));
	*out = text;
	return NULL;
}

KR_FALLIBLE entrytext_format(const struct store_meta *meta,
			     const struct secret *key, struct secret **out)
{
	kr_cleanup(buf_release) struct buf rest = BUF_INIT(64 * 1024);
	kr_cleanup(secret_freep) struct secret *encoded = NULL;
	struct err *err = NULL;

	if (secret_len(key) > ENTRYTEXT_MAX_BYTES / 4 * 3)
		return err_new(KR_ENOMEM, "the key is too large to be stored");
	if (!is_plain(key)) {
		buf_puts(&rest, ENCODED_LINE);
		err = base64_encode(key, &encoded);
	}
	meta_format(meta, ": ", &rest);
	if (!err)
		err = meta_put_mac(&rest, key);
	return err ? err
		   : entrytext_join(encoded ? encoded : key, buf_str(&rest),
				    rest.len, out);
}

KR_FALLIBLE entrytext_split(const struct secret *text, struct secret **out_line,
			    const char **out_rest)
{
	const char *all = (const char *)secret_expose(text);
	const char *end = all + strcspn(all, "\n");
	struct err *err = secret_from_bytes(all, (size_t)(end - all), out_line);

	if (!err)
		*out_rest = *end ? end + 1 : end;
	return err;
}

static struct err *changed(const char *how)
{
	return store_error("Mismatch", "the entry's text was changed (%s)",
			   how);
}

static struct err *take_key(const char *line, size_t len, bool encoded,
			    struct secret **out)
{
	struct err *err;

	if (!encoded)
		return secret_from_bytes(line, len, out);
	err = base64_decode(line, len, out);
	return err ? err_set_reason(err_as(err, KR_ESTORE), "Mismatch") : NULL;
}

KR_FALLIBLE entrytext_parse(const struct secret *text,
			    struct store_meta *out_meta,
			    struct secret **out_key)
{
	const char *all = (const char *)secret_expose(text);
	const char *end = memchr(all, '\n', secret_len(text));
	const char *lines, *mac = NULL;
	kr_cleanup(secret_freep) struct secret *key = NULL;
	size_t rest, signed_len = 0;
	struct err *err;
	bool encoded;

	if (!end)
		return changed("there are no metadata");
	lines = end + 1;
	rest = secret_len(text) - (size_t)(lines - all);
	if (!meta_find_mac(lines, rest, &signed_len, &mac))
		return changed("there are no metadata");
	encoded = strncmp(lines, ENCODED_LINE, strlen(ENCODED_LINE)) == 0;
	err = take_key(all, (size_t)(end - all), encoded, &key);
	if (!err)
		err = meta_check_mac(lines, signed_len, key, mac);
	if (!err)
		err = meta_parse(lines, signed_len, ':', out_meta);
	if (err)
		return err;
	*out_key = take_ptr(&key);
	return NULL;
}
