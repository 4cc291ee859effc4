#include "kube/rollout.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/annotations.h"
#include "kube/rollout_internal.h"

#define GRACE_MS 10000
/* A patch is sent so often; it says the same each time. */
#define PATCH_TRIES    3
#define PATCH_PAUSE_MS 500

KR_FALLIBLE rollout_new(struct kube *kube, struct kube_consumers *consumers,
			const struct rollout_options *options,
			struct rollout **out)
{
	struct rollout *r = calloc(1, sizeof(*r));

	if (r)
		r->follows = calloc(consumers->count + 1, sizeof(*r->follows));
	if (!r || !r->follows) {
		free(r);
		return err_no_memory();
	}
	r->kube = kube;
	r->c = consumers;
	r->options = *options;
	if (r->options.grace_ms <= 0)
		r->options.grace_ms = GRACE_MS;
	r->count = consumers->count;
	for (size_t i = 0; i < r->count; i++)
		r->follows[i].wanted_generation =
			consumers->items[i].state.generation;
	*out = r;
	return NULL;
}

void rollout_free(struct rollout *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->watch_count; i++)
		kube_watch_free(r->watches[i].watch);
	for (size_t i = 0; i < r->count; i++) {
		free(r->follows[i].trouble_reason);
		free(r->follows[i].reason);
		free(r->follows[i].message);
		free(r->follows[i].pod);
		free(r->follows[i].container);
	}
	err_free(r->unanswered);
	free(r->follows);
	free(r->rotation);
	free(r);
}

/* One consumer's patch. */
struct patch {
	size_t index;
	char *path, *what;
	bool sent;	   /* and its result is known */
	struct err *cause; /* why it was not; of the last try */
};

static struct err *plan_patch(const struct rollout *r, size_t index,
			      struct patch *out)
{
	const struct consumer *item = &r->c->items[index];

	out->index = index;
	out->path = kube_path_sub(item->kube_kind, r->c->ns, item->name, NULL,
				  "fieldManager=" KUBE_MANAGER);
	if (asprintf(&out->what, "%s %s/%s", item->kind, r->c->ns, item->name) <
	    0)
		out->what = NULL;
	if (!out->path || !out->what)
		return err_no_memory();
	return NULL;
}

static void patched(struct rollout *r, size_t index, const struct cJSON *reply)
{
	struct follow *f = &r->follows[index];
	long long generation = json_int(reply, "metadata.generation", 0);

	if (generation > f->wanted_generation) {
		f->restarted = true;
		f->wanted_generation = generation;
	}
	/* Deleted and made anew in between: not the one that was planned. */
	f->deleted = !str_equal(json_str(reply, "metadata.uid"),
				r->c->items[index].uid);
}

/* A patch that had no answer, and what a read says of it. */
struct settling {
	struct rollout *r;
	size_t index;
	bool seen, there;
};

static struct err *take_settled(void *user, const struct cJSON *object)
{
	struct settling *s = user;
	const struct kube_consumers *c = s->r->c;
	struct consumer_state state = { 0 };
	struct err *err = consumer_state_read(c->items[s->index].kube_kind,
					      object, &c->target, &state);

	if (err)
		return err;
	s->seen = true;
	s->there = str_equal(state.template_rotation, s->r->rotation);
	if (s->there)
		patched(s->r, s->index, object);
	consumer_state_release(&state);
	return NULL;
}

/*
 * Whether the object carries the rotation, though no answer said so. Read as a
 * list of one: to list workloads is needed anyway, to get them nowhere else.
 */
static struct err *settle(struct rollout *r, const struct patch *patch,
			  bool *out_there)
{
	const struct consumer *item = &r->c->items[patch->index];
	kr_cleanup(str_freep) char *path =
		kube_path(item->kube_kind, r->c->ns, NULL);
	struct settling settling = { .r = r, .index = patch->index };
	struct buf query = BUF_INIT(1024);
	struct err *err;

	buf_puts(&query, "fieldSelector=");
	buf_url(&query, "metadata.name=");
	buf_url(&query, item->name);
	err = buf_check(&query, "a selector");
	if (!err && !path)
		err = err_no_memory();
	if (!err)
		err = kube_list(r->kube, path, buf_str(&query), 0, take_settled,
				&settling, NULL);
	buf_release(&query);
	if (err)
		return err;
	if (!settling.seen)
		return err_new(KR_ENOTFOUND, "%s is not there any more",
			       patch->what);
	*out_there = settling.there;
	return NULL;
}

/* It is known that the template was not changed, and why. */
static void note_refusal(struct rollout *r, size_t index, const struct err *why)
{
	struct follow *f = &r->follows[index];

	f->failed = str_keep(&f->reason, err_reason(why)) &&
		    str_keep(&f->message, err_message(why));
}

/* What an answer says; *out_again where the patch is to be sent again. */
static struct err *judge_patch(struct rollout *r, struct patch *patch,
			       struct kube_request *request, bool *out_again)
{
	bool there = false;
	struct err *err;

	if (request->outcome == KUBE_DONE) {
		patched(r, patch->index, request->object);
		patch->sent = true;
		return NULL;
	}
	if (request->outcome == KUBE_REFUSED) {
		patch->sent = true;
		note_refusal(r, patch->index, request->err);
		return take_ptr(&request->err);
	}
	if (request->outcome == KUBE_UNKNOWN) {
		err_free(take_ptr(&patch->cause));
		err = settle(r, patch, &there);
		if (err)
			return err;
		patch->sent = there;
	}
	if (!there) {
		err_free(patch->cause);
		patch->cause = take_ptr(&request->err);
	}
	*out_again |= !there;
	return NULL;
}

/* Sends the patches that have no result; keeps the first refusal. */
static struct err *send_once(struct rollout *r, struct patch *patches, size_t n,
			     const char *body, bool *out_again,
			     struct err **first)
{
	struct kube_request *requests = calloc(n + 1, sizeof(*requests));
	struct err *err;

	if (!requests)
		return err_no_memory();
	for (size_t i = 0; i < n; i++)
		requests[i] = (struct kube_request){
			.method = "PATCH",
			.path = patches[i].path,
			.what = patches[i].what,
			.content_type = "application/merge-patch+json",
			.body = body,
			.flags = KUBE_METADATA,
		};
	err = kube_batch(r->kube, requests, n);
	for (size_t i = 0; i < n; i++) {
		struct err *own = NULL;

		if (!err)
			own = judge_patch(r, &patches[i], &requests[i],
					  out_again);
		if (own && !*first)
			*first = take_ptr(&own);
		err_free(own);
		kube_request_release(&requests[i]);
	}
	free(requests);
	return err;
}

/* Moves those without a result to the front; returns their number. */
static size_t keep_unsent(struct patch *patches, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		struct patch patch = patches[i];

		if (patch.sent)
			continue;
		patches[i] = patches[left];
		patches[left++] = patch;
	}
	return left;
}

static struct err *not_restarted(struct patch *patch)
{
	struct err *cause = take_ptr(&patch->cause);

	return cause ? err_wrap(cause, "%s could not be restarted", patch->what)
		     : err_new(KR_ECLUSTER, "%s could not be restarted",
			       patch->what);
}

static struct err *send_all(struct rollout *r, struct patch *patches, size_t n,
			    const char *body)
{
	struct err *first = NULL;
	struct err *err = NULL;

	for (int i = 0; !err && !first && n && i < PATCH_TRIES; i++) {
		bool again = false;

		if (i)
			clock_sleep_ms((int64_t)PATCH_PAUSE_MS << i);
		err = send_once(r, patches, n, body, &again, &first);
		n = keep_unsent(patches, n);
	}
	if (!err && !first && n)
		first = not_restarted(&patches[0]);
	if (!err)
		return first;
	err_free(first);
	return err;
}

static struct err *patch_all(struct rollout *r, const char *fingerprint,
			     const struct kube_ring_notes *ring)
{
	struct patch *patches = calloc(r->count + 1, sizeof(*patches));
	kr_cleanup(str_freep) char *body = NULL;
	struct err *err;
	size_t n = 0;

	if (!patches)
		return err_no_memory();
	err = kube_restart_patch(r->c->secret, r->c->entry, r->rotation,
				 fingerprint, ring, &body);
	for (size_t i = 0; !err && i < r->count; i++) {
		if (r->c->items[i].restart)
			err = plan_patch(r, i, &patches[n++]);
	}
	if (!err && n)
		err = send_all(r, patches, n, body);
	for (size_t i = 0; i < n; i++) {
		if (!patches[i].sent && patches[i].cause)
			note_refusal(r, patches[i].index, patches[i].cause);
		free(patches[i].path);
		free(patches[i].what);
		err_free(patches[i].cause);
	}
	free(patches);
	return err;
}

KR_FALLIBLE rollout_follow(struct rollout *r, const char *rotation)
{
	r->started_ms = clock_boot_ms();
	r->deadline_ms = deadline_in_ms(r->options.timeout_ms);
	if (!str_keep(&r->rotation, rotation))
		return err_no_memory();
	for (size_t i = 0; i < r->count; i++)
		r->follows[i].followed = consumer_takes_part(&r->c->items[i]);
	return rollout_open_watches(r);
}

KR_FALLIBLE rollout_restart(struct rollout *r, const char *rotation,
			    const char *fingerprint,
			    const struct kube_ring_notes *ring)
{
	struct err *err = rollout_follow(r, rotation);

	return err ? err : patch_all(r, fingerprint, ring);
}

struct rollout_result rollout_result(const struct rollout *r, size_t index)
{
	const struct follow *f;

	if (index >= r->count)
		return (struct rollout_result){ 0 };
	f = &r->follows[index];
	return (struct rollout_result){
		.restarted = f->restarted,
		.followed = f->followed,
		.done = f->done,
		.failed = f->failed,
		.desired = f->facts.desired,
		.updated = f->facts.new_pods,
		.ready = f->facts.new_ready,
		.old = f->facts.old_pods,
		.reason = f->reason,
		.waiting_for = f->followed && !f->done && !f->failed
				       ? f->verdict.waiting_for
				       : NULL,
		.pod = f->pod,
		.container = f->container,
		.message = f->message,
		.waits_for_delete =
			f->held && f->facts.on_delete && f->facts.new_pods == 0,
	};
}
