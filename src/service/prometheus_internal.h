/*
 * Shared by the files of prometheus.h; nobody else includes it.
 */
#ifndef KR_SERVICE_PROMETHEUS_INTERNAL_H
#define KR_SERVICE_PROMETHEUS_INTERNAL_H

#include "net/url.h"
#include "service/prometheus.h"

struct prometheus {
	struct http *http;
	char *where;
	char *prefix;
	char *tenant;
	char *user;
	char *folder;
	enum ref_from secret_from; /* of the token or password */
	char *secret_value;
	bool basic;
	struct secret *credential; /* as it goes into the header; NULL */
	struct secret *bare;	   /* token or password alone */
	struct secret *cert, *key; /* which the connection borrows */
	int64_t timeout_ms;
};

/* KR_ECONFIG, which quotes nothing. */
KR_FALLIBLE prometheus_parse_url(const char *text, struct url *out);

/* Reads what the reference names, anew; nothing where there is none. */
KR_FALLIBLE prometheus_read_credential(struct prometheus *p);

#endif
