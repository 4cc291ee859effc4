#include "kube/proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* IPv4 addresses are kept as ::ffff:a.b.c.d, so that both forms are equal. */
struct address {
	unsigned char bytes[16];
};

static const unsigned char v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* A zone ("%eth0") is left out. Octets with leading zeros are refused. */
static bool parse_address(const char *text, struct address *out, bool *out_v4)
{
	char plain[INET6_ADDRSTRLEN];
	size_t n = strcspn(text, "%");

	if (n >= sizeof(plain) || (text[n] && !strchr(text, ':')))
		return false;
	memcpy(plain, text, n);
	plain[n] = '\0';
	*out_v4 = inet_pton(AF_INET, plain, out->bytes + 12) == 1;
	if (*out_v4) {
		memcpy(out->bytes, v4_prefix, sizeof(v4_prefix));
		return true;
	}
	return inet_pton(AF_INET6, plain, out->bytes) == 1;
}

static bool is_v4(const struct address *a)
{
	return memcmp(a->bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

static bool is_loopback(const struct address *a)
{
	static const unsigned char one[16] = { [15] = 1 };

	return is_v4(a) ? a->bytes[12] == 127
			: memcmp(a->bytes, one, sizeof(one)) == 0;
}

static bool same_bits(const struct address *a, const struct address *b,
		      unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff00u >> rest);

	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return !rest || ((a->bytes[whole] ^ b->bytes[whole]) & mask) == 0;
}

/* "10.0.0.0/8"; false where the rule is no CIDR block. */
static bool parse_cidr(const char *rule, struct address *out, unsigned *bits,
		       bool *out_v4)
{
	const char *slash = strchr(rule, '/');
	char host[INET6_ADDRSTRLEN];
	size_t n;
	long value;

	if (!slash)
		return false;
	n = (size_t)(slash - rule);
	if (n >= sizeof(host) || !slash[1] || strlen(slash + 1) > 3 ||
	    strspn(slash + 1, "0123456789") != strlen(slash + 1))
		return false;
	memcpy(host, rule, n);
	host[n] = '\0';
	if (strchr(host, '%') || !parse_address(host, out, out_v4))
		return false;
	value = strtol(slash + 1, NULL, 10);
	if (value > (*out_v4 ? 32 : 128))
		return false;
	*bits = (unsigned)value + (*out_v4 ? 96 : 0);
	return true;
}

/* Cuts "host:port" or "[v6]:port"; a bare v6 address has no port. */
static void split_port(char *rule, char **host, const char **port)
{
	char *colon = strrchr(rule, ':');

	*host = rule;
	*port = "";
	if (*rule == '[') {
		char *close = strchr(rule, ']');

		if (!close || close[1] != ':')
			return;
		*close = '\0';
		*host = rule + 1;
		*port = close + 2;
	} else if (colon && strchr(rule, ':') == colon) {
		*colon = '\0';
		*port = colon + 1;
	}
}

/* "foo.com" matches itself and below; ".foo.com" and "*.foo.com" below. */
static bool domain_matches(const char *rule, const char *host)
{
	size_t host_len = strlen(host), n;
	bool itself = true;

	if (rule[0] == '*' && rule[1] == '.')
		rule++;
	if (*rule == '.') {
		itself = false;
		rule++;
	}
	n = strlen(rule);
	if (itself && strcasecmp(rule, host) == 0)
		return true;
	return host_len > n && host[host_len - n - 1] == '.' &&
	       strcasecmp(host + host_len - n, rule) == 0;
}

struct target {
	const char *host, *port;
	bool is_address, is_v4;
	struct address address;
};

static bool rule_matches(char *rule, const struct target *t)
{
	struct address address;
	const char *port;
	unsigned bits;
	char *host;
	bool v4;

	if (parse_cidr(rule, &address, &bits, &v4))
		return t->is_address && is_v4(&t->address) == v4 &&
		       same_bits(&address, &t->address, bits);
	split_port(rule, &host, &port);
	if (!*host || (*port && strcmp(port, t->port) != 0))
		return false;
	if (!strchr(host, '%') && parse_address(host, &address, &v4))
		return t->is_address && same_bits(&address, &t->address, 128);
	return !t->is_address && domain_matches(host, t->host);
}

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

bool proxy_is_bypassed(const char *no_proxy, const char *host, const char *port)
{
	struct target t = { .host = host, .port = port };
	kr_cleanup(str_freep) char *rules = NULL;
	char *next, *rule;

	t.is_address = parse_address(host, &t.address, &t.is_v4);
	if (strcmp(host, "localhost") == 0 ||
	    (t.is_address && is_loopback(&t.address)))
		return true;
	rules = strdup(no_proxy ? no_proxy : "");
	next = rules;
	while (next && (rule = strsep(&next, ",")) != NULL) {
		rule = trim(rule);
		if (strcmp(rule, "*") == 0 || (*rule && rule_matches(rule, &t)))
			return true;
	}
	return false;
}

static const char *first_set(const char *a, const char *b)
{
	const char *value = getenv(a);

	return value && *value ? value : getenv(b);
}

struct proxy_env proxy_env_read(void)
{
	return (struct proxy_env){
		.https_proxy = first_set("HTTPS_PROXY", "https_proxy"),
		.http_proxy = first_set("HTTP_PROXY", "http_proxy"),
		.no_proxy = first_set("NO_PROXY", "no_proxy"),
	};
}

static KR_FALLIBLE check(const struct hosturl *url, char **out)
{
	static const struct {
		const char *scheme, *port;
	} known[] = { { "http", "80" },
		      { "https", "443" },
		      { "socks5", "1080" } };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(known[i].scheme, url->scheme) == 0)
			return hosturl_join(url, known[i].port, out);
	}
	return err_new(KR_ECONFIG,
		       "a proxy must be an http, https or socks5 URL");
}

KR_FALLIBLE proxy_check(const char *url, char **out)
{
	kr_cleanup(hosturl_release) struct hosturl parsed = { 0 };
	struct err *err = hosturl_parse(url, &parsed);

	return err ? err : check(&parsed, out);
}

KR_FALLIBLE proxy_from_env(const struct proxy_env *env,
			   const struct hosturl *server, char **out)
{
	bool is_http = strcmp(server->scheme, "http") == 0;
	const char *value = is_http ? env->http_proxy : env->https_proxy;
	const char *port = *server->port ? server->port
			   : is_http	 ? "80"
					 : "443";
	kr_cleanup(hosturl_release) struct hosturl url = { 0 };
	struct err *err;

	if (!value || !*value ||
	    proxy_is_bypassed(env->no_proxy, server->host, port)) {
		*out = strdup("");
		return *out ? NULL : err_no_memory();
	}
	err = hosturl_parse(value, &url);
	if (!err && !*url.scheme) {
		free(url.scheme);
		url.scheme = strdup("http");
		if (!url.scheme)
			err = err_no_memory();
	}
	/* The same as socks5 here: the proxy resolves the name. */
	if (!err && strcmp(url.scheme, "socks5h") == 0)
		url.scheme[6] = '\0';
	if (!err)
		err = check(&url, out);
	return err_hint(err_wrap(err, "the environment's %s",
				 is_http ? "HTTP_PROXY" : "HTTPS_PROXY"),
			"correct it, or unset it to connect directly");
}
