#include "kube/proxy.h"

#include <string.h>

#include "unit.h"

/* The URL's proxy by these variables, or the error's text; malloc'd. */
static char *chosen(const struct proxy_env *env, const char *server)
{
	kr_cleanup(hosturl_release) struct hosturl url = { 0 };
	char *proxy = NULL;
	struct err *err = hosturl_parse(server, &url);

	if (!err)
		err = proxy_from_env(env, &url, &proxy);
	if (err) {
		proxy = strdup(err_message(err));
		err_free(err);
	}
	return proxy;
}

static void follows_no_proxy(void)
{
	static const struct {
		const char *no_proxy, *host, *port;
		bool bypassed;
	} cases[] = {
		{ "", "api.example.com", "443", false },
		{ "*", "api.example.com", "443", true },
		{ " * ", "api.example.com", "443", true },
		{ "a,*", "10.1.2.3", "443", true },
		{ "example.com", "example.com", "443", true },
		{ "example.com", "api.example.com", "443", true },
		{ "example.com", "badexample.com", "443", false },
		{ "Example.COM", "api.exAMPLE.com", "443", true },
		{ ".example.com", "example.com", "443", false },
		{ ".example.com", "api.example.com", "443", true },
		{ "*.example.com", "example.com", "443", false },
		{ "*.example.com", "a.b.example.com", "443", true },
		{ "*example.com", "a.example.com", "443", false },
		{ "example.com:443", "example.com", "443", true },
		{ "example.com:6443", "example.com", "443", false },
		{ "example.com:", "example.com", "443", true },
		{ ":443", "example.com", "443", false },
		{ "a , example.com ,b", "example.com", "443", true },
		{ ",,", "example.com", "443", false },
		{ "10.0.0.0/8", "10.1.2.3", "443", true },
		{ "10.0.0.0/8", "11.1.2.3", "443", false },
		{ "10.1.2.4/31", "10.1.2.5", "443", true },
		{ "10.1.2.4/31", "10.1.2.6", "443", false },
		{ "10.1.2.3/33", "10.1.2.3", "443", false },
		{ "10.1.2.3/-1", "10.1.2.3", "443", false },
		{ "10.1.2.3/", "10.1.2.3", "443", false },
		{ "0.0.0.0/0", "10.1.2.3", "443", true },
		{ "::/0", "10.1.2.3", "443", false },
		{ "0.0.0.0/0", "fd00::1", "443", false },
		{ "fd00::/8", "fd00::1", "443", true },
		{ "fd00::/8", "fe80::1", "443", false },
		{ "10.1.2.3", "10.1.2.3", "443", true },
		{ "10.1.2.3:443", "10.1.2.3", "443", true },
		{ "10.1.2.3:6443", "10.1.2.3", "443", false },
		{ "::ffff:10.1.2.3", "10.1.2.3", "443", true },
		{ "fd00::1", "fd00:0::1", "443", true },
		{ "[fd00::1]:443", "fd00::1", "443", true },
		{ "[fd00::1]:444", "fd00::1", "443", false },
		{ "2.3", "10.1.2.3", "443", false },
		{ "0.0", "10.0.0.0", "443", false },
		{ "010.1.2.3", "10.1.2.3", "443", false },
		{ "", "localhost", "443", true },
		{ "", "LOCALHOST", "443", false },
		{ "", "127.0.0.1", "443", true },
		{ "", "127.9.9.9", "443", true },
		{ "", "::1", "443", true },
		{ "", "::ffff:127.0.0.1", "443", true },
		{ "", "128.0.0.1", "443", false },
		{ NULL, "api.example.com", "443", false },
		{ "[", "api.example.com", "443", false },
		{ "[]:1", "api.example.com", "443", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool bypassed = proxy_is_bypassed(cases[i].no_proxy,
						  cases[i].host, cases[i].port);

		if (bypassed != cases[i].bypassed)
			UNIT_STR(cases[i].no_proxy, cases[i].host);
		CU_ASSERT_EQUAL(bypassed, cases[i].bypassed);
	}
}

static void chooses_by_scheme(void)
{
	static const struct {
		struct proxy_env env;
		const char *server, *expected;
	} cases[] = {
		{ { "http://p:1", "http://q:1", "" },
		  "https://h",
		  "http://p:1" },
		{ { "http://p:1", "http://q:1", "" },
		  "http://h",
		  "http://q:1" },
		{ { NULL, "http://q:1", NULL }, "https://h", "" },
		{ { "p", NULL, NULL }, "https://h", "http://p:80" },
		{ { "p:3128", NULL, NULL }, "https://h", "http://p:3128" },
		{ { "https://p", NULL, NULL }, "https://h", "https://p:443" },
		{ { "socks5://p", NULL, NULL },
		  "https://h",
		  "socks5://p:1080" },
		{ { "socks5h://p", NULL, NULL },
		  "https://h",
		  "socks5://p:1080" },
		{ { "http://u:x@[fd00::1]:1/p", NULL, NULL },
		  "https://h",
		  "http://u:x@[fd00::1]:1" },
		{ { "http://p:1", NULL, "h:443" }, "https://h", "" },
		{ { "http://p:1", NULL, "h:443" },
		  "https://h:6443",
		  "http://p:1" },
		{ { "ftp://user:hunter2@p", NULL, NULL },
		  "https://h",
		  "the environment's HTTPS_PROXY: a proxy must be an http, "
		  "https or socks5 URL" },
		{ { "http://hunter2@", NULL, NULL },
		  "https://h",
		  "the environment's HTTPS_PROXY: no host name" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		kr_cleanup(str_freep) char *proxy =
			chosen(&cases[i].env, cases[i].server);

		UNIT_STR(proxy, cases[i].expected);
	}
}

static void takes_urls_apart(void)
{
	static const struct {
		const char *url, *prefix, *joined;
	} good[] = {
		{ "https://h", "", "https://h:1" },
		{ "HTTPS://H:6443/", "", "https://H:6443" },
		{ "https://h:", "", "https://h:1" },
		{ "https://h/a//b/./c/..", "/a/b", "https://h:1" },
		{ "https://h/../..", "", "https://h:1" },
		{ "https://h/a%20b%2Fc?q#f", "/a%20b/c", "https://h:1" },
		{ "https://h?q/../x", "", "https://h:1" },
		{ "https://[::1]:8/p", "/p", "https://[::1]:8" },
		{ "https://[fe80::1%25eth0]/", "",
		  "https://[fe80::1%25eth0]:1" },
		{ "https://u:p@h@x:2", "", "https://u:p@h@x:2" },
		{ "h:6443", "", "://h:6443" },
	};
	static const char *const bad[] = {
		"",
		"https://",
		"https://:1",
		"https://h:x",
		"https://h:99999",
		"https://h:123456",
		"https://[::1",
		"https://[::1]x",
		"https://a b",
		"https://a\x01",
		"https://a\x7f",
		"https://h^x",
		"https://[:/]:1",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		kr_cleanup(hosturl_release) struct hosturl url = { 0 };
		kr_cleanup(str_freep) char *prefix = NULL;
		kr_cleanup(str_freep) char *joined = NULL;

		if (!UNIT_OK(hosturl_parse(good[i].url, &url)) ||
		    !UNIT_OK(hosturl_prefix(&url, &prefix)) ||
		    !UNIT_OK(hosturl_join(&url, "1", &joined)))
			continue;
		UNIT_STR(prefix, good[i].prefix);
		UNIT_STR(joined, good[i].joined);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct hosturl url = { 0 };

		UNIT_FAILS(hosturl_parse(bad[i], &url), KR_ECONFIG, "");
	}
}

const struct unit_suite unit_proxy = {
	.tests =
		{
			{"follows NO_PROXY", follows_no_proxy},
			{"chooses by scheme", chooses_by_scheme},
			{"takes URLs apart", takes_urls_apart},
			{NULL, NULL},
		},
};
