/* Where a struct http connects to, and as whom: names, proxy, trust. */
#include <string.h>
#include <strings.h>

#include "net/http_internal.h"

static KR_FALLIBLE dup_to(char **to, const char *text)
{
	if (!text)
		return NULL;
	*to = strdup(text);
	return *to ? NULL : err_no_memory();
}

/* "https://host:port" -> "host:port"; the origin has no path. */
static const char *authority_of(const char *url)
{
	const char *sep = strstr(url, "://");

	return sep ? sep + 3 : url;
}

static KR_FALLIBLE host_of(const char *url, char **out)
{
	const char *host = authority_of(url);
	const char *end;

	if (*host == '[') {
		host++;
		end = strchr(host, ']');
	} else {
		end = strrchr(host, ':');
	}
	*out = end ? strndup(host, (size_t)(end - host)) : strdup(host);
	return *out ? NULL : err_no_memory();
}

static const char *port_of(const char *url)
{
	const char *host = authority_of(url);
	const char *colon = strrchr(host, ':');
	const char *bracket = strrchr(host, ']');

	if (colon && (!bracket || colon > bracket))
		return colon + 1;
	return strncmp(url, "http:", 5) == 0 ? "80" : "443";
}

/*
 * libcurl takes the name for SNI and verification from the URL, so another
 * name goes there, the address goes to CONNECT_TO, and Host is set back.
 */
static KR_FALLIBLE name_origin(struct http *http, const struct http_origin *o)
{
	kr_cleanup(str_freep) char *host = NULL;
	struct buf text = BUF_INIT(2048);
	struct err *err = host_of(o->url, &host);

	if (err)
		return err;
	if (!o->tls_server_name || !*o->tls_server_name) {
		http->tls_name = take_ptr(&host);
		return dup_to(&http->url, o->url);
	}
	buf_printf(&text,
		   strchr(o->tls_server_name, ':') ? "https://[%s]:%s"
						   : "https://%s:%s",
		   o->tls_server_name, port_of(o->url));
	http->url = buf_take(&text);
	buf_printf(&text, strchr(host, ':') ? "::[%s]:%s" : "::%s:%s", host,
		   port_of(o->url));
	http->connect_to = buf_take(&text);
	if (!http->url || !http->connect_to)
		return err_no_memory();
	err = dup_to(&http->tls_name, o->tls_server_name);
	if (err)
		return err;
	return dup_to(&http->host_header, authority_of(o->url));
}

/* socks5:// means that the proxy resolves the name, as in Go. */
static KR_FALLIBLE name_proxy(struct http *http, const char *proxy)
{
	struct buf text = BUF_INIT(4096);

	if (!proxy || !*proxy)
		return dup_to(&http->proxy, "");
	if (strncasecmp(proxy, "socks5://", 9) == 0)
		buf_printf(&text, "socks5h://%s", proxy + 9);
	else
		buf_puts(&text, proxy);
	http->proxy = buf_take(&text);
	return http->proxy ? NULL : err_no_memory();
}

KR_FALLIBLE http_copy_origin(struct http *http, const struct http_origin *o)
{
	struct err *err = name_origin(http, o);

	if (!err)
		err = name_proxy(http, o->proxy_url);
	if (!err)
		err = dup_to(&http->user_agent, o->user_agent);
	if (!err && o->ca_pem) {
		http->ca_pem = strndup(o->ca_pem, o->ca_pem_len);
		http->ca_pem_len = o->ca_pem_len;
		if (!http->ca_pem)
			err = err_no_memory();
	}
	http->insecure = o->insecure_skip_tls_verify;
	http->cert = o->client_cert_pem;
	http->key = o->client_key_pem;
	http->disable_compression = o->disable_compression;
	http->disable_http2 = o->disable_http2;
	http->connect_timeout_ms =
		o->connect_timeout_ms ? o->connect_timeout_ms : 30000;
	return err;
}
