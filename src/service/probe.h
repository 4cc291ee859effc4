/*
 * A question to the application itself: which key does it run? One GET, and
 * what came back as text. Redirects are not followed; http:// is for this
 * machine alone, where a port-forward may end.
 */
#ifndef KR_SERVICE_PROBE_H
#define KR_SERVICE_PROBE_H

#include <stdint.h>

#include "secret/ref.h"

/* All borrowed for the call. */
struct probe_question {
	const char *url; /* https://..., or a reference that holds one */
	const char
		*folder;  /* relative files are of it; NULL: the current one */
	struct ref token; /* sent as "Authorization: Bearer" */
	const char *ca;	  /* PEM file; NULL: the system's roots */
	const char *server_name;
	const char *header; /* of the reply is wanted; NULL: the body */
	int64_t timeout_ms;
};

/* A fingerprint, or a small document with one in it. */
#define PROBE_MAX_REPLY ((size_t)64 * 1024)

/*
 * The header's value or the body, malloc'd. A status other than 2xx, no
 * answer, and a header that is not there are KR_ECLUSTER, KR_ETIMEOUT or
 * KR_EAUTH; the error names the host alone. KR_ECONFIG for the address.
 */
KR_FALLIBLE probe_ask(const struct probe_question *question, char **out_text);

#endif
