/*
 * HTTPS to one origin: the only user of libcurl.
 *
 * A struct http holds at most two kept-alive connections to one origin: the
 * main one (HTTP/2 where the server speaks it, so that calls started together
 * share one round trip), and the key connection (HTTP/1.1, for calls with
 * HTTP_KEY), because HTTP/2 libraries keep copies of what they send. Redirects
 * are not followed, compression is off for HTTP_KEY, nothing is logged by
 * libcurl, replies are capped.
 *
 * Use from one thread at a time. Several struct http in several threads are
 * fine.
 */
#ifndef KR_NET_HTTP_H
#define KR_NET_HTTP_H

#include <stdint.h>

#include "base/buf.h"
#include "secret/secret.h"

struct http;
struct http_call;

/* All borrowed until http_new() returns; copied inside. */
struct http_origin {
	/* scheme://host[:port], no path. http:// only where the caller's own
	 * rules allow it. */
	const char *url;
	/* Name for SNI and verification where it is not the URL's host. */
	const char *tls_server_name;
	/* PEM; NULL: the system's roots (SSL_CERT_FILE, SSL_CERT_DIR, then the
	 * usual bundles). A given CA replaces the system's roots. */
	const char *ca_pem;
	size_t ca_pem_len;
	bool insecure_skip_tls_verify;
	/* PEM client certificate (chain) and key; both or none. Not copied:
	 * borrowed for the life of the struct http. */
	const struct secret *client_cert_pem;
	const struct secret *client_key_pem;
	/* "" or NULL: direct. http://, https://, socks5:// (the proxy resolves
	 * names). Environment variables are not looked at. */
	const char *proxy_url;
	const char *user_agent;
	bool disable_compression;
	bool disable_http2;
	int64_t connect_timeout_ms; /* 0: 30 s */
};

enum http_flags {
	HTTP_KEY = 1,	    /* over the key connection */
	HTTP_KEY_CLOSE = 2, /* with HTTP_KEY: close that connection after it */
	HTTP_FINISH = 4,    /* http_wait() goes on to its end through a stop */
};

/* What is known about a call that is over. */
enum http_outcome {
	HTTP_ANSWERED, /* a complete reply came, of any status */
	HTTP_NOT_SENT, /* the server cannot have seen the request */
	HTTP_UNKNOWN,  /* it may have: a write is to be resolved by reading */
};

KR_FALLIBLE http_new(const struct http_origin *origin, struct http **out);
void http_free(struct http *http);
KR_DEFINE_FREEP(http)

/*
 * A call to `target` (path and query, as it goes on the wire). method is
 * borrowed (a literal). The call is owned by the caller and must be freed
 * before its struct http.
 */
KR_FALLIBLE http_call_new(struct http *http, const char *method,
			  const char *target, int flags,
			  struct http_call **out);

/* "Name: value", copied. A value with CR, LF or NUL is KR_EINVALID. */
KR_FALLIBLE http_call_header(struct http_call *call, const char *name,
			     const char *value);
/* "Name: prefix" + secret: Authorization. The copy is wiped with the call. */
KR_FALLIBLE http_call_header_secret(struct http_call *call, const char *name,
				    const char *prefix,
				    const struct secret *value);
/* Borrowed until the call is over. */
void http_call_body(struct http_call *call, const void *data, size_t len);
/* Borrowed until the call is over; for HTTP_KEY calls. */
void http_call_body_secret(struct http_call *call, const struct secret *body);
/* Keeps one header of the reply, by its name (borrowed): http_call_kept(). */
void http_call_keep(struct http_call *call, const char *name);
/* Whole exchange, connect included; < 0: none. Default 60 s. */
void http_call_timeout(struct http_call *call, int64_t timeout_ms);
/* More is an error. Default 8 MiB. */
void http_call_max_reply(struct http_call *call, size_t max_bytes);
/*
 * For watches and followed logs: pieces of a 2xx body go to on_data as they
 * come instead of being kept. false ends the call (HTTP_ANSWERED).
 * idle_timeout_ms without a byte ends the call with KR_ETIMEOUT.
 */
typedef bool http_on_data(void *user, const char *data, size_t len);
void http_call_stream(struct http_call *call, http_on_data *on_data, void *user,
		      int64_t idle_timeout_ms);

/* Puts the call on the wire (or in its queue). */
KR_FALLIBLE http_start(struct http_call *call);

/*
 * Drives every started call until one of them is over, data came for a
 * stream, the deadline passed, or a stop was requested. Errors only where
 * libcurl itself fails. *out_progress (NULL allowed) is false at the deadline.
 */
KR_FALLIBLE http_drive(struct http *http, int64_t deadline_ms,
		       bool *out_progress);

/*
 * Drives until all n calls (NULL ones left out) are over. KR_EINTERRUPTED on a
 * stop request, with the unfinished calls cancelled (their outcome is
 * HTTP_UNKNOWN if sent).
 */
KR_FALLIBLE http_wait(struct http *http, struct http_call *const *calls,
		      size_t n);

/* http_start() and http_wait() of one call. */
KR_FALLIBLE http_run(struct http_call *call);

/* Takes a started call off the wire. */
void http_cancel(struct http_call *call);

bool http_call_over(const struct http_call *call);
enum http_outcome http_call_outcome(const struct http_call *call);
/* Why it was not answered: KR_ECLUSTER (with reason ReplyTooLarge for that),
 * KR_EAUTH (TLS identity), KR_ETIMEOUT, KR_ENOMEM; NULL where answered. New
 * each time. */
KR_FALLIBLE http_call_error(const struct http_call *call);
long http_call_status(const struct http_call *call);
/* The kept body; borrowed until the call is freed. */
const struct buf *http_call_reply(const struct http_call *call);
/* Lower-case type/subtype without parameters, "" where none. */
const char *http_call_content_type(const struct http_call *call);
/* Seconds of an integer Retry-After header, -1 where none. */
long http_call_retry_after_s(const struct http_call *call);
/* Milliseconds of the Date header since 1970, -1 where none. */
int64_t http_call_date_ms(const struct http_call *call);
/* Texts of `Warning: 299` headers, in order; NULL past the last one. */
const char *http_call_warning(const struct http_call *call, size_t index);
/* The value of the header that was to be kept; NULL where none came. */
const char *http_call_kept(const struct http_call *call);
int64_t http_call_elapsed_ms(const struct http_call *call);

void http_call_free(struct http_call *call);
KR_DEFINE_FREEP(http_call)

/* For -v=6 and --timings: called after each call with a fixed vocabulary. */
struct http_trace_event {
	const char *method;
	const char *target; /* path and query: holds no secret */
	long status;	    /* 0 where not answered */
	bool new_connection;
	bool key_connection;
	size_t sent_bytes, received_bytes;
	int64_t elapsed_ms;
};
typedef void http_on_trace(void *user, const struct http_trace_event *event);
void http_set_trace(struct http *http, http_on_trace *on_trace, void *user);

struct http_stats {
	unsigned requests;
	unsigned connections;
	unsigned long long sent_bytes, received_bytes;
};
struct http_stats http_stats(const struct http *http);

#endif
