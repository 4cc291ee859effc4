#include "net/url.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define MAX_URL 4096

static KR_FALLIBLE bad_url(const char *why)
{
	return err_new(KR_ECONFIG, "%s", why);
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* user:password of a URL, percent-decoded (RFC 3986, 3.2.1). */
static KR_FALLIBLE decode_user(const char *text, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		int high, low;

		if (text[i] != '%') {
			buf_putc(out, text[i]);
			continue;
		}
		high = i + 2 < n ? hex_of(text[i + 1]) : -1;
		low = i + 2 < n ? hex_of(text[i + 2]) : -1;
		if (high < 0 || low < 0 || high * 16 + low < ' ')
			return bad_url("its user or password is not encoded");
		buf_putc(out, (char)(high * 16 + low));
		i += 2;
	}
	if (!memchr(buf_str(out), ':', out->len))
		buf_putc(out, ':');
	return buf_check(out, "the user of an address");
}

bool url_is_loopback(const char *host, size_t n)
{
	return (n == 9 && strncasecmp(host, "localhost", n) == 0) ||
	       (n > 4 && strncmp(host, "127.", 4) == 0 &&
		strspn(host, "0123456789.") >= n) ||
	       (n == 5 && strncmp(host, "[::1]", n) == 0);
}

/* host[:port]; the length of the host. */
static KR_FALLIBLE check_host(const char *host, size_t n, size_t *out_n)
{
	const char *end = host + n, *colon;

	if (n && *host == '[') {
		const char *bracket = memchr(host, ']', n);

		if (!bracket)
			return bad_url("a [ is not closed");
		colon = bracket + 1;
		if (colon < end && *colon != ':')
			return bad_url("what follows its ] is no port");
	} else {
		colon = memchr(host, ':', n);
		if (!colon)
			colon = end;
	}
	*out_n = (size_t)(colon - host);
	if (*out_n == 0)
		return bad_url("it has no host");
	for (const char *c = host; c < colon; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._[]:%", *c))
			return bad_url("its host has a strange character");
	if (colon < end && (colon + 1 == end || end - colon > 6))
		return bad_url("its port is no number");
	for (const char *c = colon + 1; c < end; c++)
		if (!isdigit((unsigned char)*c))
			return bad_url("its port is no number");
	return NULL;
}

static KR_FALLIBLE take_path(const char *path, struct url *out)
{
	size_t n = strlen(path);

	if (strpbrk(path, "?#"))
		return bad_url("it has a query; only a path may follow");
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)path[i] <= ' ' || path[i] == 127)
			return bad_url("its path has a blank");
	while (n && path[n - 1] == '/')
		n--;
	out->prefix = strndup(path, n);
	return out->prefix ? NULL : err_no_memory();
}

static KR_FALLIBLE parse(const char *text, struct url *out)
{
	size_t scheme = text_starts_with(text, "https://")  ? 8
			: text_starts_with(text, "http://") ? 7
							    : 0;
	const char *host = text + scheme, *at = NULL;
	size_t n = strcspn(host, "/?#"), host_n = 0;
	struct err *err;

	if (!scheme)
		return bad_url("it begins with neither https:// nor http://");
	if (strlen(text) > MAX_URL)
		return bad_url("it is too long");
	for (size_t i = 0; i < n; i++)
		if (host[i] == '@')
			at = host + i;
	if (at) {
		err = decode_user(host, (size_t)(at - host), &out->user);
		if (err)
			return err;
		n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	err = check_host(host, n, &host_n);
	if (err)
		return err;
	out->plain = scheme == 7;
	out->loopback = url_is_loopback(host, host_n);
	if (asprintf(&out->origin, "%.*s%.*s", (int)scheme, text, (int)n,
		     host) < 0) {
		out->origin = NULL;
		return err_no_memory();
	}
	return take_path(host + n, out);
}

KR_FALLIBLE url_parse(const char *text, const char *what, struct url *out)
{
	struct url url = { .user = BUF_INIT(MAX_URL) };
	struct err *err = parse(text, &url);

	if (!err) {
		*out = url;
		return NULL;
	}
	url_release(&url);
	if (err_is(err, KR_ENOMEM))
		return err;
	return err_hint(err_wrap(err, "the address of %s is none", what),
			"It looks like https://host.example:9090, with a path "
			"where it is behind a prefix");
}

void url_release(struct url *url)
{
	if (url->user.data)
		explicit_bzero(url->user.data, url->user.len);
	buf_release(&url->user);
	free(url->origin);
	free(url->prefix);
	memset(url, 0, sizeof(*url));
}
