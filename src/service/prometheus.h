/*
 * Prometheus, and what speaks its HTTP API (Thanos, Mimir, Cortex,
 * VictoriaMetrics): instant and range queries of one number.
 *
 * Where: https://prometheus.io/docs/prometheus/latest/querying/api/
 *
 * A query is evaluated at the server's own time: no time of this machine goes
 * into a request. An answer is taken only where it is certain: status and type
 * as documented, exactly one series, a number that is one. What the server
 * says is quoted only for queries it cannot read, and searched for the
 * credentials first.
 *
 * Use from one thread at a time.
 */
#ifndef KR_SERVICE_PROMETHEUS_H
#define KR_SERVICE_PROMETHEUS_H

#include <stddef.h>
#include <stdint.h>

#include "net/http.h"
#include "secret/ref.h"

struct prometheus;

/* All borrowed until prometheus_new() returns, and copied. */
struct prometheus_options {
	/*
	 * http[s]://host[:port][/prefix], without /api/v1; or a reference
	 * (ref.h) to such a text, which may then hold user:password@.
	 */
	const char *url;
	const char *folder;  /* of relative paths; NULL: the current one */
	struct ref token;    /* Authorization: Bearer */
	const char *user;    /* Authorization: Basic; NULL */
	struct ref password; /* ... */
	const char *tenant;  /* X-Scope-OrgID; NULL */
	const char *ca;	     /* file of PEM; NULL: the system's roots */
	/* Client certificate and key, files of PEM; both or none. */
	const char *cert;
	const char *key;
	const char *server_name; /* of the certificate; NULL: the URL's host */
	const char *proxy_url;	 /* NULL: direct */
	/* Credentials over http:// to another machine; else KR_EREFUSED. */
	bool allow_plain_http;
	int64_t timeout_ms; /* of one query; 0: 10 s */
};

/* Reads the URL, the certificates and the credentials; sends nothing. */
KR_FALLIBLE prometheus_new(const struct prometheus_options *options,
			   struct prometheus **out);
void prometheus_free(struct prometheus *p);
KR_DEFINE_FREEP(prometheus)

/* "https://host:port/prefix", without credentials: for people. */
const char *prometheus_where(const struct prometheus *p);

void prometheus_set_timeout(struct prometheus *p, int64_t timeout_ms);
void prometheus_set_trace(struct prometheus *p, http_on_trace *on_trace,
			  void *user);

enum prometheus_state {
	PROMETHEUS_VALUE, /* one finite number, or +Inf */
	PROMETHEUS_NAN,	  /* NaN or -Inf: what no measurement gives */
	PROMETHEUS_EMPTY, /* no series */
	PROMETHEUS_ERROR, /* see `err` */
};

struct prometheus_answer {
	enum prometheus_state state;
	double value; /* PROMETHEUS_VALUE */
	/* When the server evaluated it, ms since 1970 by its clock; 0 where
	 * no sample came. */
	int64_t at_ms;
	char *warning; /* the server's first one, cleaned; NULL */
	/*
	 * Owned. KR_ECONFIG: the query can never be answered with one number
	 * (it has several series, it is no PromQL, it gives a range): asking
	 * again is no use. KR_EAUTH, KR_EFORBIDDEN, KR_ENOTFOUND, KR_ETIMEOUT,
	 * KR_ECLUSTER: no answer this time.
	 */
	struct err *err;
};
void prometheus_answer_release(struct prometheus_answer *answer);

/*
 * Asks all queries at once. What is wrong with one is in its answer; the
 * returned error is KR_EINTERRUPTED (a stop request) or KR_ENOMEM, and then
 * no answer is to be released. Refused credentials are read again, once.
 */
KR_FALLIBLE prometheus_query(struct prometheus *p, const char *const *queries,
			     size_t n, struct prometheus_answer *answers);

/* A look back, by the server's clock. */
struct prometheus_range {
	int64_t end_ago_ms; /* how long ago it ended; 0: now */
	int64_t length_ms;
	int64_t step_ms;
};

#define PROMETHEUS_MAX_POINTS 11000 /* the server's own limit */

struct prometheus_points {
	double *values; /* NAN where the server has NaN or -Inf */
	size_t count;	/* points that are there: gaps are left out */
	char *warning;
	int64_t end_ms; /* by the server's clock */
};
void prometheus_points_release(struct prometheus_points *points);

/* Errors as in prometheus_answer. No series is no error: count is 0. */
KR_FALLIBLE prometheus_query_range(struct prometheus *p, const char *query,
				   const struct prometheus_range *range,
				   struct prometheus_points *out);

/*
 * The reading of a reply alone, for tests: HTTP status, lower-case content
 * type and body of an instant query. Writes all of `out`.
 */
void prometheus_read_reply(long status, const char *content_type,
			   const char *body, size_t len,
			   struct prometheus_answer *out);
KR_FALLIBLE prometheus_read_range(long status, const char *content_type,
				  const char *body, size_t len,
				  struct prometheus_points *out);

#endif
