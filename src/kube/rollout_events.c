/* What the watches of a rollout bring, and which watches there are. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "kube/rollout_internal.h"

/* Watched by name or by selector where only one consumer is followed, so that
 * a busy namespace does not send its whole life along. */
static size_t count_followed(const struct rollout *r, enum kube_kind kind,
			     size_t *out_index)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (!r->follows[i].followed ||
		    (kind != KIND_POD && r->c->items[i].kube_kind != kind))
			continue;
		*out_index = i;
		n++;
	}
	return n;
}

static struct follow *find(struct rollout *r, enum kube_kind kind,
			   const char *name, size_t *out_index)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->follows[i].followed &&
		    r->c->items[i].kube_kind == kind &&
		    strcmp(r->c->items[i].name, name) == 0) {
			*out_index = i;
			return &r->follows[i];
		}
	}
	return NULL;
}

static struct err *take_workload(struct followed *w, enum watch_change change,
				 const struct cJSON *object)
{
	struct rollout *r = w->r;
	struct consumer_state state;
	struct follow *f;
	struct err *err;
	size_t i;

	f = find(r, w->kind, json_str_or(object, "metadata.name", ""), &i);
	if (!f)
		return NULL;
	if (!str_equal(json_str(object, "metadata.uid"), r->c->items[i].uid) ||
	    change == WATCH_DELETED) {
		f->deleted = true;
		return NULL;
	}
	f->unseen = false;
	err = consumer_state_read(w->kind, object, &r->c->target, &state);
	if (err)
		return err;
	/* A list may be answered from a cache that lags behind the patch. */
	if (state.generation < r->c->items[i].state.generation) {
		consumer_state_release(&state);
		return NULL;
	}
	consumer_state_release(&r->c->items[i].state);
	r->c->items[i].state = state;
	return NULL;
}

static struct err *take_pod(struct followed *w, enum watch_change change,
			    const struct cJSON *object)
{
	if (change != WATCH_DELETED)
		return kube_consumers_take_pod(w->r->c, object);
	kube_consumers_drop_pod(w->r->c,
				json_str_or(object, "metadata.uid", ""));
	return NULL;
}

/* Whether the watch shows consumer `i`. */
static bool shows(const struct followed *w, size_t i)
{
	const struct consumer *item = &w->r->c->items[i];

	return w->r->follows[i].followed && item->kube_kind == w->kind &&
	       (!w->name || strcmp(item->name, w->name) == 0);
}

/* A new list begins: what it does not show is gone. */
static void reset(struct followed *w)
{
	struct rollout *r = w->r;
	struct kube_pods *pods = &r->c->pods;

	w->listing = true;
	for (size_t i = 0; i < r->count; i++) {
		if (shows(w, i))
			r->follows[i].unseen = true;
	}
	if (w->kind != KIND_POD)
		return;
	for (size_t i = pods->count; i-- > 0;) {
		size_t consumer = pods->items[i].consumer;

		if (consumer == CONSUMER_UNRESOLVED ||
		    (consumer < r->count && r->follows[consumer].followed))
			kube_consumers_drop_pod(r->c, pods->items[i].uid);
	}
}

static void listed(struct followed *w)
{
	struct rollout *r = w->r;

	w->listing = false;
	for (size_t i = 0; i < r->count; i++) {
		if (shows(w, i) && r->follows[i].unseen)
			r->follows[i].deleted = true;
	}
}

static struct err *on_change(void *user, enum watch_change change,
			     const struct cJSON *object)
{
	struct followed *w = user;

	switch (change) {
	case WATCH_RESET:
		reset(w);
		return NULL;
	case WATCH_LISTED:
		listed(w);
		return NULL;
	case WATCH_ADDED:
	case WATCH_MODIFIED:
	case WATCH_DELETED:
		break;
	}
	return w->kind == KIND_POD ? take_pod(w, change, object)
				   : take_workload(w, change, object);
}

static struct err *open_watch(struct rollout *r,
			      const struct consumer_source *source,
			      const char *query)
{
	struct followed *w = &r->watches[r->watch_count];
	struct watch_options options = {
		.path = source->path,
		.query = query,
		.version = source->version,
		.what = source->what,
		.on_change = on_change,
		.user = w,
	};
	struct err *err;

	w->r = r;
	w->kind = source->kind;
	w->name = source->name;
	w->listing = source->version == NULL;
	err = kube_watch_new(r->kube, &options, &w->watch);
	if (err)
		return err;
	r->watch_count++;
	return kube_watch_step(w->watch);
}

static struct err *open_source(struct rollout *r,
			       const struct consumer_source *source)
{
	struct buf query = BUF_INIT(16 * 1024);
	size_t only = 0;
	size_t n = count_followed(r, source->kind, &only);
	struct err *err = NULL;

	if (n == 0)
		return NULL;
	if (n == 1 && source->kind == KIND_POD) {
		kube_selector_query(&r->c->items[only].selector, &query);
	} else if (n == 1) {
		buf_puts(&query, "fieldSelector=");
		buf_url(&query, "metadata.name=");
		buf_url(&query, r->c->items[only].name);
	} else {
		buf_puts(&query, source->query);
	}
	err = buf_check(&query, "a watch's selector");
	if (!err)
		err = open_watch(r, source, buf_str(&query));
	buf_release(&query);
	return err;
}

KR_FALLIBLE rollout_open_watches(struct rollout *r)
{
	for (size_t i = 0; i < r->c->source_count; i++) {
		const struct consumer_source *source = &r->c->sources[i];
		struct err *err;

		/* Without a version it could not be read whole; those of it
		 * that were named have sources of their own. */
		if (source->kind == KIND_CRONJOB || source->kind == KIND_HPA ||
		    !source->version)
			continue;
		err = open_source(r, source);
		if (err)
			return err;
	}
	return NULL;
}
