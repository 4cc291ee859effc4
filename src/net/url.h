/*
 * The address of a service: http[s]://[user:password@]host[:port][/prefix].
 */
#ifndef KR_NET_URL_H
#define KR_NET_URL_H

#include "base/buf.h"

struct url {
	char *origin;	 /* scheme://host[:port] */
	char *prefix;	 /* "" or "/prometheus", no slash at the end */
	struct buf user; /* user:password, decoded; wiped when released */
	bool plain;	 /* http:// */
	bool loopback;	 /* of this machine */
};

/* KR_ECONFIG, which quotes nothing; `what` is whose address it is. */
KR_FALLIBLE url_parse(const char *text, const char *what, struct url *out);
void url_release(struct url *url);

/* Whether the first `n` bytes name this machine: localhost, 127.x.x.x, [::1].
 * A name that only begins like an address is somebody else's. */
bool url_is_loopback(const char *host, size_t n);

#endif
