#include "controller.h"

#include <stdlib.h>

#include "pods.h"
#include "selector.h"

static bool job_over(const struct obj *job)
{
	return condition_true(job->json, "Complete") ||
	       condition_true(job->json, "Failed");
}

static void job_pod(struct cluster *cl, struct obj *job)
{
	cJSON *labels = cJSON_CreateObject();
	char tail[8];
	char *name;

	suffix_make(tail, 5);
	name = xasprintf("%s-%s", job->name, tail);
	json_put_text(labels, "job-name", job->name);
	json_put_text(labels, "batch.kubernetes.io/job-name", job->name);
	pod_create(cl, job, name, json_get(job->json, "spec", "template"),
		   labels, NULL);
	cJSON_Delete(labels);
	free(name);
}

void job_sync(struct cluster *cl, struct obj *obj)
{
	struct obj_list pods = owned_list(cl, store_kind("v1", "Pod"), obj);
	cJSON *next = json_copy(obj->json);
	cJSON *status = json_make(next, "status");
	long want = json_long(obj->json, 1, "spec", "completions");
	long limit = json_long(obj->json, 6, "spec", "backoffLimit");
	long active = 0, done = 0, failed = 0, ready = 0;
	bool idle = json_true(json_get(obj->json, "spec", "suspend")) ||
		    job_over(obj);
	char now[TIME_LEN];
	size_t i;

	time_seconds(now);
	for (i = 0; i < pods.len; i++) {
		const char *phase =
			json_text(pods.items[i]->json, "status", "phase");

		done += str_eq(phase, "Succeeded");
		failed += str_eq(phase, "Failed");
		active += !pod_finished(pods.items[i]);
		ready += pod_ready(pods.items[i]);
	}
	obj_list_release(&pods);
	if (!idle && failed > limit) {
		condition_set(status, "Failed", true, "BackoffLimitExceeded",
			      "Job has reached the specified backoff limit");
	} else if (!idle && done >= want) {
		condition_set(status, "Complete", true, "CompletionsReached",
			      "Reached expected number of succeeded pods");
		json_put_text(status, "completionTime", now);
	} else if (!idle && active == 0) {
		job_pod(cl, obj);
		active++;
	}
	if (!json_get(status, "startTime"))
		json_put_text(status, "startTime", now);
	count_put(status, "active", active);
	count_put(status, "succeeded", done);
	count_put(status, "failed", failed);
	json_put_long(status, "ready", ready);
	controller_put(cl, obj, next);
}

void budget_sync(struct cluster *cl, struct obj *obj)
{
	const cJSON *spec = json_get(obj->json, "spec");
	const cJSON *most = json_get(spec, "maxUnavailable");
	long expected = 0, healthy = 0, wanted;
	size_t count, i;
	size_t first =
		store_range(cl, store_kind("v1", "Pod"), obj->ns, &count);
	cJSON *next, *status;

	for (i = first; i < first + count; i++) {
		const struct obj *pod = cl->objs[i];

		if (pod_terminating(pod) ||
		    !selector_match_labels(
			    json_get(spec, "selector"),
			    json_get(pod->json, "metadata", "labels")))
			continue;
		expected++;
		healthy += pod_ready(pod);
	}
	wanted = most ? expected - percent_of(most, expected, true)
		      : percent_of(json_get(spec, "minAvailable"), expected,
				   true);
	next = json_copy(obj->json);
	status = json_make(next, "status");
	json_put_long(status, "observedGeneration",
		      json_long(next, 0, "metadata", "generation"));
	json_put_long(status, "expectedPods", expected);
	json_put_long(status, "currentHealthy", healthy);
	json_put_long(status, "desiredHealthy", wanted < 0 ? 0 : wanted);
	json_put_long(status, "disruptionsAllowed",
		      healthy > wanted ? healthy - wanted : 0);
	controller_put(cl, obj, next);
}
