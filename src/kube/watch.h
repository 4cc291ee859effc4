/*
 * Following one collection of the API server.
 *
 * A watch starts at a resourceVersion that a list gave (no further list), or
 * lists first. It goes on through closed streams (again at once, from the last
 * version seen), cut connections and 429/5xx (backoff from 0.8 s, doubled, at
 * most 30 s, with jitter), and versions that are too old (410, as an HTTP
 * status or as an ERROR event: everything is listed again). 401, 403 and 404
 * end it. The server is asked to close after 60 to 120 s, so that a connection
 * that died in silence is noticed.
 *
 * Several watches run side by side over one struct kube:
 *
 *	while (!done(user)) {
 *		err = kube_watches_drive(kube, watches, n, deadline);
 *		...
 *	}
 */
#ifndef KR_KUBE_WATCH_H
#define KR_KUBE_WATCH_H

#include "kube/client.h"

struct kube_watch;

enum watch_change {
	WATCH_ADDED,
	WATCH_MODIFIED,
	WATCH_DELETED,
	/* The collection was listed again, object is NULL: what was known is
	 * void. Each object there is follows as WATCH_ADDED, then
	 * WATCH_LISTED (object NULL). */
	WATCH_RESET,
	WATCH_LISTED,
};

/* `object` is borrowed for the call. An error ends the watch with it. */
typedef struct err *watch_on_change(void *user, enum watch_change change,
				    const struct cJSON *object);

struct watch_options {
	const char *path;    /* the collection, without a query */
	const char *query;   /* selectors, "" or NULL */
	const char *version; /* NULL: lists first */
	const char *what;    /* "pods of aether", for errors */
	watch_on_change *on_change;
	void *user;
};

/* One event larger than this ends the watch with an error. */
#define KUBE_WATCH_MAX_EVENT (4 * 1024 * 1024)

/* Everything in `options` but `user` is copied. Opens nothing yet. */
KR_FALLIBLE kube_watch_new(struct kube *kube,
			   const struct watch_options *options,
			   struct kube_watch **out);
void kube_watch_free(struct kube_watch *watch);
KR_DEFINE_FREEP(kube_watch)

/*
 * Opens the stream where it is due. Called by kube_watches_drive(); calling it
 * before a batch of other requests lets the watch share their round trip.
 */
KR_FALLIBLE kube_watch_step(struct kube_watch *watch);
/* When kube_watch_step() wants to be called next, DEADLINE_NEVER: not. */
int64_t kube_watch_due_ms(const struct kube_watch *watch);

/*
 * Steps all, then waits until something came, a watch is due or the deadline
 * passed. Events are delivered from inside. Returns the first fatal error.
 */
KR_FALLIBLE kube_watches_drive(struct kube *kube,
			       struct kube_watch *const *watches, size_t n,
			       int64_t deadline_ms);

/*
 * Since when (clock_boot_ms()) the server gave no answer that is of use, 0: it
 * answers. A watch goes on by itself; only its user knows how long is too
 * long. *out_why (borrowed, NULL: nothing came at all) says what the last try
 * ended with.
 */
int64_t kube_watch_lost_ms(const struct kube_watch *watch,
			   const char **out_why);

/* The last version seen (borrowed), NULL before the first list. */
const char *kube_watch_version(const struct kube_watch *watch);

/* The framing alone, for tests: bytes as they come from the stream. */
KR_FALLIBLE kube_watch_feed(struct kube_watch *watch, const char *data,
			    size_t len);
/* Whether an ERROR event asked for a new list. */
bool kube_watch_wants_list(const struct kube_watch *watch);

/* What to do about a stream that is over: the table, for tests. */
enum watch_next {
	WATCH_AGAIN,	   /* at once, from the last version */
	WATCH_AGAIN_LATER, /* after the backoff */
	WATCH_LIST,	   /* list first */
	WATCH_LIST_LATER,
	WATCH_RENEW, /* 401: once more with fresh credentials */
	WATCH_GIVE_UP,
};
struct watch_end {
	long status;	   /* HTTP; 0: no answer */
	bool broken;	   /* the body did not end in the ordinary way */
	enum err_kind why; /* of a stream without an answer */
	long event_code;   /* code of an ERROR event, 0: none came */
	bool had_event;
	bool renewed; /* the stream was already a WATCH_RENEW */
	int64_t lived_ms;
};
enum watch_next kube_watch_after(const struct watch_end *end);

#endif
