/*
 * The URLs of a kubeconfig: servers and proxies.
 */
#ifndef KR_KUBE_HOSTURL_H
#define KR_KUBE_HOSTURL_H

#include "base/err.h"

struct hosturl {
	char *scheme;	/* lower case; "" where the text has none */
	char *userinfo; /* as written; NULL where none: holds a password */
	char *host;	/* without brackets */
	char *port;	/* digits, "" where none */
	char *path;	/* from the '/' on, "" where none; no query */
	bool is_ipv6;
};

/* KR_ECONFIG, which quotes nothing, where it is no URL and no host:port. */
KR_FALLIBLE hosturl_parse(const char *text, struct hosturl *out);
void hosturl_release(struct hosturl *url);

/*
 * The path as a prefix of request paths: "." and ".." and double slashes
 * resolved, encoded anew, without a slash at the end. malloc'd.
 */
KR_FALLIBLE hosturl_prefix(const struct hosturl *url, char **out);

/* scheme://[userinfo@]host:port, the port filled in. malloc'd. */
KR_FALLIBLE hosturl_join(const struct hosturl *url, const char *default_port,
			 char **out);

#endif
