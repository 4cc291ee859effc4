#include "runbook/gitops_sync.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/str.h"

#define POLL_FIRST_MS 250
#define POLL_MS	      2000
#define MAX_FAILURES  5

KR_FALLIBLE gitops_application_get(const struct gitops_application *app,
				   struct kube_application **out)
{
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	struct err *err;

	if (app->kube)
		return kube_application_get(app->kube, app->ns, app->name, out);
	err = argocd_get(app->argocd, app->ns, app->name, false, &tree);
	return err ? err : kube_application_read(tree, out);
}

static bool is_good(const struct kube_application *a)
{
	return !a->pending && !a->refreshing && str_same(a->sync, "Synced") &&
	       str_same(a->health, "Healthy");
}

/* An operation is asked for, or goes on: no second one may be begun. */
static bool is_busy(const struct kube_application *a)
{
	return a->pending || str_same(a->phase, "Running") ||
	       str_same(a->phase, "Terminating");
}

struct waiting {
	const struct gitops_application *app;
	const char *rotation;
	bool asked;    /* now */
	bool compared; /* since the operation ended */
	int failures;  /* one after the other, that may pass */
};

/*
 * No answer is asked for again, some times: whether a request got there is
 * seen by reading, since it is marked.
 */
static struct err *put_up_with(struct waiting *w, struct err *take_err)
{
	if (!take_err) {
		w->failures = 0;
		return NULL;
	}
	/* The object changes with every word that the controller writes. */
	if (!err_is(take_err, KR_ECONFLICT) &&
	    (!(err_is(take_err, KR_ECLUSTER) ||
	       err_is(take_err, KR_ETIMEOUT)) ||
	     ++w->failures > MAX_FAILURES))
		return take_err;
	err_free(take_err);
	return NULL;
}

static bool is_ours(const struct waiting *w, const struct kube_application *a)
{
	return str_same(a->asked_by, w->rotation);
}

static KR_FALLIBLE ask(struct waiting *w, const struct kube_application *a)
{
	const struct gitops_application *app = w->app;
	struct err *err;

	if (app->argocd)
		err = argocd_sync(app->argocd, app->ns, app->name,
				  KUBE_APPLICATION_MARK, w->rotation);
	else if (app->by_refresh)
		err = kube_application_refresh(app->kube, app->ns, a);
	else
		err = kube_application_sync(app->kube, app->ns, a, w->rotation);
	if (err)
		return put_up_with(w, err);
	w->failures = 0;
	w->asked = true;
	return NULL;
}

/*
 * What is said of sync and health when an operation ends is what was found
 * before it: Argo CD compares again later. It takes the word for a refresh away
 * when it has.
 */
static KR_FALLIBLE compare(struct waiting *w, const struct kube_application *a)
{
	const struct gitops_application *app = w->app;
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	struct err *err;

	if (app->argocd)
		err = argocd_get(app->argocd, app->ns, app->name, true, &tree);
	else
		err = kube_application_refresh(app->kube, app->ns, a);
	if (err)
		return put_up_with(w, err);
	w->failures = 0;
	w->compared = true;
	return NULL;
}

/* Begun, where nothing stands against it; true where it is over and good. */
static KR_FALLIBLE look(struct waiting *w, const struct kube_application *a,
			bool *out_done)
{
	const bool refresh = w->app->by_refresh && !w->app->argocd;
	const bool ours = is_ours(w, a);

	*out_done = false;
	if (is_busy(a) || a->refreshing)
		return NULL;
	if (!w->asked && (refresh || !ours))
		return ask(w, a);
	if (!refresh && ours && a->phase && strcmp(a->phase, "Succeeded") != 0)
		return err_set_reason(
			err_new(KR_EGATE,
				"the sync of Application %s ended as %s: its "
				"status says why",
				w->app->name,
				str_same(a->phase, "Failed") ? "Failed"
							     : "Error"),
			"SyncFailed");
	if (!refresh && !w->compared)
		return compare(w, a);
	/* Not ours any more: the next one followed, by self-heal perhaps. */
	*out_done = is_good(a);
	return NULL;
}

static const char *or_unknown(const char *word)
{
	return word && *word ? word : "unknown";
}

static KR_FALLIBLE too_late(const struct waiting *w,
			    const struct kube_application *a)
{
	return err_set_reason(
		err_new(KR_EGATE,
			"Application %s did not become Synced and Healthy in "
			"time: sync is %s, health is %s, the operation is %s",
			w->app->name, or_unknown(a->sync),
			or_unknown(a->health),
			a->pending ? "not begun" : or_unknown(a->phase)),
		"SyncTimeout");
}

static KR_FALLIBLE wait_for(struct waiting *w, int64_t deadline_ms,
			    struct kube_application **seen)
{
	int64_t pause_ms = POLL_FIRST_MS;
	bool done = false;

	for (;;) {
		struct kube_application *now = NULL;
		struct err *err = gitops_application_get(w->app, &now);

		if (!err) {
			kube_application_free(*seen);
			*seen = now;
			err = look(w, now, &done);
		} else {
			err = put_up_with(w, err);
		}
		if (err || done)
			return err;
		if (deadline_over(deadline_ms))
			return too_late(w, *seen);
		clock_sleep_ms(pause_ms);
		err = stop_check();
		if (err)
			return err;
		pause_ms = pause_ms * 2 < POLL_MS ? pause_ms * 2 : POLL_MS;
	}
}

KR_FALLIBLE gitops_sync(const struct gitops_application *app,
			const char *rotation, int64_t timeout_ms,
			bool *out_asked, struct kube_application **out_seen)
{
	struct waiting w = { .app = app, .rotation = rotation };
	struct kube_application *seen = NULL;
	struct err *err = wait_for(&w, deadline_in_ms(timeout_ms), &seen);

	*out_asked = w.asked;
	if (out_seen)
		*out_seen = seen;
	else
		kube_application_free(seen);
	return err;
}
