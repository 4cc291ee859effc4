#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selector.h"
#include "settings.h"

struct watch {
	struct request *req; /* valid while the stream is open */
	struct cluster *cluster;
	struct target to;
	struct selector *selector;
	enum form form;
	bool bookmarks;
	long rv; /* everything up to here has been sent */
	long epoch;
	int64_t end_ms;
	int64_t bookmark_ms;
	bool ended;
	struct buf pending;
	size_t sent;
};

static const char *const type_names[] = { "ADDED", "MODIFIED" };

/* The last selected state, with the version at which it was left. */
static void add_left(struct watch *watch, const struct event *event)
{
	cJSON *json = json_copy(event->old->json);

	json_put(json_get(json, "metadata"), "resourceVersion",
		 json_copy(json_get(event->now->json, "metadata",
				    "resourceVersion")));
	buf_str(&watch->pending, "{\"type\":\"DELETED\",\"object\":");
	render_object(&watch->pending, watch->to.kind, json, watch->form);
	buf_str(&watch->pending, "}\n");
	cJSON_Delete(json);
}

static void add_event(struct watch *watch, const char *type,
		      const struct obj *obj)
{
	buf_printf(&watch->pending, "{\"type\":\"%s\",\"object\":", type);
	render_stored(&watch->pending, watch->to.kind, obj, watch->form);
	buf_str(&watch->pending, "}\n");
}

static void add_bookmark(struct watch *watch, bool initial_end)
{
	const struct kind *kind = watch->to.kind;
	bool partial = watch->form == FORM_METADATA;

	buf_printf(&watch->pending,
		   "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"%s\","
		   "\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":"
		   "\"%ld\"%s}%s}}\n",
		   partial ? "PartialObjectMetadata" : kind->name,
		   partial ? "meta.k8s.io/v1" : kind_api_version(kind),
		   watch->rv,
		   initial_end ? ",\"annotations\":{\"k8s.io/initial-events-"
				 "end\":\"true\"}"
			       : "",
		   !partial && (kind->flags & KIND_WORKLOAD)
			   ? ",\"spec\":{\"template\":{\"metadata\":{},"
			     "\"spec\":{\"containers\":null}}},\"status\":{}"
			   : "");
	watch->bookmark_ms = now_ms() + settings.bookmark_ms;
}

static void add_error(struct watch *watch, int code, const char *reason,
		      const char *message)
{
	char *text = status_text(code, reason, message, NULL);

	buf_printf(&watch->pending, "{\"type\":\"ERROR\",\"object\":%s}\n",
		   text);
	free(text);
	watch->ended = true;
}

static bool selected(const struct watch *watch, const struct obj *obj)
{
	return obj && (!*watch->to.ns || str_eq(watch->to.ns, obj->ns)) &&
	       selector_match(watch->selector, obj);
}

/* An object that leaves the selection is DELETED for this watch. */
static void add_change(struct watch *watch, const struct event *event)
{
	bool before, after;

	if (event->now->kind != watch->to.store)
		return;
	before = selected(watch, event->old);
	after = event->type != EVENT_DELETED && selected(watch, event->now);
	if (after)
		add_event(watch, type_names[before], event->now);
	else if (before)
		add_left(watch, event);
}

static void catch_up(struct watch *watch)
{
	struct cluster *cl = watch->cluster;

	if (watch->epoch != cl->epoch) {
		watch->ended = true;
		return;
	}
	while (watch->rv < cl->rv) {
		const struct event *event = store_event(cl, watch->rv + 1);
		char *message;

		if (!event) {
			message = xasprintf("too old resource version: %ld "
					    "(%ld)",
					    watch->rv, cl->first_rv - 1);
			add_error(watch, 410, "Expired", message);
			free(message);
			return;
		}
		watch->rv++;
		add_change(watch, event);
	}
}

static void wait_change(struct watch *watch)
{
	struct timespec until;
	int64_t ms = now_ms() + 100;

	if (ms > watch->end_ms)
		ms = watch->end_ms;
	until.tv_sec = ms / 1000;
	until.tv_nsec = (ms % 1000) * 1000000;
	pthread_cond_timedwait(&watch->cluster->changed, &watch->cluster->lock,
			       &until);
}

static ssize_t watch_read(void *ctx, char *out, size_t size)
{
	struct watch *watch = ctx;
	size_t n;

	while (watch->sent == watch->pending.len && !watch->ended) {
		watch->pending.len = watch->sent = 0;
		pthread_mutex_lock(&watch->cluster->lock);
		catch_up(watch);
		if (!watch->pending.len && !watch->ended)
			wait_change(watch);
		pthread_mutex_unlock(&watch->cluster->lock);
		if (watch->bookmarks && now_ms() >= watch->bookmark_ms)
			add_bookmark(watch, false);
		if (now_ms() >= watch->end_ms) {
			if (watch->bookmarks)
				add_bookmark(watch, false);
			watch->ended = true;
		}
		if (!watch->pending.len && request_gone(watch->req))
			return -1;
	}
	n = watch->pending.len - watch->sent;
	if (n > size)
		n = size;
	if (n)
		memcpy(out, watch->pending.data + watch->sent, n);
	watch->sent += n;
	return (ssize_t)n;
}

static void watch_free(void *ctx)
{
	struct watch *watch = ctx;

	selector_free(watch->selector);
	buf_release(&watch->pending);
	free(watch);
}

/* The objects that are there, as ADDED. */
static void add_initial(struct watch *watch)
{
	struct cluster *cl = watch->cluster;
	const char *ns = *watch->to.ns ? watch->to.ns : NULL;
	size_t count, i;
	size_t first = store_range(cl, watch->to.store, ns, &count);

	for (i = first; i < first + count; i++)
		if (selector_match(watch->selector, cl->objs[i]))
			add_event(watch, "ADDED", cl->objs[i]);
	watch->rv = cl->rv;
}

static bool list_option(struct reply *reply)
{
	cJSON *causes = cJSON_CreateArray();

	cause_add(causes, "FieldValueForbidden", "resourceVersionMatch",
		  "Forbidden: sendInitialEvents requires setting "
		  "resourceVersionMatch to NotOlderThan");
	return status_causes(reply, "meta.k8s.io", "ListOptions", "", causes);
}

static bool watch_params(struct request *req, struct reply *reply)
{
	const char *rv = request_param(req, "resourceVersion");

	if (request_flag(req, "sendInitialEvents") &&
	    !str_eq(request_param(req, "resourceVersionMatch"), "NotOlderThan"))
		return list_option(reply);
	if (rv && strspn(rv, "0123456789") != strlen(rv))
		return status_plain(reply, 500, NULL,
				    "invalid resource version \"%s\"", rv);
	return true;
}

void api_watch(struct request *req, const struct target *to,
	       struct reply *reply)
{
	const char *rv = request_param(req, "resourceVersion");
	const char *timeout = request_param(req, "timeoutSeconds");
	struct watch *watch;
	struct selector *selector;
	enum form form;

	if (!accept_form(req, false, &form, reply) || !watch_params(req, reply))
		return;
	selector = selector_new(to->store, request_param(req, "labelSelector"),
				request_param(req, "fieldSelector"), reply);
	if (!selector)
		return;
	watch = xcalloc(1, sizeof(*watch));
	watch->req = req;
	watch->cluster = req->cluster;
	watch->to = *to;
	watch->selector = selector;
	watch->form = form;
	watch->epoch = req->cluster->epoch;
	watch->bookmarks = request_flag(req, "allowWatchBookmarks");
	watch->bookmark_ms = now_ms() + settings.bookmark_ms;
	watch->end_ms =
		now_ms() +
		(timeout && atol(timeout) > 0 ? atol(timeout) : 1800) * 1000;
	watch->rv = rv ? atol(rv) : 0;
	if (watch->rv <= 0 || request_flag(req, "sendInitialEvents"))
		add_initial(watch);
	if (request_flag(req, "sendInitialEvents") && watch->bookmarks)
		add_bookmark(watch, true);
	reply->status = 200;
	reply->stream = (struct stream){ watch_read, watch_free, watch };
}
