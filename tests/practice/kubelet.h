/*
 * The kubelet and the scheduler: pods start, fail and stop in their time and
 * write logs. What a pod does is told by annotations of its template or of its
 * workload (see PRACTICE.md).
 */
#ifndef PRACTICE_KUBELET_H
#define PRACTICE_KUBELET_H

#include <stdint.h>

#include "store.h"
#include "util.h"

struct log_line {
	char stamp[TIME_LEN];
	char *text;
};

/* What one container run has written. */
struct pod_log {
	struct log_line *lines;
	size_t len;
};

enum pod_stage {
	STAGE_NEW,	/* to be scheduled */
	STAGE_STARTING, /* to have its containers run */
	STAGE_STARTED,	/* to become ready, crash or complete */
	STAGE_READY,
	STAGE_CRASHED,
	STAGE_STOPPING,
};

/* What the kubelet knows of a pod. */
struct pod_run {
	char *ns;
	char *name;
	char *behaviour; /* never-ready, crash, …, or NULL */
	char *bad_fingerprint;
	int64_t due_ms; /* when to look again; INT64_MAX: never */
	int64_t log_ms; /* when to print, if not at once; else 0 */
	enum pod_stage stage;
	int restarts;
	int instance; /* of the container; follow ends when it changes */
	bool running;
	cJSON *keys; /* "SECRET/KEY": fingerprint of what it loaded */
	char *leak;  /* a value it will print */
	struct pod_log log;
	struct pod_log previous;
	struct pod_run *next;
};

void kubelet_touch(struct cluster *cl, const struct obj *obj,
		   enum event_type type);
void kubelet_clear(struct cluster *cl);

/* Does what is due; returns when the next is (monotonic ms). Lock held. */
int64_t kubelet_tick(struct cluster *cl, int64_t now);

/* Borrowed, valid while the lock is held. */
struct pod_run *kubelet_run(struct cluster *cl, const char *ns,
			    const char *name);
struct pod_run *kubelet_runs(struct cluster *cl);

void pod_log_add(struct pod_log *log, const char *text);
void pod_log_release(struct pod_log *log);

/* What the container prints when it starts. */
void pod_log_write(struct pod_run *run, const struct obj *pod, bool crashes);

/* Made from a template that a restart has touched. */
bool pod_restarted(const struct obj *pod);

/* True when the container would crash with what it has loaded. */
bool pod_crashes(const struct pod_run *run);

/* The pod's next step: sets run->due_ms. */
void pod_step(struct cluster *cl, struct pod_run *run, struct obj *pod);

/*
 * Reads the Secrets that a pod names. False when one is missing: *out_why is
 * then the kubelet's message, to be freed, and *out_volume says whether a
 * volume wants it.
 */
bool pod_load_keys(struct cluster *cl, struct pod_run *run,
		   const struct obj *pod, char **out_why, bool *out_volume);

#endif
