/*
 * Lines as a proxy's URL, a NO_PROXY, a server's URL. A proxy that is accepted
 * is accepted as it was written down, and has a scheme that is known.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kube/proxy.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *next_line(const char **at, const char *end)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	size_t n = (size_t)((stop ? stop : end) - *at);
	char *line = strndup(*at, n);

	*at = stop ? stop + 1 : end;
	return line;
}

static void check_proxy(const char *text)
{
	char *once = NULL, *twice = NULL;
	struct err *err = proxy_check(text, &once);

	if (!err) {
		if (strncmp(once, "http", 4) != 0 &&
		    strncmp(once, "socks5", 6) != 0)
			abort();
		if (proxy_check(once, &twice) || strcmp(once, twice) != 0)
			abort();
	}
	err_free(err);
	free(once);
	free(twice);
}

static void check_server(const struct proxy_env *env, const char *text)
{
	struct hosturl server = { 0 };
	struct url url;
	char *proxy = NULL, *prefix = NULL;
	struct err *err = hosturl_parse(text, &server);

	if (!err)
		err = hosturl_prefix(&server, &prefix);
	if (!err && *prefix &&
	    (*prefix != '/' || prefix[strlen(prefix) - 1] == '/'))
		abort();
	if (!err)
		err = proxy_from_env(env, &server, &proxy);
	if (!err && *proxy &&
	    proxy_is_bypassed(env->no_proxy, server.host, server.port))
		abort();
	err_free(err);
	hosturl_release(&server);
	free(prefix);
	free(proxy);
	err = url_parse(text, "url", &url);
	if (!err)
		url_release(&url);
	err_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	char *proxy, *none, *server;

	if (size == 0)
		return 0;
	proxy = next_line(&at, end);
	none = next_line(&at, end);
	server = next_line(&at, end);
	if (proxy && none && server) {
		check_proxy(proxy);
		check_server(&(struct proxy_env){ proxy, proxy, none }, server);
	}
	free(proxy);
	free(none);
	free(server);
	return 0;
}
