#include "kubelet.h"

#include <stdlib.h>
#include <string.h>

#include "controller.h"
#include "pods.h"
#include "settings.h"

struct kubelet {
	struct pod_run *runs;
};

#define NOTE(name) "test.keyrot.dev/" name

static const char *note(const struct obj *obj, const char *name)
{
	return obj ? json_text(obj->json, "metadata", "annotations", name)
		   : NULL;
}

/* The pod's own annotation, or its workload's. */
static const char *behaviour_of(struct cluster *cl, const struct obj *pod,
				const char *own, const char *workloads)
{
	const char *text = note(pod, own);
	const struct obj *at = pod;

	while (!text && (at = owner_of(cl, at)))
		text = note(at, workloads);
	return text;
}

static struct pod_run *run_new(struct cluster *cl, const struct obj *pod)
{
	struct pod_run *run = xcalloc(1, sizeof(*run));
	const char *text;

	run->ns = xstrdup(pod->ns);
	run->name = xstrdup(pod->name);
	text = pod_restarted(pod) ? note(pod, NOTE("restarted-pod")) : NULL;
	if (!text)
		text = behaviour_of(cl, pod, NOTE("pod"), NOTE("next-pods"));
	run->behaviour = text ? xstrdup(text) : NULL;
	text = behaviour_of(cl, pod, NOTE("bad-fingerprint"),
			    NOTE("bad-fingerprint"));
	run->bad_fingerprint = text ? xstrdup(text) : NULL;
	run->due_ms = now_ms();
	run->next = cl->kubelet->runs;
	cl->kubelet->runs = run;
	return run;
}

static void run_free(struct pod_run *run)
{
	pod_log_release(&run->log);
	pod_log_release(&run->previous);
	cJSON_Delete(run->keys);
	free(run->ns);
	free(run->name);
	free(run->behaviour);
	free(run->bad_fingerprint);
	free(run->leak);
	free(run);
}

struct pod_run *kubelet_runs(struct cluster *cl)
{
	return cl->kubelet ? cl->kubelet->runs : NULL;
}

struct pod_run *kubelet_run(struct cluster *cl, const char *ns,
			    const char *name)
{
	struct pod_run *run;

	for (run = kubelet_runs(cl); run; run = run->next)
		if (str_eq(run->name, name) && str_eq(run->ns, ns))
			return run;
	return NULL;
}

static void run_remove(struct cluster *cl, const char *ns, const char *name)
{
	struct pod_run **at = &cl->kubelet->runs;

	while (*at && !(str_eq((*at)->name, name) && str_eq((*at)->ns, ns)))
		at = &(*at)->next;
	if (*at) {
		struct pod_run *gone = *at;

		*at = gone->next;
		run_free(gone);
	}
}

void kubelet_touch(struct cluster *cl, const struct obj *obj,
		   enum event_type type)
{
	struct pod_run *run;
	const char *after;

	if (!kind_is(obj->kind, "Pod"))
		return;
	if (!cl->kubelet)
		cl->kubelet = xcalloc(1, sizeof(*cl->kubelet));
	if (type == EVENT_DELETED) {
		run_remove(cl, obj->ns, obj->name);
		return;
	}
	if (type == EVENT_ADDED) {
		run_new(cl, obj);
		controller_wake();
		return;
	}
	run = kubelet_run(cl, obj->ns, obj->name);
	after = note(obj, NOTE("unready-after"));
	if (run && after && run->stage == STAGE_READY && pod_ready(obj) &&
	    run->due_ms == INT64_MAX) {
		run->due_ms = now_ms() + duration_ms(after, 1000);
		controller_wake();
	}
	if (!run || !pod_terminating(obj) || run->stage == STAGE_STOPPING)
		return;
	after = note(obj, NOTE("delete-after"));
	run->stage = STAGE_STOPPING;
	run->due_ms = now_ms() +
		      (cl->instant ? 0 : duration_ms(after, settings.stop_ms));
	controller_wake();
}

void kubelet_clear(struct cluster *cl)
{
	while (cl->kubelet && cl->kubelet->runs)
		run_remove(cl, cl->kubelet->runs->ns, cl->kubelet->runs->name);
}

int64_t kubelet_tick(struct cluster *cl, int64_t now)
{
	const struct kind *kind = store_kind("v1", "Pod");
	struct pod_run *run, *next;
	int64_t due = INT64_MAX;

	for (run = kubelet_runs(cl); run; run = next) {
		struct obj *pod;

		next = run->next;
		if (run->log_ms && run->log_ms <= now) {
			run->log_ms = 0;
			pod = store_find(cl, kind, run->ns, run->name);
			pod_log_write(run, pod, pod_crashes(run));
		}
		if (run->log_ms && run->log_ms < due)
			due = run->log_ms;
		if (run->due_ms <= now) {
			pod = store_find(cl, kind, run->ns, run->name);
			run->due_ms = INT64_MAX;
			if (run->stage == STAGE_STOPPING) {
				store_remove(cl, pod);
				continue;
			}
			pod_step(cl, run, pod);
		}
		if (run->due_ms < due)
			due = run->due_ms;
	}
	return due;
}

/* "SECRET/KEY" of one value: its fingerprint, and what it may leak. */
static void load_value(struct pod_run *run, const struct obj *pod,
		       const char *secret, const char *key, const char *value)
{
	size_t len, bad;
	char *bytes = value ? base64_decode(value, &len, &bad) : NULL;
	char *name = xasprintf("%s/%s", secret, key);
	char hex[65];

	if (bytes) {
		sha256_hex(bytes, len, hex);
		json_put_text(run->keys, name, hex);
		if (str_eq(note(pod, NOTE("log-key")), "true")) {
			free(run->leak);
			run->leak = xstrdup(bytes);
		}
	}
	free(bytes);
	free(name);
}

static bool load_ref(struct cluster *cl, struct pod_run *run,
		     const struct obj *pod, const char *secret, const char *key,
		     bool optional, char **out_why)
{
	struct obj *obj = store_find(cl, store_kind("v1", "Secret"), pod->ns,
				     secret ? secret : "");
	const cJSON *data = obj ? json_get(obj->json, "data") : NULL;
	const cJSON *at;

	if (!obj && !optional) {
		*out_why = xasprintf("secret \"%s\" not found", secret);
		return false;
	}
	if (obj && key && !json_get(data, key) && !optional) {
		*out_why = xasprintf("couldn't find key %s in Secret %s/%s",
				     key, pod->ns, secret);
		return false;
	}
	cJSON_ArrayForEach (at, data)
		if (!key || str_eq(key, at->string))
			load_value(run, pod, secret, at->string,
				   json_string(at));
	return true;
}

static bool load_container(struct cluster *cl, struct pod_run *run,
			   const struct obj *pod, const cJSON *container,
			   char **out_why)
{
	const cJSON *at, *ref;

	cJSON_ArrayForEach (at, json_get(container, "env")) {
		ref = json_get(at, "valueFrom", "secretKeyRef");
		if (ref &&
		    !load_ref(cl, run, pod, json_text(ref, "name"),
			      json_text(ref, "key"),
			      json_true(json_get(ref, "optional")), out_why))
			return false;
	}
	cJSON_ArrayForEach (at, json_get(container, "envFrom")) {
		ref = json_get(at, "secretRef");
		if (ref &&
		    !load_ref(cl, run, pod, json_text(ref, "name"), NULL,
			      json_true(json_get(ref, "optional")), out_why))
			return false;
	}
	return true;
}

static bool load_volume(struct cluster *cl, struct pod_run *run,
			const struct obj *pod, const cJSON *volume,
			char **out_why)
{
	const cJSON *secret = json_get(volume, "secret");
	const cJSON *at;

	if (secret)
		return load_ref(cl, run, pod, json_text(secret, "secretName"),
				NULL, json_true(json_get(secret, "optional")),
				out_why);
	cJSON_ArrayForEach (at, json_get(volume, "projected", "sources")) {
		secret = json_get(at, "secret");
		if (secret &&
		    !load_ref(cl, run, pod, json_text(secret, "name"), NULL,
			      json_true(json_get(secret, "optional")), out_why))
			return false;
	}
	return true;
}

bool pod_load_keys(struct cluster *cl, struct pod_run *run,
		   const struct obj *pod, char **out_why, bool *out_volume)
{
	static const char *const lists[] = { "initContainers", "containers" };
	const cJSON *spec = json_get(pod->json, "spec");
	const cJSON *at;
	size_t i;

	cJSON_Delete(run->keys);
	run->keys = cJSON_CreateObject();
	*out_volume = true;
	cJSON_ArrayForEach (at, json_get(spec, "volumes"))
		if (!load_volume(cl, run, pod, at, out_why))
			return false;
	*out_volume = false;
	for (i = 0; i < ARRAY_LEN(lists); i++)
		cJSON_ArrayForEach (at, json_get(spec, lists[i]))
			if (!load_container(cl, run, pod, at, out_why))
				return false;
	return true;
}
