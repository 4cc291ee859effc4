#include "deployment.h"

#include <stdlib.h>

#include "controller.h"

bool roll_complete(const struct roll *roll)
{
	return roll->now &&
	       roll_status(roll->now, "replicas") == roll->desired &&
	       roll_sum_status(roll, "replicas") == roll->desired &&
	       roll_sum_status(roll, "availableReplicas") == roll->desired;
}

/* Seconds since the condition last moved. */
static long progress_age(const cJSON *status, const char **out_reason)
{
	const cJSON *at;
	time_t then;

	*out_reason = "";
	cJSON_ArrayForEach (at, json_get(status, "conditions")) {
		if (!str_eq(json_text(at, "type"), "Progressing"))
			continue;
		*out_reason = json_text(at, "reason");
		if (time_parse(json_text(at, "lastUpdateTime"), &then))
			return (long)(time(NULL) - then);
	}
	return 0;
}

static void set_progress(struct roll *roll, cJSON *status, bool moved)
{
	long deadline = json_long(roll->obj->json, 600, "spec",
				  "progressDeadlineSeconds");
	const char *set = roll->now ? roll->now->name : roll->obj->name;
	const char *reason;
	long age = progress_age(status, &reason);
	char *message;

	if (deadline == INT32_MAX)
		return;
	if (roll_complete(roll)) {
		message = xasprintf("ReplicaSet \"%s\" has successfully "
				    "progressed.",
				    set);
		condition_set(status, "Progressing", true,
			      "NewReplicaSetAvailable", message);
	} else if (moved) {
		message = xasprintf("ReplicaSet \"%s\" is progressing.", set);
		condition_set(status, "Progressing", true, "ReplicaSetUpdated",
			      message);
	} else if (age >= deadline &&
		   !str_eq(reason, "NewReplicaSetAvailable")) {
		message = xasprintf("ReplicaSet \"%s\" has timed out "
				    "progressing.",
				    set);
		condition_set(status, "Progressing", false,
			      "ProgressDeadlineExceeded", message);
	} else {
		message = NULL;
		controller_later(roll->cl, roll->obj, 250);
	}
	free(message);
}

/* What a ReplicaSet could not do is said by the Deployment too. */
static void copy_failure(const struct roll *roll, cJSON *status)
{
	const cJSON *at;

	if (!roll->now || !condition_true(roll->now->json, "ReplicaFailure")) {
		condition_drop(status, "ReplicaFailure");
		return;
	}
	cJSON_ArrayForEach (at,
			    json_get(roll->now->json, "status", "conditions"))
		if (str_eq(json_text(at, "type"), "ReplicaFailure"))
			condition_set(status, "ReplicaFailure", true,
				      json_text(at, "reason"),
				      json_text(at, "message"));
}

void roll_put_status(struct roll *roll)
{
	cJSON *next = json_copy(roll->obj->json);
	cJSON *status = json_make(next, "status");
	long available = roll_sum_status(roll, "availableReplicas");
	long ready = roll_sum_status(roll, "readyReplicas");
	long updated = roll->now ? roll_status(roll->now, "replicas") : 0;
	bool enough = available >= roll->desired - roll->unavailable;
	bool moved = updated != json_long(status, 0, "updatedReplicas") ||
		     ready > json_long(status, 0, "readyReplicas") ||
		     available > json_long(status, 0, "availableReplicas") ||
		     roll_sum_status(roll, "replicas") - updated <
			     json_long(status, 0, "replicas") -
				     json_long(status, 0, "updatedReplicas");

	json_put_long(status, "observedGeneration",
		      json_long(next, 0, "metadata", "generation"));
	if (!json_true(json_get(next, "spec", "paused")))
		set_progress(roll, status, moved);
	count_put(status, "replicas", roll_sum_status(roll, "replicas"));
	count_put(status, "updatedReplicas", updated);
	count_put(status, "readyReplicas", ready);
	count_put(status, "availableReplicas", available);
	count_put(status, "unavailableReplicas",
		  roll_sum_specs(roll) > available
			  ? roll_sum_specs(roll) - available
			  : 0);
	json_put_long(status, "terminatingReplicas",
		      roll_sum_status(roll, "terminatingReplicas"));
	copy_failure(roll, status);
	condition_set(status, "Available", enough,
		      enough ? "MinimumReplicasAvailable"
			     : "MinimumReplicasUnavailable",
		      enough ? "Deployment has minimum availability."
			     : "Deployment does not have minimum "
			       "availability.");
	roll->obj = controller_put(roll->cl, roll->obj, next);
}
