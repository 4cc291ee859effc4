/*
 * Which proxy a request goes through, as Go's net/http decides it.
 *
 * A kubeconfig's proxy-url is used for every host. Without one, HTTPS_PROXY
 * (or https_proxy) serves https and HTTP_PROXY (or http_proxy) http, unless
 * the host is "localhost", a loopback address, or matched by NO_PROXY (or
 * no_proxy): "*", addresses, CIDR blocks, domains with or without a dot in
 * front, each with an optional port. ALL_PROXY is not looked at.
 */
#ifndef KR_KUBE_PROXY_H
#define KR_KUBE_PROXY_H

#include "kube/hosturl.h"

/* Borrowed; NULL or "" where not set. */
struct proxy_env {
	const char *https_proxy;
	const char *http_proxy;
	const char *no_proxy;
};

/* From the process's environment. */
struct proxy_env proxy_env_read(void);

/*
 * Checks a proxy's URL (http, https, socks5) and writes it with its port.
 * KR_ECONFIG, which quotes nothing of it: it may hold a password.
 */
KR_FALLIBLE proxy_check(const char *url, char **out);

/* "" for none, else as proxy_check() writes it. malloc'd. */
KR_FALLIBLE proxy_from_env(const struct proxy_env *env,
			   const struct hosturl *server, char **out);

/* Whether NO_PROXY (or being local) exempts host:port. */
bool proxy_is_bypassed(const char *no_proxy, const char *host,
		       const char *port);

#endif
