/*
 * The API server: requests in, objects or errors out.
 *
 * One struct kube is one cluster seen by one user, with one kept-alive
 * connection (and the short one that carries the key). Reads are tried again
 * within a budget; writes never are: a write whose answer got lost has the
 * outcome KUBE_UNKNOWN and is settled by a read.
 */
#ifndef KR_KUBE_CLIENT_H
#define KR_KUBE_CLIENT_H

#include "base/buf.h"
#include "kube/access.h"
#include "kube/items.h"
#include "net/http.h"

struct cJSON;
struct kube;

/* Opens nothing yet. `access` is borrowed for the life of the result. */
KR_FALLIBLE kube_open(const struct kube_access *access, struct kube **out);
void kube_close(struct kube *kube);
static inline void kube_closep(struct kube **p)
{
	kube_close(*p);
}

const struct kube_access *kube_access_of(const struct kube *kube);
/* For --timings and -v. */
void kube_set_trace(struct kube *kube, http_on_trace *on_trace, void *user);
struct http_stats kube_stats(const struct kube *kube);
/* Texts of Warning headers go here, each distinct text once. */
typedef void kube_on_warning(void *user, const char *text);
void kube_set_warning(struct kube *kube, kube_on_warning *on_warning,
		      void *user);
/* Server time minus ours in ms, from the last reply's Date; 0 if unknown. */
int64_t kube_clock_skew_ms(const struct kube *kube);

enum kube_request_flags {
	KUBE_KEY = 1,	   /* carries key material: key connection, quiet */
	KUBE_KEY_LAST = 2, /* ... which is closed after this one */
	KUBE_METADATA = 4, /* ask for PartialObjectMetadata(List) back */
	KUBE_QUIET = 8,	   /* never quote the server's message */
	KUBE_TEXT = 16,	   /* the reply is text (logs): kept in `text` */
	/* Goes on to its end when a stop is requested, as every write does:
	 * for the read that settles a write. */
	KUBE_FINISH = 32,
};

enum kube_outcome {
	KUBE_NOT_SENT,
	KUBE_DONE,    /* 2xx */
	KUBE_REFUSED, /* an answer other than 2xx: not executed */
	KUBE_UNKNOWN, /* a write that may or may not have happened */
};

/* Filled by the caller up to the line; by kube_batch() below it. */
struct kube_request {
	/* "GET", "PATCH", ...; NULL: is not sent (outcome KUBE_NOT_SENT, no
	 * error), so that what is optional keeps its place in a batch. */
	const char *method;
	const char *path; /* as kube_path() makes it, with the query */
	const char *what; /* for messages: "Secret aether/x"; NULL: path */
	/* Kind that a 2xx reply must have, such as "Secret"; NULL: not looked
	 * at. Anything else came from a proxy or from another server. */
	const char *expect_kind;
	const char *content_type; /* of the body; NULL: application/json */
	const char *body;	  /* NUL-terminated JSON, or NULL */
	const struct secret *secret_body;
	int flags;
	int64_t timeout_ms; /* 0: the default */
	/* For a list: gets each item as it comes, and `object` is the list
	 * without them. NULL: the reply is kept whole. A list that was cut is
	 * read anew where on_begin is there to be told (it is called before
	 * each reading): what was given is void then. */
	void (*on_begin)(void *user);
	kube_on_item *on_item;
	void *item_user;
	/* ---- */
	struct kube_items *items; /* owned */
	enum kube_outcome outcome;
	long status;
	long retry_after_s;    /* -1 where the server named none */
	struct cJSON *object;  /* owned; NULL unless KUBE_DONE with JSON */
	struct cJSON *failure; /* owned; the Status of a refusal, or NULL */
	struct buf text;
	struct err *err; /* owned; NULL where KUBE_DONE */
};

/*
 * Carries out all of them, in one round trip where the server speaks HTTP/2.
 * Each request's own failure is in its `err`. The returned error is for what
 * concerns all (a stop request, credentials that cannot be had).
 */
KR_FALLIBLE kube_batch(struct kube *kube, struct kube_request *requests,
		       size_t n);
void kube_request_release(struct kube_request *request);

/* One request; its own error is returned. */
KR_FALLIBLE kube_do(struct kube *kube, struct kube_request *request);

/* GET of one object. */
KR_FALLIBLE kube_get(struct kube *kube, const char *path, const char *what,
		     struct cJSON **out);

/*
 * LIST in pages. `query` is without '?', may be "". on_item gets each item
 * (borrowed for the call) and may stop the walk by returning an error.
 * *out_version (malloc'd) is the list's resourceVersion, for a watch.
 */
KR_FALLIBLE kube_list(struct kube *kube, const char *path, const char *query,
		      int flags, kube_on_item *on_item, void *user,
		      char **out_version);
/* As kube_list(), with the first page already at hand (from a batch). */
KR_FALLIBLE kube_list_rest(struct kube *kube, const char *path,
			   const char *query, int flags,
			   const struct cJSON *first_page,
			   kube_on_item *on_item, void *user,
			   char **out_version);
#define KUBE_PAGE_ITEMS 500

/* The Status of a failure: reason ("" where none), and a cause by reason. */
const char *kube_failure_reason(const struct kube_request *request);
bool kube_failure_is_field_conflict(const struct kube_request *request);

/*
 * A kept-open GET whose body comes in pieces (watch, followed log). It lives
 * on the main connection and is driven by kube_drive(). 401 at its start is
 * handled like everywhere else by the one who starts it again.
 */
struct kube_stream;
KR_FALLIBLE kube_stream_open(struct kube *kube, const char *path,
			     http_on_data *on_data, void *user,
			     int64_t idle_timeout_ms, struct kube_stream **out);
bool kube_stream_over(const struct kube_stream *stream);
/* After it is over: NULL where it ended in the ordinary way. */
KR_FALLIBLE kube_stream_error(const struct kube_stream *stream);
long kube_stream_status(const struct kube_stream *stream);
void kube_stream_close(struct kube_stream *stream);
static inline void kube_stream_closep(struct kube_stream **p)
{
	kube_stream_close(*p);
}

/* Waits for something to happen on any stream; see http_drive(). */
KR_FALLIBLE kube_drive(struct kube *kube, int64_t deadline_ms);

#endif
