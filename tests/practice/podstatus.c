#include "podstatus.h"

#include <stdio.h>
#include <stdlib.h>

void pod_add_condition(cJSON *list, const char *type, bool value,
		       const char *reason, const char *message)
{
	cJSON *condition = cJSON_CreateObject();
	char now[TIME_LEN];

	time_seconds(now);
	json_put_text(condition, "type", type);
	json_put_text(condition, "status", value ? "True" : "False");
	json_put(condition, "lastProbeTime", cJSON_CreateNull());
	json_put_text(condition, "lastTransitionTime", now);
	if (reason)
		json_put_text(condition, "reason", reason);
	if (message)
		json_put_text(condition, "message", message);
	cJSON_AddItemToArray(list, condition);
}

void pod_set_conditions(cJSON *status, bool ready, const char *reason)
{
	cJSON *list = cJSON_CreateArray();
	const char *why = ready ? NULL : reason;

	pod_add_condition(list, "PodReadyToStartContainers", true, NULL, NULL);
	pod_add_condition(list, "Initialized", true, NULL, NULL);
	pod_add_condition(list, "Ready", ready, why,
			  ready ? NULL : "containers with unready status");
	pod_add_condition(list, "ContainersReady", ready, why, NULL);
	pod_add_condition(list, "PodScheduled", true, NULL, NULL);
	json_put(status, "conditions", list);
}

void pod_set_address(cJSON *status, const struct pod_run *run)
{
	unsigned sum = 0;
	const char *at;
	char ip[20];
	cJSON *row = cJSON_CreateObject();

	for (at = run->name; *at; at++)
		sum = sum * 31 + (unsigned char)*at;
	snprintf(ip, sizeof(ip), "10.0.%u.%u", sum / 250 % 250, sum % 250 + 1);
	json_put_text(status, "hostIP", "127.0.0.1");
	json_put_text(status, "podIP", ip);
	json_put_text(row, "ip", ip);
	json_del(status, "podIPs");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(status, "podIPs"), row);
}

/* {"waiting":{"reason":…}}, or with started and finished times. */
cJSON *pod_state(const char *state, const char *reason, const char *message,
		 int exit_code)
{
	cJSON *out = cJSON_CreateObject();
	cJSON *body = json_make(out, state);
	char now[TIME_LEN];

	time_seconds(now);
	if (str_eq(state, "running")) {
		json_put_text(body, "startedAt", now);
		return out;
	}
	if (str_eq(state, "terminated")) {
		json_put_long(body, "exitCode", exit_code);
		json_put_text(body, "startedAt", now);
		json_put_text(body, "finishedAt", now);
	}
	json_put_text(body, "reason", reason);
	if (message)
		json_put_text(body, "message", message);
	return out;
}

/* One status row per container; consumes take_state and take_last. */
void pod_set_containers(cJSON *status, const struct obj *pod,
			const struct pod_run *run, bool ready, bool started,
			cJSON *take_state, cJSON *take_last)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *at;

	cJSON_ArrayForEach (at, json_get(pod->json, "spec", "containers")) {
		cJSON *row = cJSON_CreateObject();
		const char *image = json_text(at, "image");

		json_put_text(row, "name", json_text(at, "name"));
		json_put(row, "state", json_copy(take_state));
		json_put(row, "lastState",
			 take_last ? json_copy(take_last)
				   : cJSON_CreateObject());
		json_put_bool(row, "ready", ready);
		json_put_long(row, "restartCount", run->restarts);
		json_put_text(row, "image", image ? image : "");
		json_put_text(row, "imageID", "");
		if (started)
			json_put_text(row, "containerID",
				      "containerd://practice");
		json_put_bool(row, "started", started);
		cJSON_AddItemToArray(list, row);
	}
	json_put(status, "containerStatuses", list);
	cJSON_Delete(take_state);
	cJSON_Delete(take_last);
}
