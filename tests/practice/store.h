/*
 * The objects of one cluster and their history.
 *
 * An object is immutable: a change makes a new one and adds an event that
 * holds both, so a list or a watch can go on without the lock. Every function
 * here wants cluster->lock to be held, except obj_ref() and obj_unref().
 *
 * The tree of an object holds neither apiVersion nor kind; they are added when
 * it is rendered.
 */
#ifndef PRACTICE_STORE_H
#define PRACTICE_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "kinds.h"

struct controller;
struct kubelet;
struct users;

struct obj {
	unsigned refs;
	const struct kind *kind;
	char *ns; /* "" when the kind has no namespace */
	char *name;
	long rv;
	cJSON *json;
	char *text; /* json, printed once */
};

enum event_type {
	EVENT_ADDED,
	EVENT_MODIFIED,
	EVENT_DELETED,
};

struct event {
	enum event_type type;
	long rv;
	struct obj *old; /* NULL when ADDED */
	struct obj *now; /* for DELETED: the last state, with the new rv */
};

enum { EVENTS_MAX = 16384 };

struct cluster {
	const char *name;
	size_t index;
	char *uid; /* of kube-system */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	long rv;
	long dead_connections; /* up to this id: reset at the next use */
	long epoch;	       /* grows at every reset; old streams end by it */
	struct obj **objs;
	size_t objs_len;
	size_t objs_cap;
	struct event *events; /* of versions first_rv.. */
	size_t events_len;
	long first_rv;
	struct controller *controller;
	struct kubelet *kubelet;
	bool instant; /* seeding: pods start at once */
};

void cluster_init(struct cluster *cl, const char *name, size_t index);

/* Empties it: the versions go on, watches end. */
void cluster_clear(struct cluster *cl);

/* Forgets all events, so that an older resourceVersion is too old. */
void cluster_compact(struct cluster *cl);

struct obj *obj_ref(struct obj *obj);
void obj_unref(struct obj *obj);

/* Borrowed; NULL when there is none. */
struct obj *store_find(struct cluster *cl, const struct kind *kind,
		       const char *ns, const char *name);

/*
 * Stores a new state and gives it the next resourceVersion. Consumes
 * take_json. Borrowed result.
 */
struct obj *store_put(struct cluster *cl, const struct kind *kind,
		      const char *ns, const char *name, cJSON *take_json);

void store_remove(struct cluster *cl, struct obj *obj);

/*
 * The objects of a kind, of one namespace or (ns NULL) of all, sorted by
 * namespace and name: index of the first and how many.
 */
size_t store_range(struct cluster *cl, const struct kind *kind, const char *ns,
		   size_t *out_count);

/* The event that made version rv, or NULL when it is forgotten or ahead. */
const struct event *store_event(const struct cluster *cl, long rv);

/* The workload kinds' kind row, found once. */
const struct kind *store_kind(const char *api_version, const char *name);

#endif
