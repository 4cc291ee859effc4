/* The change itself: Secret, restart, and the rollout to its last old pod. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/annotations.h"
#include "kube/path.h"
#include "runbook/run.h"
#include "secret/search.h"

#define QUICK_MS 2000

/* The Secret holds the key already, written by this program. */
static bool holds_key(const struct run *run)
{
	const struct kube_secret *s = run->secret;

	return kube_secret_has_entry(s) &&
	       str_same(s->live_fingerprint, run->fingerprint) &&
	       s->facts.owned && s->facts.rotation &&
	       str_same(s->facts.fingerprint, run->fingerprint);
}

KR_FALLIBLE step_is_written(struct run *run, bool *out_done)
{
	struct err *err = run_check_foreign(run);

	if (err)
		return err;
	*out_done = holds_key(run);
	if (*out_done) {
		(void)snprintf(run->rotation, sizeof(run->rotation), "%s",
			       run->secret->facts.rotation);
		run->written = true;
		run_detail(run, "it holds this key already");
		err = run_keep_version(run,
				       run->secret->facts.resource_version);
	}
	run_mark(run, RING_CURRENT);
	/* What stands against a restart is said before anything changes. */
	if (!err && !run->options.no_restart)
		err = kube_consumers_choose(
			run->consumers,
			kube_access_of(run->options.kube)->context, run->mark);
	return err;
}

KR_FALLIBLE step_write(struct run *run)
{
	struct kube_secret_write write = {
		.key = run->key,
		.mark = run->mark,
	};
	struct err *err = run_write(run, &write);

	run->written = !err && run->options.dry == DRY_NONE;
	return err;
}

static void on_progress(void *user, const struct rollout_progress *p)
{
	const struct run *run = user;
	const struct reporter *r = run->options.reporter;
	struct report_workload line = {
		.target = kube_access_of(run->options.kube)->context,
		.kind = p->kind,
		.name = p->name,
		.desired = p->desired,
		.updated = p->updated,
		.ready = p->ready,
		.old = p->old,
		.waiting_for = p->waiting_for,
		.done = p->done,
		.failed = p->failed,
		.elapsed_ms = p->elapsed_ms,
		.timeout_ms = p->timeout_ms,
	};

	run_talk_begin();
	if (r->workload)
		r->workload(r->user, &line);
	run_talk_end();
}

static void on_tick(void *user)
{
	const struct run *run = user;
	const struct reporter *r = run->options.reporter;

	run_talk_begin();
	if (r->tick)
		r->tick(r->user);
	run_talk_end();
}

static struct err *on_overtaken(void *user)
{
	return run_check_held(user);
}

static KR_FALLIBLE make_rollout(struct run *run)
{
	const struct rollout_options options = {
		.timeout_ms = run->options.timeout_ms,
		.on_progress = on_progress,
		.on_overtaken = on_overtaken,
		.on_tick = on_tick,
		.user = run,
	};

	return rollout_new(run->options.kube, run->consumers, &options,
			   &run->rollout);
}

static size_t count_chosen(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->consumers->count; i++)
		n += run->consumers->items[i].restart;
	return n;
}

KR_FALLIBLE step_is_restarted(struct run *run, bool *out_done)
{
	size_t n = count_chosen(run);

	*out_done = n == 0;
	if (n == 0)
		run_detail(run, "nothing to restart");
	else
		run_detail(run, "%zu workload%s", n, n == 1 ? "" : "s");
	return NULL;
}

/* What the pods are going to run as the current key. */
static const char *pods_key(const struct run *run)
{
	const struct kube_key_facts *facts = &run->secret->facts;

	return facts->state == RING_ADDED && facts->fingerprint
		       ? facts->fingerprint
		       : run->fingerprint;
}

static struct kube_ring_notes ring_notes(const struct run *run)
{
	const char *next = run_ring(run, RING_NEXT);
	const char *kept = run_ring(run, RING_PREVIOUS);

	return (struct kube_ring_notes){ *next ? next : NULL,
					 *kept ? kept : NULL };
}

/* Asks the server whether it would take each restart. */
static KR_FALLIBLE restart_dry(struct run *run)
{
	const struct kube_target *t = &run->options.target;
	kr_cleanup(str_freep) char *body = NULL;
	const struct kube_ring_notes ring = ring_notes(run);
	struct err *err = kube_restart_patch(t->secret, t->entry, run->mark,
					     pods_key(run),
					     t->keyring ? &ring : NULL, &body);

	for (size_t i = 0; !err && i < run->consumers->count; i++) {
		const struct consumer *c = &run->consumers->items[i];
		kr_cleanup(str_freep) char *path = NULL;
		struct kube_request request = {
			.method = "PATCH",
			.what = c->name,
			.content_type = "application/merge-patch+json",
			.body = body,
			.flags = KUBE_METADATA,
		};

		if (!c->restart)
			continue;
		path = kube_path_sub(c->kube_kind, t->ns, c->name, NULL,
				     "fieldManager=" KUBE_MANAGER
				     "&dryRun=All");
		if (!path)
			return err_no_memory();
		request.path = path;
		err = kube_do(run->options.kube, &request);
		kube_request_release(&request);
	}
	return err;
}

KR_FALLIBLE step_restart(struct run *run)
{
	const struct kube_ring_notes ring = ring_notes(run);
	struct err *err;

	run->not_done = run->options.dry != DRY_NONE;
	if (run->options.dry == DRY_CLIENT)
		return NULL;
	if (run->options.dry == DRY_SERVER)
		return restart_dry(run);
	err = make_rollout(run);
	if (!err)
		err = rollout_restart(run->rollout, run->mark, pods_key(run),
				      run->options.target.keyring ? &ring
								  : NULL);
	return err_wrap(err, "restart");
}

KR_FALLIBLE step_is_clean(struct run *run, bool *out_done)
{
	*out_done = !run->secret->has_last_applied;
	if (*out_done)
		run_detail(run, "there is none");
	return NULL;
}

KR_FALLIBLE step_clean(struct run *run)
{
	kr_cleanup(str_freep) char *version = NULL;
	struct err *err;

	run->not_done = run->options.dry != DRY_NONE;
	if (run->not_done)
		return NULL;
	err = kube_secret_drop_last_applied(run->options.kube, run->secret,
					    &version);
	if (err)
		return err;
	run->secret->has_last_applied = false;
	run_detail(run, "removed");
	return run_keep_version(run, version);
}

static bool line_is_clean(void *user, const char *line, size_t len)
{
	const struct run *run = user;

	return !secret_search_finds(run->searched, line, len);
}

static void show_line(void *user, const char *pod, const char *container,
		      const char *line)
{
	const struct run *run = user;
	const struct reporter *r = run->options.reporter;

	run_talk_begin();
	if (r->log_line)
		r->log_line(r->user, pod, container, line);
	run_talk_end();
}

/* The last words of what crashed; that they cannot be had changes nothing. */
static void show_last_lines(struct run *run)
{
	for (size_t i = 0; i < run->consumers->count; i++) {
		struct rollout_result result = rollout_result(run->rollout, i);
		struct err *err;

		if (!result.failed)
			continue;
		err = rollout_last_lines(run->rollout, i, line_is_clean,
					 show_line, run);
		err_free(err);
	}
}

/*
 * What is said at the end is about the Secret, too, and others had time to
 * write it. A quick rollout is not worth the request.
 */
static struct err *look_after(struct run *run, int64_t began_ms,
			      struct err *take_err)
{
	struct err *err = take_err;
	struct err *held;

	if ((err && !err_is(err, KR_EROLLOUT)) ||
	    clock_boot_ms() - began_ms < QUICK_MS)
		return err;
	held = run_check_held(run);
	if (!err || err_is(held, KR_ECONFLICT)) {
		err_free(err);
		return held;
	}
	err_free(held);
	return err;
}

KR_FALLIBLE step_follow(struct run *run)
{
	const int64_t began_ms = clock_boot_ms();
	struct err *err = run_search_keys(run);

	/* A keyring that was only added to gets them once more. */
	if (run->written)
		run_let_keys_go(run);
	if (!err && !run->rollout) {
		err = make_rollout(run);
		if (!err)
			err = rollout_follow(run->rollout, run->mark);
	}
	run->waited = !err;
	if (!err)
		err = look_after(run, began_ms, rollout_wait(run->rollout));
	if (err_is(err, KR_EROLLOUT))
		show_last_lines(run);
	return err;
}
