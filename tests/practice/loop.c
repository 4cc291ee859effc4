#include "controller.h"

#include <stdlib.h>
#include <string.h>

#include "kubelet.h"
#include "pods.h"
#include "settings.h"

/* A workload to look at, once or later. */
struct work {
	const struct kind *kind;
	char *ns;
	char *name;
	int64_t due_ms;
	struct work *next;
};

struct controller {
	struct work *queue;
};

struct settings settings = { .pod_ms = 300,
			     .stop_ms = 150,
			     .bookmark_ms = 60000 };

static pthread_mutex_t wake_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake_cond;
static bool wake_pending;

static struct {
	struct cluster *items;
	size_t len;
} clusters;

void controller_wake(void)
{
	pthread_mutex_lock(&wake_lock);
	wake_pending = true;
	pthread_cond_signal(&wake_cond);
	pthread_mutex_unlock(&wake_lock);
}

static void enqueue(struct cluster *cl, const struct obj *obj, int64_t due_ms)
{
	struct work **at, *work;

	if (!cl->controller)
		cl->controller = xcalloc(1, sizeof(*cl->controller));
	for (at = &cl->controller->queue; *at; at = &(*at)->next) {
		work = *at;
		if (work->kind != obj->kind || !str_eq(work->name, obj->name) ||
		    !str_eq(work->ns, obj->ns))
			continue;
		if (due_ms < work->due_ms)
			work->due_ms = due_ms;
		return;
	}
	work = xcalloc(1, sizeof(*work));
	work->kind = obj->kind;
	work->ns = xstrdup(obj->ns);
	work->name = xstrdup(obj->name);
	work->due_ms = due_ms;
	*at = work;
}

static bool controlled(const struct kind *kind)
{
	return (kind->flags & KIND_WORKLOAD) ||
	       kind_is(kind, "PodDisruptionBudget");
}

static void touch_budgets(struct cluster *cl, const char *ns)
{
	size_t count, i;
	size_t first = store_range(
		cl, store_kind("policy/v1", "PodDisruptionBudget"), ns, &count);

	for (i = first; i < first + count; i++)
		enqueue(cl, cl->objs[i], 0);
}

void controller_touch(struct cluster *cl, const struct obj *obj,
		      enum event_type type)
{
	const struct obj *owner = owner_of(cl, obj);

	if (type != EVENT_DELETED && controlled(obj->kind))
		enqueue(cl, obj, 0);
	if (owner && controlled(owner->kind))
		enqueue(cl, owner, 0);
	if (kind_is(obj->kind, "Pod"))
		touch_budgets(cl, obj->ns);
	if (!cl->instant)
		controller_wake();
}

void controller_later(struct cluster *cl, const struct obj *obj, int64_t ms)
{
	enqueue(cl, obj, now_ms() + ms);
}

static void work_free(struct work *work)
{
	free(work->ns);
	free(work->name);
	free(work);
}

void controller_clear(struct cluster *cl)
{
	while (cl->controller && cl->controller->queue) {
		struct work *work = cl->controller->queue;

		cl->controller->queue = work->next;
		work_free(work);
	}
}

static void sync_one(struct cluster *cl, struct obj *obj)
{
	if (kind_is(obj->kind, "Deployment"))
		deployment_sync(cl, obj);
	else if (kind_is(obj->kind, "ReplicaSet"))
		replicaset_sync(cl, obj);
	else if (kind_is(obj->kind, "StatefulSet"))
		statefulset_sync(cl, obj);
	else if (kind_is(obj->kind, "DaemonSet"))
		daemonset_sync(cl, obj);
	else if (kind_is(obj->kind, "Job"))
		job_sync(cl, obj);
	else if (kind_is(obj->kind, "PodDisruptionBudget"))
		budget_sync(cl, obj);
}

/* The first work that is due, taken out of the queue; or NULL. */
static struct work *take_due(struct cluster *cl, int64_t now, int64_t *next)
{
	struct work **at = cl->controller ? &cl->controller->queue : NULL;

	for (; at && *at; at = &(*at)->next) {
		struct work *work = *at;

		if (work->due_ms <= now) {
			*at = work->next;
			return work;
		}
		if (work->due_ms < *next)
			*next = work->due_ms;
	}
	return NULL;
}

int64_t controller_work(struct cluster *cl)
{
	int64_t next, pods;
	struct work *work;

	do {
		int64_t now = now_ms();

		pods = kubelet_tick(cl, now);
		next = INT64_MAX;
		work = take_due(cl, now, &next);
		if (work) {
			struct obj *obj = store_find(cl, work->kind, work->ns,
						     work->name);

			if (obj)
				sync_one(cl, obj);
			work_free(work);
		}
	} while (work || pods <= now_ms());
	return pods < next ? pods : next;
}

void controller_settle(struct cluster *cl)
{
	cl->instant = true;
	controller_work(cl);
	cl->instant = false;
}

static void *loop(void *unused)
{
	(void)unused;
	for (;;) {
		int64_t next = now_ms() + 1000;
		struct timespec until;
		size_t i;

		for (i = 0; i < clusters.len; i++) {
			struct cluster *cl = &clusters.items[i];
			int64_t due;

			pthread_mutex_lock(&cl->lock);
			due = controller_work(cl);
			pthread_mutex_unlock(&cl->lock);
			if (due < next)
				next = due;
		}
		until.tv_sec = next / 1000;
		until.tv_nsec = (next % 1000) * 1000000;
		pthread_mutex_lock(&wake_lock);
		if (!wake_pending)
			pthread_cond_timedwait(&wake_cond, &wake_lock, &until);
		wake_pending = false;
		pthread_mutex_unlock(&wake_lock);
	}
	return NULL;
}

void controller_start(struct cluster *items, size_t count)
{
	pthread_condattr_t attr;
	pthread_t thread;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&wake_cond, &attr);
	clusters.items = items;
	clusters.len = count;
	if (pthread_create(&thread, NULL, loop, NULL) != 0)
		die("no thread");
	pthread_detach(thread);
}
