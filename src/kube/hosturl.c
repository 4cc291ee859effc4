#include "kube/hosturl.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

#define MAX_URL 8192

void hosturl_release(struct hosturl *url)
{
	free(url->scheme);
	free(url->userinfo);
	free(url->host);
	free(url->port);
	free(url->path);
	*url = (struct hosturl){ 0 };
}

/* Length of a scheme before "://", 0 where there is none. */
static size_t scheme_at(const char *text)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*text))
		return 0;
	while (isalnum((unsigned char)text[n]) ||
	       (text[n] && strchr("+-.", text[n])))
		n++;
	return strncmp(text + n, "://", 3) == 0 ? n : 0;
}

static bool host_is_clean(const char *host, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)host[i];

		if (c < 0x80 && !isalnum(c) && !strchr("-._~", c))
			return false;
	}
	return true;
}

static bool ipv6_is_clean(const char *host, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)host[i];

		if (!isalnum(c) && !strchr(":.%-_~", c))
			return false;
	}
	return true;
}

/* host, host:port, [ipv6] or [ipv6]:port */
static KR_FALLIBLE parse_host(const char *text, size_t n, struct hosturl *url)
{
	const char *port = NULL, *host = text;
	size_t host_len;

	if (n && *text == '[') {
		const char *close = memchr(text, ']', n);

		if (!close)
			return err_new(KR_ECONFIG, "a '[' without ']'");
		url->is_ipv6 = true;
		host = text + 1;
		host_len = (size_t)(close - host);
		if (close + 1 < text + n)
			port = close + 1;
		if (port && *port != ':')
			return err_new(KR_ECONFIG, "no ':' after ']'");
	} else {
		port = memchr(text, ':', n);
		host_len = port ? (size_t)(port - text) : n;
	}
	if (!host_len)
		return err_new(KR_ECONFIG, "no host name");
	if (url->is_ipv6 ? !ipv6_is_clean(host, host_len)
			 : !host_is_clean(host, host_len))
		return err_new(KR_ECONFIG, "a host name that cannot be");
	url->host = strndup(host, host_len);
	url->port = port ? strndup(port + 1, (size_t)(text + n - port - 1))
			 : strdup("");
	if (!url->host || !url->port)
		return err_no_memory();
	if (strspn(url->port, "0123456789") != strlen(url->port) ||
	    strlen(url->port) > 5 || strtol(url->port, NULL, 10) > 65535)
		return err_new(KR_ECONFIG, "a port that is none");
	return NULL;
}

static KR_FALLIBLE parse(const char *text, struct hosturl *url)
{
	size_t scheme = scheme_at(text), n;
	const char *at;

	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return err_new(KR_ECONFIG, "white space in a URL");
	}
	url->scheme = strndup(text, scheme);
	if (!url->scheme)
		return err_no_memory();
	for (char *p = url->scheme; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	text += scheme ? scheme + 3 : 0;
	n = strcspn(text, "/?#");
	at = memrchr(text, '@', n);
	if (at) {
		url->userinfo = strndup(text, (size_t)(at - text));
		if (!url->userinfo)
			return err_no_memory();
		n -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	url->path = strndup(text + n, strcspn(text + n, "?#"));
	if (!url->path)
		return err_no_memory();
	return parse_host(text, n, url);
}

KR_FALLIBLE hosturl_parse(const char *text, struct hosturl *out)
{
	struct hosturl url = { 0 };
	struct err *err;

	if (strlen(text) > MAX_URL)
		return err_new(KR_ECONFIG, "a URL that is too long");
	err = parse(text, &url);
	if (err)
		hosturl_release(&url);
	else
		*out = url;
	return err;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes in place; false where '%' is not followed by two digits, or NUL. */
static bool percent_decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '%') {
			int high = hex_value(text[1]);
			int low = high < 0 ? -1 : hex_value(text[2]);

			if (low < 0 || high * 16 + low == 0)
				return false;
			*to++ = (char)(high * 16 + low);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
	return true;
}

static void encode_segment(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (isalnum(c) || strchr("-._~$&+,/:;=@", c))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void drop_last_segment(struct buf *out)
{
	while (out->len && out->data[out->len - 1] != '/')
		out->data[--out->len] = '\0';
	if (out->len)
		out->data[--out->len] = '\0';
}

KR_FALLIBLE hosturl_prefix(const struct hosturl *url, char **out)
{
	kr_cleanup(str_freep) char *path = strdup(url->path);
	struct buf clean = BUF_INIT(4 * MAX_URL);
	const char *p;

	if (!path)
		return err_no_memory();
	if (!percent_decode(path))
		return err_new(KR_ECONFIG, "a '%%' in the path that encodes "
					   "nothing");
	for (p = path; *p;) {
		size_t n;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && memcmp(p, "..", 2) == 0) {
			drop_last_segment(&clean);
		} else if (n > 0 && !(n == 1 && *p == '.')) {
			buf_putc(&clean, '/');
			encode_segment(&clean, p, n);
		}
		p += n;
	}
	*out = buf_take(&clean);
	return *out ? NULL : err_no_memory();
}

KR_FALLIBLE hosturl_join(const struct hosturl *url, const char *default_port,
			 char **out)
{
	struct buf text = BUF_INIT(2 * MAX_URL);
	const char *port = *url->port ? url->port : default_port;

	buf_printf(&text, "%s://%s%s%s%s%s%s%s", url->scheme,
		   url->userinfo ? url->userinfo : "", url->userinfo ? "@" : "",
		   url->is_ipv6 ? "[" : "", url->host, url->is_ipv6 ? "]" : "",
		   *port ? ":" : "", port);
	*out = buf_take(&text);
	return *out ? NULL : err_no_memory();
}
