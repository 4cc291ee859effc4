/*
 * One object in a calendar of a CalDAV server (RFC 4791), under a name of its
 * own: made where it is not there, replaced where it differs, and in both cases
 * only if nobody changed it since it was read. Redirects are not followed.
 */
#ifndef KR_SERVICE_CALDAV_H
#define KR_SERVICE_CALDAV_H

#include "secret/ref.h"

/* All borrowed for the call. */
struct caldav_object {
	/* Of the calendar, https://; http:// is for this machine alone. No
	 * user and password in it. */
	const char *url;
	const char *login;	    /* with `password`: Basic; NULL */
	struct ref password, token; /* token: Bearer. At most one of them */
	const char *ca_pem;	    /* NULL: the system's roots */
	size_t ca_pem_len;
	const char *name; /* of the object in it; encoded here */
	const char *text; /* iCalendar, UTF-8, without METHOD */
};

enum caldav_change { CALDAV_CREATED, CALDAV_UPDATED, CALDAV_UNCHANGED };

/*
 * KR_EAUTH: the credentials are not accepted, or its certificate.
 * KR_EFORBIDDEN; KR_ENOTFOUND: there is no such calendar; KR_ECONFLICT: someone
 * else writes the event, or it is there under another name; KR_ECONFIG: the
 * address; KR_EREFUSED, "PlainHTTP"; KR_ECLUSTER, KR_ETIMEOUT: no proper
 * answer.
 */
KR_FALLIBLE caldav_put(const struct caldav_object *object,
		       enum caldav_change *out);

#endif
