/* Shared by http.c (asking) and httpcall.c (one call, and what came of it). */
#ifndef SIM_HTTPCALL_H
#define SIM_HTTPCALL_H

#include "net/http.h"
#include "seam.h"

struct http {
	long id;
	char *url;
	struct http_call *active;
	bool deaf;
	http_on_trace *on_trace;
	void *trace_user;
	struct http_stats stats;
};

struct http_call {
	struct http *http;
	struct http_call *next; /* active ones */
	long id;
	const char *method;
	char *target;
	int flags;
	struct buf headers; /* each with its NUL */
	const char *body;
	size_t body_len;
	const char *keep;
	int64_t timeout_ms, idle_ms, started_ms, elapsed_ms;
	http_on_data *on_data;
	void *data_user;
	struct buf reply;
	bool started, over, cancelled, too_large;
	enum sim_end end;
	long status, retry_after_s;
	int64_t date_ms;
	char content_type[64];
	char *warning;
};

/* Numbers that no other call or struct http of the process has. */
long sim_http_id(void);

#endif
