#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller.h"
#include "kubelet.h"
#include "util.h"

void cluster_init(struct cluster *cl, const char *name, size_t index)
{
	pthread_condattr_t attr;
	char uid[37];

	memset(cl, 0, sizeof(*cl));
	cl->name = xstrdup(name);
	cl->index = index;
	uid_make(uid);
	cl->uid = xstrdup(uid);
	pthread_mutex_init(&cl->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&cl->changed, &attr);
	cl->rv = 1000 + (long)index * 100;
	cl->first_rv = cl->rv + 1;
	cl->events = xcalloc(EVENTS_MAX, sizeof(*cl->events));
}

struct obj *obj_ref(struct obj *obj)
{
	if (obj)
		__atomic_add_fetch(&obj->refs, 1, __ATOMIC_RELAXED);
	return obj;
}

void obj_unref(struct obj *obj)
{
	if (!obj || __atomic_sub_fetch(&obj->refs, 1, __ATOMIC_ACQ_REL))
		return;
	cJSON_Delete(obj->json);
	free(obj->ns);
	free(obj->name);
	free(obj->text);
	free(obj);
}

static struct obj *obj_new(const struct kind *kind, const char *ns,
			   const char *name, long rv, cJSON *take_json)
{
	struct obj *obj = xcalloc(1, sizeof(*obj));
	char version[24];

	snprintf(version, sizeof(version), "%ld", rv);
	json_put_text(json_make(take_json, "metadata"), "resourceVersion",
		      version);
	obj->refs = 1;
	obj->kind = kind;
	obj->ns = xstrdup(ns);
	obj->name = xstrdup(name);
	obj->rv = rv;
	obj->json = take_json;
	obj->text = json_print(take_json);
	return obj;
}

static int key_compare(const struct obj *obj, size_t kind, const char *ns,
		       const char *name)
{
	size_t have = kind_index(obj->kind);
	int order;

	if (have != kind)
		return have < kind ? -1 : 1;
	order = strcmp(obj->ns, ns);
	return order ? order : strcmp(obj->name, name);
}

/* The first object that is not before the key. */
static size_t lower_bound(const struct cluster *cl, size_t kind, const char *ns,
			  const char *name)
{
	size_t low = 0, high = cl->objs_len;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (key_compare(cl->objs[mid], kind, ns, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct obj *store_find(struct cluster *cl, const struct kind *kind,
		       const char *ns, const char *name)
{
	size_t at = lower_bound(cl, kind_index(kind), ns, name);

	if (at < cl->objs_len &&
	    key_compare(cl->objs[at], kind_index(kind), ns, name) == 0)
		return cl->objs[at];
	return NULL;
}

size_t store_range(struct cluster *cl, const struct kind *kind, const char *ns,
		   size_t *out_count)
{
	size_t index = kind_index(kind);
	size_t first, last;

	if (ns) {
		char *after = xasprintf("%s\x01", ns);

		first = lower_bound(cl, index, ns, "");
		last = lower_bound(cl, index, after, "");
		free(after);
	} else {
		first = lower_bound(cl, index, "", "");
		last = lower_bound(cl, index + 1, "", "");
	}
	*out_count = last - first;
	return first;
}

static void event_release(struct event *event)
{
	obj_unref(event->old);
	obj_unref(event->now);
}

static void event_add(struct cluster *cl, enum event_type type,
		      struct obj *take_old, struct obj *take_now)
{
	struct event *event;

	if (cl->events_len == EVENTS_MAX) {
		size_t drop = EVENTS_MAX / 2, i;

		for (i = 0; i < drop; i++)
			event_release(&cl->events[i]);
		cl->events_len -= drop;
		memmove(cl->events, cl->events + drop,
			cl->events_len * sizeof(*cl->events));
		cl->first_rv += (long)drop;
	}
	event = &cl->events[cl->events_len++];
	event->type = type;
	event->rv = take_now->rv;
	event->old = take_old;
	event->now = take_now;
	pthread_cond_broadcast(&cl->changed);
	controller_touch(cl, take_now, type);
	kubelet_touch(cl, take_now, type);
}

const struct event *store_event(const struct cluster *cl, long rv)
{
	if (rv < cl->first_rv || rv >= cl->first_rv + (long)cl->events_len)
		return NULL;
	return &cl->events[rv - cl->first_rv];
}

struct obj *store_put(struct cluster *cl, const struct kind *kind,
		      const char *ns, const char *name, cJSON *take_json)
{
	size_t at = lower_bound(cl, kind_index(kind), ns, name);
	struct obj *obj = obj_new(kind, ns, name, ++cl->rv, take_json);

	if (at < cl->objs_len &&
	    key_compare(cl->objs[at], kind_index(kind), ns, name) == 0) {
		struct obj *old = cl->objs[at];

		cl->objs[at] = obj;
		event_add(cl, EVENT_MODIFIED, old, obj_ref(obj));
		return obj;
	}
	if (cl->objs_len == cl->objs_cap) {
		cl->objs_cap = cl->objs_cap ? cl->objs_cap * 2 : 64;
		cl->objs = xrealloc(cl->objs, cl->objs_cap * sizeof(*cl->objs));
	}
	memmove(cl->objs + at + 1, cl->objs + at,
		(cl->objs_len - at) * sizeof(*cl->objs));
	cl->objs[at] = obj;
	cl->objs_len++;
	event_add(cl, EVENT_ADDED, NULL, obj_ref(obj));
	return obj;
}

void store_remove(struct cluster *cl, struct obj *obj)
{
	size_t at = lower_bound(cl, kind_index(obj->kind), obj->ns, obj->name);
	struct obj *last = obj_new(obj->kind, obj->ns, obj->name, ++cl->rv,
				   json_copy(obj->json));

	memmove(cl->objs + at, cl->objs + at + 1,
		(cl->objs_len - at - 1) * sizeof(*cl->objs));
	cl->objs_len--;
	event_add(cl, EVENT_DELETED, obj, last);
}

void cluster_compact(struct cluster *cl)
{
	size_t i;

	for (i = 0; i < cl->events_len; i++)
		event_release(&cl->events[i]);
	cl->events_len = 0;
	cl->first_rv = cl->rv + 1;
}

void cluster_clear(struct cluster *cl)
{
	size_t i;

	controller_clear(cl);
	kubelet_clear(cl);
	for (i = 0; i < cl->objs_len; i++)
		obj_unref(cl->objs[i]);
	cl->objs_len = 0;
	cl->rv++;
	cl->epoch++;
	cluster_compact(cl);
	pthread_cond_broadcast(&cl->changed);
}

const struct kind *store_kind(const char *api_version, const char *name)
{
	const struct kind *kind = kind_by_name(api_version, name);

	if (!kind)
		die("no kind %s %s", api_version, name);
	return kind;
}
