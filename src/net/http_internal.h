/* Shared by http.c (connections, driving) and call.c (one exchange). */
#ifndef KR_NET_HTTP_INTERNAL_H
#define KR_NET_HTTP_INTERNAL_H

#include "net/http.h"

#define HTTP_MAX_WARNINGS 8

struct http_identity;

struct http {
	void *main_multi; /* CURLM: kept-alive, multiplexed */
	void *key_multi;  /* CURLM: HTTP/1.1, a pool of its own */
	char *url;
	char *host_header; /* where URL and TLS name differ */
	char *connect_to;  /* "::host:port", likewise */
	char *tls_name;	   /* what the certificate has to be for */
	char *ca_pem;
	size_t ca_pem_len;
	bool insecure;
	const struct secret *cert; /* borrowed from the credentials */
	const struct secret *key;
	struct http_identity *identity; /* NULL: not parsed yet */
	char *proxy;
	char *user_agent;
	bool disable_compression;
	bool disable_http2;
	int64_t connect_timeout_ms;
	struct http_call *active; /* list of started, unfinished calls */
	bool activity;		  /* something happened since last asked */
	bool deaf;		  /* a stop request waits for its turn */
	http_on_trace *on_trace;
	void *trace_user;
	struct http_stats stats;
};

struct http_call {
	struct http *http;
	struct http_call *next;
	void *easy;
	void *headers;	  /* curl_slist */
	void *connect_to; /* curl_slist */
	const char *method;
	char *target;
	int flags;
	int64_t timeout_ms;
	const unsigned char *body;
	size_t body_len, body_sent;
	http_on_data *on_data;
	size_t streamed_bytes; /* given to on_data */
	int64_t refused_ms;    /* when a stream was seen to be refused, 0 */
	void *data_user;
	int64_t idle_timeout_ms, last_data_ms;
	int64_t started_ms, elapsed_ms;
	struct buf reply;
	bool started, over, ended_by_owner, idle_expired, too_large;
	int result; /* CURLcode */
	char curl_text[256];
	long status;
	enum http_outcome outcome;
	char content_type[64];
	long retry_after_s;
	int64_t date_ms;
	char *warnings[HTTP_MAX_WARNINGS];
	size_t warning_count;
	const char *keep; /* a header's name, borrowed; NULL */
	char *kept;
};

/* Copies what the caller lends. */
KR_FALLIBLE http_copy_origin(struct http *http,
			     const struct http_origin *origin);
/* Sets every option of call->easy from the origin and the call. */
KR_FALLIBLE http_call_configure(struct http_call *call);
/* libcurl's callbacks; user is the call. */
size_t http_on_read(char *to, size_t size, size_t count, void *user);
size_t http_on_write(char *data, size_t size, size_t count, void *user);
size_t http_on_header(char *line, size_t size, size_t count, void *user);
/* Takes the result in, once libcurl says that the call is over. */
void http_call_finish(struct http_call *call, int result);
/* Removes it from libcurl and from the list of active calls. */
void http_detach(struct http_call *call);

#endif
