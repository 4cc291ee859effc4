#include "kubelet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller.h"
#include "pods.h"
#include "podstatus.h"
#include "settings.h"

#define NOTE(name) "test.keyrot.dev/" name

enum { CRASHES_MAX = 5 };

static const char *note(const struct obj *obj, const char *name)
{
	return json_text(obj->json, "metadata", "annotations", name);
}

static void due(const struct cluster *cl, struct pod_run *run, int64_t ms)
{
	run->due_ms = now_ms() + (cl->instant ? 0 : ms);
}

static void put_status(struct cluster *cl, struct obj *pod, const char *phase,
		       cJSON *take_pod)
{
	json_put_text(json_make(take_pod, "status"), "phase", phase);
	controller_put_as(cl, pod, take_pod, "kubelet");
}

static void wait_for(struct cluster *cl, struct pod_run *run, struct obj *pod,
		     const char *reason, const char *message)
{
	cJSON *next = json_copy(pod->json);
	cJSON *status = json_make(next, "status");

	pod_set_conditions(status, false, "ContainersNotReady");
	pod_set_containers(status, pod, run, false, false,
			   pod_state("waiting", reason, message, 0), NULL);
	put_status(cl, pod, "Pending", next);
}

/* A Secret or key is not there. */
static void wait_missing(struct cluster *cl, struct pod_run *run,
			 struct obj *pod, bool volume, const char *why)
{
	wait_for(cl, run, pod,
		 volume ? "ContainerCreating" : "CreateContainerConfigError",
		 volume ? NULL : why);
	event_record(cl, pod, "Warning", volume ? "FailedMount" : "Failed", why,
		     "kubelet");
}

static void step_schedule(struct cluster *cl, struct pod_run *run,
			  struct obj *pod)
{
	cJSON *next = json_copy(pod->json);
	cJSON *status = json_make(next, "status");
	char now[TIME_LEN];

	if (str_eq(run->behaviour, "pending")) {
		json_put_text(json_make(next, "spec"), "nodeName", "node-0");
		condition_set(status, "PodScheduled", true, "Scheduled", "");
		put_status(cl, pod, "Pending", next);
		return;
	}
	if (str_eq(run->behaviour, "unschedulable")) {
		cJSON *list = cJSON_CreateArray();
		const char *why = "0/1 nodes are available: 1 Insufficient "
				  "cpu. no new claims to deallocate, "
				  "preemption: 0/1 nodes are available.";

		pod_add_condition(list, "PodScheduled", false, "Unschedulable",
				  why);
		json_put(status, "conditions", list);
		put_status(cl, pod, "Pending", next);
		event_record(cl, pod, "Warning", "FailedScheduling", why,
			     "default-scheduler");
		return;
	}
	time_seconds(now);
	if (!json_text(next, "spec", "nodeName"))
		json_put_text(json_make(next, "spec"), "nodeName", "node-0");
	json_put_text(status, "startTime", now);
	pod_set_conditions(status, false, "ContainersNotReady");
	pod_set_containers(status, pod, run, false, false,
			   pod_state("waiting", "ContainerCreating", NULL, 0),
			   NULL);
	put_status(cl, pod, "Pending", next);
	run->stage = STAGE_STARTING;
	due(cl, run, settings.pod_ms / 2);
}

static bool bad_key(const struct pod_run *run)
{
	const char *prefix = run->bad_fingerprint;
	const cJSON *at;

	if (!prefix)
		return false;
	cJSON_ArrayForEach (at, run->keys)
		if (str_eq(prefix, "*") ||
		    (*prefix == '!' ? !str_starts(at->valuestring, prefix + 1)
				    : str_starts(at->valuestring, prefix)))
			return true;
	return false;
}

bool pod_crashes(const struct pod_run *run)
{
	return str_eq(run->behaviour, "crash") || bad_key(run);
}

static void start_log(const struct cluster *cl, struct pod_run *run,
		      const struct obj *pod)
{
	const char *after = note(pod, NOTE("log-after"));

	if (after && !cl->instant)
		run->log_ms = now_ms() + (int64_t)(atof(after) * 1000);
	else
		pod_log_write(run, pod, pod_crashes(run));
}

static void step_start(struct cluster *cl, struct pod_run *run, struct obj *pod)
{
	cJSON *next, *status;
	char *why = NULL;
	bool loaded, volume;

	if (str_eq(run->behaviour, "image-pull")) {
		wait_for(cl, run, pod, "ImagePullBackOff",
			 "Back-off pulling image");
		event_record(cl, pod, "Warning", "Failed",
			     "Error: ImagePullBackOff", "kubelet");
		return;
	}
	loaded = pod_load_keys(cl, run, pod, &why, &volume);
	if (!loaded || str_eq(run->behaviour, "config-error")) {
		volume = volume && !loaded;
		wait_missing(cl, run, pod, volume,
			     why ? why : "configuration could not be read");
		due(cl, run, 250 + settings.pod_ms);
		if (cl->instant || loaded)
			run->due_ms = INT64_MAX;
		free(why);
		return;
	}
	start_log(cl, run, pod);
	run->running = true;
	run->instance++;
	next = json_copy(pod->json);
	status = json_make(next, "status");
	pod_set_address(status, run);
	pod_set_conditions(status, false, "ContainersNotReady");
	pod_set_containers(status, pod, run, false, true,
			   pod_state("running", NULL, NULL, 0),
			   run->restarts
				   ? pod_state("terminated", "Error", NULL, 1)
				   : NULL);
	put_status(cl, pod, "Running", next);
	run->stage = STAGE_STARTED;
	due(cl, run,
	    duration_ms(note(pod, NOTE("ready-after")), settings.pod_ms / 2));
}

static void step_crash(struct cluster *cl, struct pod_run *run, struct obj *pod)
{
	cJSON *next = json_copy(pod->json);
	cJSON *status = json_make(next, "status");
	char *why = xasprintf(
		"back-off 10s restarting failed container=%s "
		"pod=%s_%s",
		json_text(json_get(pod->json, "spec", "containers")->child,
			  "name"),
		pod->name, pod->ns);

	pod_log_release(&run->previous);
	run->previous = run->log;
	run->log = (struct pod_log){ 0 };
	run->running = false;
	run->instance++;
	run->restarts++;
	pod_set_conditions(status, false, "ContainersNotReady");
	pod_set_containers(status, pod, run, false, false,
			   pod_state("waiting", "CrashLoopBackOff", why, 0),
			   pod_state("terminated", "Error", NULL, 1));
	put_status(cl, pod, "Running", next);
	event_record(cl, pod, "Warning", "BackOff",
		     "Back-off restarting failed container", "kubelet");
	run->stage = STAGE_CRASHED;
	if (run->restarts < CRASHES_MAX)
		due(cl, run, 200 + settings.pod_ms);
	free(why);
}

static void step_complete(struct cluster *cl, struct pod_run *run,
			  struct obj *pod)
{
	bool bad = str_eq(note(pod, NOTE("job")), "fail");
	cJSON *next = json_copy(pod->json);
	cJSON *status = json_make(next, "status");

	pod_set_conditions(status, false, "PodCompleted");
	pod_set_containers(
		status, pod, run, false, false,
		pod_state("terminated", bad ? "Error" : "Completed", NULL, bad),
		NULL);
	run->running = false;
	run->instance++;
	put_status(cl, pod, bad ? "Failed" : "Succeeded", next);
}

static void step_ready(struct cluster *cl, struct pod_run *run, struct obj *pod,
		       bool ready)
{
	cJSON *next = json_copy(pod->json);
	cJSON *status = json_make(next, "status");
	const char *until = note(pod, NOTE("unready-after"));
	const cJSON *had = json_get(status, "containerStatuses");
	cJSON *state = json_copy(json_get(had->child, "state"));

	pod_set_conditions(status, ready, "ContainersNotReady");
	pod_set_containers(status, pod, run, ready, true, state, NULL);
	put_status(cl, pod, "Running", next);
	run->stage = STAGE_READY;
	if (ready && until)
		run->due_ms = now_ms() + duration_ms(until, 1000);
}

void pod_step(struct cluster *cl, struct pod_run *run, struct obj *pod)
{
	const struct obj *owner = owner_of(cl, pod);

	switch (run->stage) {
	case STAGE_NEW:
		step_schedule(cl, run, pod);
		break;
	case STAGE_STARTING:
	case STAGE_CRASHED:
		step_start(cl, run, pod);
		break;
	case STAGE_STARTED:
		if (owner && kind_is(owner->kind, "Job"))
			step_complete(cl, run, pod);
		else if (pod_crashes(run))
			step_crash(cl, run, pod);
		else if (!str_eq(run->behaviour, "never-ready"))
			step_ready(cl, run, pod, true);
		else
			event_record(cl, pod, "Warning", "Unhealthy",
				     "Readiness probe failed: HTTP probe "
				     "failed with statuscode: 503",
				     "kubelet");
		break;
	case STAGE_READY:
		step_ready(cl, run, pod, false);
		break;
	case STAGE_STOPPING:
		break;
	}
}
