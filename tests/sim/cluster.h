/*
 * Two practice clusters (tests/practice) without their HTTP server, threads
 * and clock: asked by function calls, and at work only when they are told to.
 */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_CLUSTERS 2

struct sim_request {
	const char *method;
	const char *target; /* path and query, as on the wire */
	const char *token, *content_type, *accept, *agent; /* NULL: none */
	const char *body;
	size_t body_len;
};

struct sim_stream;

/* Owned by whom it was given: simcluster_release(). */
struct sim_answer {
	int status;
	char type[64];
	char warning[512];
	char *body;
	size_t len;
	struct sim_stream *stream; /* more of the body; NULL */
};

/* `scenario`: JSON, as tests/practice has it; consumed by what it says. */
void simcluster_begin(const char *scenario, const char *const *names,
		      const char *ns);
void simcluster_serve(int cluster, const struct sim_request *request,
		      struct sim_answer *out);
void simcluster_release(struct sim_answer *answer);

/* What has come: the bytes' number, 0: nothing now, -1: it is over. */
long simcluster_poll(struct sim_stream *stream, char *out, size_t size);
void simcluster_stream_free(struct sim_stream *stream);

/* Does what is due; the time (boot, ms) of what is next, INT64_MAX: nothing. */
int64_t simcluster_work(int cluster);
/* resourceVersion of the last change */
long simcluster_version(int cluster);

/*
 * {"secret": {...} or null, "deployment": {...}, "templates": N,
 *  "pods": [{"running": B, "fingerprint": TEXT or null}]}
 * Owned by the caller.
 */
struct cJSON *simcluster_look(int cluster, const char *secret,
			      const char *entry);
/* The Secret alone; borrowed until the next change. NULL: none. */
const struct cJSON *simcluster_secret(int cluster, const char *name);

/* Forgets its history: watches of older versions get 410. */
void simcluster_compact(int cluster);
/* No token is known any more, or all of them again. */
void simcluster_expire(const char *token);

#endif
