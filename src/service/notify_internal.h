/*
 * Shared by the files of notify.h; nobody else includes it.
 */
#ifndef KR_SERVICE_NOTIFY_INTERNAL_H
#define KR_SERVICE_NOTIFY_INTERNAL_H

#include "service/notify.h"

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

/* What stands around the document: CloudEvents' own attributes. */
struct notify_envelope {
	char *id, *source, *type, *time, *subject;
};
KR_FALLIBLE notify_envelope_fill(const struct notify_message *message,
				 struct notify_envelope *out);
void notify_envelope_release(struct notify_envelope *envelope);

/* The document that a webhook or a command gets, malloc'd JSON: by itself
 * (envelope NULL) or in CloudEvents' structured mode. */
KR_FALLIBLE notify_document(const struct notify_message *message,
			    const struct notify_envelope *envelope, char **out);
/* The body of Slack's chat.postMessage, or (channel NULL) of an incoming
 * webhook; malloc'd JSON. thread: of an earlier message; NULL. */
KR_FALLIBLE notify_slack(const struct notify_message *message,
			 const char *channel, const char *thread, char **out);

/* One delivery: where, what, by when. */
struct notify_delivery {
	const struct notify_target *target;
	const struct notify_address *address;
	const struct secret *token;
	const char *body;
	const char *path; /* Slack's; NULL: the address' own */
	/* Headers of CloudEvents' binary mode; NULL: the other one. */
	const struct notify_envelope *envelope;
	int64_t deadline_ms;
	char *thread; /* Slack's name of the message; owned */
};
/* notify_deliver.c. KR_ECLUSTER, KR_ETIMEOUT: it could not be told in time. */
KR_FALLIBLE notify_deliver(struct notify_delivery *delivery);

/* notify_command.c: gives it the event; KR_EUNEXPECTED where it fails. */
KR_FALLIBLE notify_run(const struct notify_target *target, const char *event,
		       int64_t deadline_ms);

#endif
