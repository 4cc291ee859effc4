#include "controller.h"

#include <stdlib.h>

#include "pods.h"
#include "quota.h"

struct tally {
	long live;
	long ready;
	long available;
	long terminating;
};

static struct tally count_pods(const struct obj_list *pods, long min_ready_s)
{
	struct tally tally = { 0 };
	size_t i;

	for (i = 0; i < pods->len; i++) {
		const struct obj *pod = pods->items[i];

		if (pod_terminating(pod)) {
			tally.terminating++;
			continue;
		}
		if (pod_finished(pod))
			continue;
		tally.live++;
		tally.ready += pod_ready(pod);
		tally.available += pod_available(pod, min_ready_s);
	}
	return tally;
}

/* The pod to delete first: not ready before ready, then the youngest. */
static struct obj *victim(const struct obj_list *pods)
{
	struct obj *worst = NULL;
	size_t i;

	for (i = 0; i < pods->len; i++) {
		struct obj *pod = pods->items[i];

		if (!pod || pod_terminating(pod) || pod_finished(pod))
			continue;
		if (!worst || (pod_ready(worst) && !pod_ready(pod)) ||
		    (pod_ready(worst) == pod_ready(pod) && pod->rv > worst->rv))
			worst = pod;
	}
	return worst;
}

/* Returns why a pod could not be made, to be freed; NULL if all were. */
static char *scale_up(struct cluster *cl, const struct obj *set, long missing)
{
	const struct kind *kind = store_kind("v1", "Pod");
	const cJSON *template = json_get(set->json, "spec", "template");

	while (missing-- > 0) {
		char tail[8];
		char *name, *refusal;

		suffix_make(tail, 5);
		name = xasprintf("%s-%s", set->name, tail);
		refusal = quota_refusal(cl, kind, set->ns, name);
		if (!refusal)
			pod_create(cl, set, name, template, NULL, NULL);
		free(name);
		if (refusal)
			return refusal;
	}
	return NULL;
}

static void scale_down(struct cluster *cl, const struct obj_list *pods,
		       long excess)
{
	while (excess-- > 0) {
		struct obj *pod = victim(pods);
		size_t i;

		if (!pod)
			return;
		pod_delete(cl, pod);
		for (i = 0; i < pods->len; i++)
			if (pods->items[i] == pod)
				pods->items[i] = NULL;
	}
}

static void put_status(struct cluster *cl, struct obj *set,
		       const struct tally *tally, const char *failure)
{
	cJSON *next = json_copy(set->json);
	cJSON *status = json_make(next, "status");
	cJSON *at;

	json_put_long(status, "replicas", tally->live);
	count_put(status, "fullyLabeledReplicas", tally->live);
	count_put(status, "readyReplicas", tally->ready);
	count_put(status, "availableReplicas", tally->available);
	json_put_long(status, "terminatingReplicas", tally->terminating);
	json_put_long(status, "observedGeneration",
		      json_long(next, 0, "metadata", "generation"));
	/* The message names a pod: the first one stays. */
	if (!failure)
		condition_drop(status, "ReplicaFailure");
	else if (!condition_true(set->json, "ReplicaFailure"))
		condition_set(status, "ReplicaFailure", true, "FailedCreate",
			      failure);
	/* A ReplicaSet's conditions have no such time. */
	cJSON_ArrayForEach (at, json_get(status, "conditions"))
		json_del(at, "lastUpdateTime");
	controller_put(cl, set, next);
}

void replicaset_sync(struct cluster *cl, struct obj *obj)
{
	const struct kind *kind = store_kind("v1", "Pod");
	struct obj_list pods = owned_list(cl, kind, obj);
	long want = json_long(obj->json, 1, "spec", "replicas");
	long min_ready = json_long(obj->json, 0, "spec", "minReadySeconds");
	struct tally tally = count_pods(&pods, min_ready);
	char *failure = NULL;

	if (tally.live < want)
		failure = scale_up(cl, obj, want - tally.live);
	else if (tally.live > want)
		scale_down(cl, &pods, tally.live - want);
	obj_list_release(&pods);
	pods = owned_list(cl, kind, obj);
	tally = count_pods(&pods, min_ready);
	obj_list_release(&pods);
	if (failure && !condition_true(obj->json, "ReplicaFailure"))
		event_record(cl, obj, "Warning", "FailedCreate", failure,
			     "replicaset-controller");
	put_status(cl, obj, &tally, failure);
	if (failure)
		controller_later(cl, obj, 500);
	free(failure);
	if (tally.ready > tally.available)
		controller_later(cl, obj, 250);
}
