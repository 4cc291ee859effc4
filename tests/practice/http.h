/*
 * What the API handlers see of HTTP: a whole request, and a reply to fill in.
 */
#ifndef PRACTICE_HTTP_H
#define PRACTICE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "json.h"
#include "kinds.h"
#include "store.h"
#include "util.h"

struct MHD_Connection;

struct param {
	char *name;
	char *value;
};

struct request {
	struct cluster *cluster;
	struct MHD_Connection *connection;
	long index; /* n-th of this cluster since the last reset, from 1 */
	long connection_id;
	int fd;
	const char *method;
	const char *path;
	struct param *params;
	size_t params_len;
	const char *content_type; /* NULL when absent, as the next ones */
	const char *accept;
	const char *user_agent;
	struct buf body;
	char *user;
	cJSON *groups;
	cJSON *impersonation; /* headers as sent, or NULL */
};

/* The value of a query parameter, or NULL. */
const char *request_param(const struct request *req, const char *name);
bool request_flag(const struct request *req, const char *name);

/*
 * A body made bit by bit: read() fills at most size bytes and may block; it
 * returns 0 at the clean end, -1 to cut the connection.
 */
struct stream {
	ssize_t (*read)(void *ctx, char *out, size_t size);
	void (*free)(void *ctx);
	void *ctx;
};

struct reply {
	int status;
	const char *content_type;
	struct buf body;
	struct stream stream; /* used instead of body when read is set */
	char *warning;
	char retry_after[32];
};

void reply_release(struct reply *reply);

/* True when the client has gone, or the server is said to have died. */
bool request_gone(const struct request *req);

#endif
