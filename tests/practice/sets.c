#include "controller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pods.h"

#define HASH_LABEL "controller-revision-hash"

static const char *pod_revision(const struct obj *pod)
{
	const char *text =
		json_text(pod->json, "metadata", "labels", HASH_LABEL);

	return text ? text : "";
}

static struct obj *pod_numbered(struct cluster *cl, const struct obj *set,
				long ordinal)
{
	char *name = xasprintf("%s-%ld", set->name, ordinal);
	struct obj *pod =
		store_find(cl, store_kind("v1", "Pod"), set->ns, name);

	free(name);
	return pod;
}

static void make_numbered(struct cluster *cl, struct obj *set, long ordinal,
			  const char *revision)
{
	const struct obj *from = revision_find(cl, set, revision);
	const cJSON *template = json_get(set->json, "spec", "template");
	cJSON *labels = cJSON_CreateObject();
	char *name = xasprintf("%s-%ld", set->name, ordinal);
	char index[24];

	if (from)
		template = json_get(from->json, "data", "spec", "template");
	snprintf(index, sizeof(index), "%ld", ordinal);
	json_put_text(labels, HASH_LABEL, revision);
	json_put_text(labels, "statefulset.kubernetes.io/pod-name", name);
	json_put_text(labels, "apps.kubernetes.io/pod-index", index);
	pod_create(cl, set, name, template, labels, NULL);
	cJSON_Delete(labels);
	free(name);
}

struct numbered {
	struct cluster *cl;
	struct obj *set;
	long want;
	long partition;
	bool rolling;
	bool parallel;
	const char *current;
	const char *update;
};

/* Makes what is missing, in order; true when all are there and ready. */
static bool fill(struct numbered *n)
{
	bool healthy = true;
	long i;

	for (i = 0; i < n->want; i++) {
		struct obj *pod = pod_numbered(n->cl, n->set, i);

		if (!pod)
			make_numbered(n->cl, n->set, i,
				      n->rolling && i < n->partition
					      ? n->current
					      : n->update);
		if (!pod || pod_terminating(pod) || !pod_ready(pod)) {
			healthy = false;
			if (!n->parallel)
				break;
		}
	}
	return healthy;
}

/* Removes those beyond the count, the highest first. */
static bool trim(struct numbered *n)
{
	struct obj_list pods =
		owned_list(n->cl, store_kind("v1", "Pod"), n->set);
	long highest = -1;
	size_t i;

	for (i = 0; i < pods.len; i++) {
		long ordinal =
			atol(pods.items[i]->name + strlen(n->set->name) + 1);

		if (ordinal > highest)
			highest = ordinal;
	}
	obj_list_release(&pods);
	if (highest < n->want)
		return true;
	pod_delete(n->cl, pod_numbered(n->cl, n->set, highest));
	return false;
}

/* Replaces one pod of another revision, from the highest down. */
static void replace_one(struct numbered *n)
{
	long i;

	for (i = n->want - 1; n->rolling && i >= n->partition; i--) {
		struct obj *pod = pod_numbered(n->cl, n->set, i);

		if (!pod || pod_terminating(pod))
			return;
		if (!str_eq(pod_revision(pod), n->update)) {
			pod_delete(n->cl, pod);
			return;
		}
		if (!pod_ready(pod))
			return;
	}
}

static void put_numbered(struct numbered *n)
{
	struct obj_list pods =
		owned_list(n->cl, store_kind("v1", "Pod"), n->set);
	cJSON *next = json_copy(n->set->json);
	cJSON *status = json_make(next, "status");
	long live = 0, ready = 0, updated = 0, current = 0;
	size_t i;

	for (i = 0; i < pods.len; i++) {
		const struct obj *pod = pods.items[i];

		live++;
		ready += pod_ready(pod) && !pod_terminating(pod);
		updated += !pod_terminating(pod) &&
			   str_eq(pod_revision(pod), n->update);
		current += !pod_terminating(pod) &&
			   str_eq(pod_revision(pod), n->current);
	}
	obj_list_release(&pods);
	if (n->rolling && updated == live && ready == live && live == n->want) {
		n->current = n->update;
		current = updated;
	}
	json_put_long(status, "observedGeneration",
		      json_long(next, 0, "metadata", "generation"));
	json_put_long(status, "replicas", live);
	count_put(status, "readyReplicas", ready);
	json_put_long(status, "availableReplicas", ready);
	count_put(status, "updatedReplicas", updated);
	count_put(status, "currentReplicas", current);
	json_put_text(status, "currentRevision", n->current);
	json_put_text(status, "updateRevision", n->update);
	json_put_long(status, "collisionCount", 0);
	controller_put(n->cl, n->set, next);
}

void statefulset_sync(struct cluster *cl, struct obj *obj)
{
	const cJSON *spec = json_get(obj->json, "spec");
	const cJSON *strategy = json_get(spec, "updateStrategy");
	const char *current = json_text(obj->json, "status", "currentRevision");
	struct numbered n = {
		.cl = cl,
		.set = obj,
		.want = json_long(spec, 1, "replicas"),
		.partition =
			json_long(strategy, 0, "rollingUpdate", "partition"),
		.rolling = !str_eq(json_text(strategy, "type"), "OnDelete"),
		.parallel = str_eq(json_text(spec, "podManagementPolicy"),
				   "Parallel"),
		.update = revision_of(cl, obj),
	};

	n.current = current ? current : n.update;
	if (trim(&n) && fill(&n))
		replace_one(&n);
	put_numbered(&n);
}

enum { NODES = 3 };

static bool on_node(const struct obj *pod, const char *node)
{
	return str_eq(json_text(pod->json, "spec", "nodeName"), node);
}

/* One pod a node; at most max_unavailable of them are being replaced. */
static void spread_pods(struct cluster *cl, struct obj *set,
			const char *revision, bool rolling, long budget)
{
	struct obj_list pods = owned_list(cl, store_kind("v1", "Pod"), set);
	const char *count =
		json_text(set->json, "metadata", "annotations",
			  "deprecated.daemonset.template.generation");
	cJSON *labels = cJSON_CreateObject();
	size_t i, node;

	json_put_text(labels, HASH_LABEL, revision);
	if (count)
		json_put_text(labels, "pod-template-generation", count);
	for (i = 0; i < pods.len; i++)
		budget -= pod_terminating(pods.items[i]) ||
			  !pod_ready(pods.items[i]);
	for (node = 0; node < NODES; node++) {
		struct obj *have = NULL;
		char node_name[16], tail[8];
		char *name;

		snprintf(node_name, sizeof(node_name), "node-%zu", node);
		for (i = 0; i < pods.len; i++)
			if (on_node(pods.items[i], node_name))
				have = pods.items[i];
		if (have && rolling && !pod_terminating(have) &&
		    !str_eq(pod_revision(have), revision) &&
		    (budget > 0 || !pod_ready(have))) {
			budget -= pod_ready(have);
			pod_delete(cl, have);
		}
		if (have)
			continue;
		budget--;
		suffix_make(tail, 5);
		name = xasprintf("%s-%s", set->name, tail);
		pod_create(cl, set, name,
			   json_get(set->json, "spec", "template"), labels,
			   node_name);
		free(name);
	}
	cJSON_Delete(labels);
	obj_list_release(&pods);
}

static void put_spread(struct cluster *cl, struct obj *set,
		       const char *revision)
{
	struct obj_list pods = owned_list(cl, store_kind("v1", "Pod"), set);
	cJSON *next = json_copy(set->json);
	cJSON *status = json_make(next, "status");
	long scheduled = 0, ready = 0, updated = 0;
	size_t i;

	for (i = 0; i < pods.len; i++) {
		if (pod_terminating(pods.items[i]))
			continue;
		scheduled++;
		ready += pod_ready(pods.items[i]);
		updated += str_eq(pod_revision(pods.items[i]), revision);
	}
	obj_list_release(&pods);
	json_put_long(status, "observedGeneration",
		      json_long(next, 0, "metadata", "generation"));
	json_put_long(status, "desiredNumberScheduled", NODES);
	json_put_long(status, "currentNumberScheduled", scheduled);
	json_put_long(status, "numberMisscheduled", 0);
	json_put_long(status, "numberReady", ready);
	count_put(status, "numberAvailable", ready);
	count_put(status, "numberUnavailable", NODES - ready);
	count_put(status, "updatedNumberScheduled", updated);
	controller_put(cl, set, next);
}

void daemonset_sync(struct cluster *cl, struct obj *obj)
{
	const cJSON *strategy = json_get(obj->json, "spec", "updateStrategy");
	const char *revision = revision_of(cl, obj);
	const char *hash = strrchr(revision, '-') + 1;
	bool rolling = !str_eq(json_text(strategy, "type"), "OnDelete");
	long budget = percent_of(
		json_get(strategy, "rollingUpdate", "maxUnavailable"), NODES,
		true);

	spread_pods(cl, obj, hash, rolling, budget);
	put_spread(cl, obj, hash);
}
