#include "controller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "deployment.h"

#define REVISION "deployment.kubernetes.io/revision"

static long replicas_of(const struct obj *set)
{
	return json_long(set->json, 0, "spec", "replicas");
}

long roll_status(const struct obj *set, const char *name)
{
	return json_long(set->json, 0, "status", name);
}

long roll_sum_specs(const struct roll *roll)
{
	long sum = 0;
	size_t i;

	for (i = 0; i < roll->sets.len; i++)
		sum += replicas_of(roll->sets.items[i]);
	return sum;
}

long roll_sum_status(const struct roll *roll, const char *name)
{
	long sum = 0;
	size_t i;

	for (i = 0; i < roll->sets.len; i++)
		sum += roll_status(roll->sets.items[i], name);
	return sum;
}

static long revision_number(const struct obj *obj)
{
	const char *text =
		json_text(obj->json, "metadata", "annotations", REVISION);

	return text ? atol(text) : 0;
}

static bool same_template(const struct obj *set, const cJSON *template)
{
	cJSON *have = json_copy(json_get(set->json, "spec", "template"));
	bool same;

	json_del(json_get(have, "metadata", "labels"), "pod-template-hash");
	same = json_same(have, template);
	cJSON_Delete(have);
	return same;
}

static void find_sets(struct roll *roll)
{
	const cJSON *template = json_get(roll->obj->json, "spec", "template");
	size_t i;

	obj_list_release(&roll->sets);
	roll->sets = owned_list(roll->cl, store_kind("apps/v1", "ReplicaSet"),
				roll->obj);
	roll->now = NULL;
	for (i = 0; i < roll->sets.len; i++)
		if (same_template(roll->sets.items[i], template))
			roll->now = roll->sets.items[i];
}

/* What a ReplicaSet takes over from its Deployment, and the sizes. */
static void put_notes(const struct roll *roll, cJSON *set, bool current)
{
	static const char *const own[] = {
		"kubectl.kubernetes.io/last-applied-configuration", REVISION
	};
	cJSON *notes = json_make(set, "metadata", "annotations");
	const cJSON *at;
	char text[24];

	cJSON_ArrayForEach (
		at, json_get(roll->obj->json, "metadata", "annotations"))
		if (current && !str_eq(at->string, own[0]) &&
		    !str_eq(at->string, own[1]))
			json_put(notes, at->string, json_copy(at));
	snprintf(text, sizeof(text), "%ld", roll->desired);
	json_put_text(notes, "deployment.kubernetes.io/desired-replicas", text);
	snprintf(text, sizeof(text), "%ld", roll->desired + roll->surge);
	json_put_text(notes, "deployment.kubernetes.io/max-replicas", text);
}

static struct obj *set_replicas(struct roll *roll, struct obj *set, long count)
{
	cJSON *next;

	if (replicas_of(set) == count)
		return set;
	next = json_copy(set->json);
	put_notes(roll, next, false);
	json_put_long(json_make(next, "spec"), "replicas", count);
	json_put_long(json_make(next, "metadata"), "generation",
		      json_long(next, 0, "metadata", "generation") + 1);
	return controller_put(roll->cl, set, next);
}

static void put_revision(cJSON *object, long revision)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", revision);
	json_put_text(json_make(object, "metadata", "annotations"), REVISION,
		      text);
}

/* Notes the revision and the new ReplicaSet, before observedGeneration. */
static void announce(struct roll *roll, long revision, const char *reason,
		     const char *verb)
{
	cJSON *next = json_copy(roll->obj->json);
	char *message =
		xasprintf("%s new replica set \"%s\"", verb, roll->now->name);

	put_revision(next, revision);
	condition_set(json_make(next, "status"), "Progressing", true, reason,
		      message);
	roll->obj = controller_put(roll->cl, roll->obj, next);
	free(message);
}

/* How many pods a new ReplicaSet may have at once. */
static long first_size(const struct roll *roll)
{
	const char *type =
		json_text(roll->obj->json, "spec", "strategy", "type");
	long room = roll->desired + roll->surge - roll_sum_specs(roll);

	if (str_eq(type, "Recreate"))
		room = roll->desired;
	if (room < 0)
		return 0;
	return room < roll->desired ? room : roll->desired;
}

static cJSON *set_new(const struct roll *roll, const char *hash, long revision)
{
	const cJSON *spec = json_get(roll->obj->json, "spec");
	cJSON *set = cJSON_CreateObject();
	cJSON *to = json_make(set, "spec");
	const cJSON *seconds = json_get(spec, "minReadySeconds");
	const char *key = "pod-template-hash";

	json_put_long(to, "replicas", first_size(roll));
	if (seconds)
		json_put(to, "minReadySeconds", json_copy(seconds));
	json_put(to, "selector", json_copy(json_get(spec, "selector")));
	json_put_text(json_make(to, "selector", "matchLabels"), key, hash);
	json_put(to, "template", json_copy(json_get(spec, "template")));
	json_put_text(json_make(to, "template", "metadata", "labels"), key,
		      hash);
	json_put(json_make(set, "metadata"), "labels",
		 json_copy(json_get(to, "template", "metadata", "labels")));
	put_notes(roll, set, true);
	put_revision(set, revision);
	return set;
}

/* Makes the ReplicaSet of the current template, or renews an old one. */
static void ensure_set(struct roll *roll)
{
	long last = 0;
	size_t i;
	char hash[11];
	char *name;

	for (i = 0; i < roll->sets.len; i++)
		if (roll->sets.items[i] != roll->now &&
		    revision_number(roll->sets.items[i]) > last)
			last = revision_number(roll->sets.items[i]);
	if (roll->now) {
		cJSON *notes = json_copy(roll->now->json);

		put_notes(roll, notes, true);
		roll->now = controller_put(roll->cl, roll->now, notes);
		if (revision_number(roll->now) <= last) {
			cJSON *next = json_copy(roll->now->json);

			put_revision(next, last + 1);
			roll->now = controller_put(roll->cl, roll->now, next);
			announce(roll, last + 1, "FoundNewReplicaSet", "Found");
		}
		return;
	}
	template_hash(json_get(roll->obj->json, "spec", "template"), hash);
	name = xasprintf("%s-%s", roll->obj->name, hash);
	roll->now = controller_create(
		roll->cl, store_kind("apps/v1", "ReplicaSet"), roll->obj, name,
		set_new(roll, hash, last + 1));
	free(name);
	announce(roll, last + 1, "NewReplicaSetCreated", "Created");
}

static void grow(struct roll *roll)
{
	long room = roll->desired + roll->surge - roll_sum_specs(roll);
	long have = replicas_of(roll->now);
	long want = roll->desired - have;

	if (have > roll->desired)
		set_replicas(roll, roll->now, roll->desired);
	else if (want > 0 && room > 0)
		set_replicas(roll, roll->now,
			     have + (want < room ? want : room));
	find_sets(roll);
}

/* Takes away old replicas: first those that are not available anyway. */
static void shrink_old(struct roll *roll)
{
	long floor = roll->desired - roll->unavailable;
	long waiting = replicas_of(roll->now) -
		       roll_status(roll->now, "availableReplicas");
	long budget = roll_sum_specs(roll) - floor - waiting;
	long available;
	size_t i;

	for (i = 0; i < roll->sets.len && budget > 0; i++) {
		struct obj *set = roll->sets.items[i];
		long sick = replicas_of(set) -
			    roll_status(set, "availableReplicas");

		if (set == roll->now || sick <= 0)
			continue;
		if (sick > budget)
			sick = budget;
		budget -= sick;
		roll->sets.items[i] =
			set_replicas(roll, set, replicas_of(set) - sick);
	}
	available = roll_sum_status(roll, "availableReplicas") - floor;
	for (i = 0; i < roll->sets.len && available > 0 && budget > 0; i++) {
		struct obj *set = roll->sets.items[i];
		long cut = replicas_of(set);

		if (set == roll->now || cut <= 0)
			continue;
		if (cut > available)
			cut = available;
		available -= cut;
		roll->sets.items[i] =
			set_replicas(roll, set, replicas_of(set) - cut);
	}
	find_sets(roll);
}

/* Old pods, terminating ones included. */
static bool old_pods_left(struct roll *roll)
{
	bool left = false;
	size_t i;

	for (i = 0; i < roll->sets.len && !left; i++) {
		struct obj_list pods;

		if (roll->sets.items[i] == roll->now)
			continue;
		pods = owned_list(roll->cl, store_kind("v1", "Pod"),
				  roll->sets.items[i]);
		left = pods.len > 0;
		obj_list_release(&pods);
	}
	return left;
}

static void recreate(struct roll *roll)
{
	size_t i;

	for (i = 0; i < roll->sets.len; i++)
		if (roll->sets.items[i] != roll->now)
			set_replicas(roll, roll->sets.items[i], 0);
	find_sets(roll);
	if (!old_pods_left(roll))
		ensure_set(roll);
	find_sets(roll);
	if (roll->now && !old_pods_left(roll))
		set_replicas(roll, roll->now, roll->desired);
	find_sets(roll);
}

/* Old, empty ReplicaSets beyond the history limit. */
static void forget_sets(struct roll *roll)
{
	long limit =
		json_long(roll->obj->json, 10, "spec", "revisionHistoryLimit");
	size_t i;

	while ((long)roll->sets.len - (roll->now ? 1 : 0) > limit) {
		struct obj *oldest = NULL;

		for (i = 0; i < roll->sets.len; i++) {
			struct obj *set = roll->sets.items[i];

			if (set != roll->now && !replicas_of(set) &&
			    !roll_status(set, "replicas") &&
			    (!oldest ||
			     revision_number(set) < revision_number(oldest)))
				oldest = set;
		}
		if (!oldest)
			return;
		object_remove(roll->cl, oldest, false);
		find_sets(roll);
	}
}

static void read_strategy(struct roll *roll)
{
	const cJSON *spec = json_get(roll->obj->json, "spec");
	const cJSON *rolling = json_get(spec, "strategy", "rollingUpdate");

	roll->desired = json_long(spec, 1, "replicas");
	roll->surge =
		percent_of(json_get(rolling, "maxSurge"), roll->desired, true);
	roll->unavailable = percent_of(json_get(rolling, "maxUnavailable"),
				       roll->desired, false);
	if (!roll->surge && !roll->unavailable)
		roll->unavailable = 1;
}

void deployment_sync(struct cluster *cl, struct obj *obj)
{
	struct roll roll = { .cl = cl, .obj = obj };
	const cJSON *spec = json_get(obj->json, "spec");

	read_strategy(&roll);
	find_sets(&roll);
	if (json_true(json_get(spec, "paused"))) {
		if (roll.now)
			set_replicas(&roll, roll.now, roll.desired);
		find_sets(&roll);
	} else if (str_eq(json_text(spec, "strategy", "type"), "Recreate")) {
		recreate(&roll);
	} else {
		ensure_set(&roll);
		find_sets(&roll);
		grow(&roll);
		shrink_old(&roll);
	}
	if (roll_complete(&roll))
		forget_sets(&roll);
	roll_put_status(&roll);
	obj_list_release(&roll.sets);
}
