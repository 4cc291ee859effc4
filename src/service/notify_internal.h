/*
 * Shared by the files of notify.h; nobody else includes it.
 */
#ifndef KR_SERVICE_NOTIFY_INTERNAL_H
#define KR_SERVICE_NOTIFY_INTERNAL_H

#include "service/notify.h"

/* The document that a webhook gets; malloc'd JSON. */
KR_FALLIBLE notify_document(const struct notify_message *message, char **out);
/* The body of Slack's chat.postMessage; malloc'd JSON. */
KR_FALLIBLE notify_slack(const struct notify_message *message,
			 const char *channel, char **out);

/* Where to send: an origin, what may be shown of it, and the secret rest. */
struct notify_address {
	char *origin;	       /* scheme://host[:port] */
	char *host;	       /* for people */
	struct secret *target; /* path and query */
};
/* KR_ECONFIG, which quotes nothing of the address. */
KR_FALLIBLE notify_address_read(const char *url, const char *folder,
				struct notify_address *out);
void notify_address_release(struct notify_address *address);

#endif
