#include "kube/pod.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/annotations.h"

#define MESSAGE_MAX 300

static int64_t time_of(const struct cJSON *tree, const char *path)
{
	const char *text = json_str(tree, path);
	int64_t ms;

	return text && clock_parse_rfc3339(text, &ms) ? ms : 0;
}

static bool condition_is(const struct cJSON *status, const char *type,
			 const char *value)
{
	const struct cJSON *condition;

	cJSON_ArrayForEach (condition, json_member(status, "conditions")) {
		if (str_equal(json_member_str(condition, "type"), type))
			return str_equal(json_member_str(condition, "status"),
					 value);
	}
	return false;
}

static bool keep_message(struct kube_trouble *t, const char *message)
{
	if (!message || !*message)
		return true;
	free(t->message);
	t->message = text_clean(message, strlen(message), MESSAGE_MAX);
	return t->message != NULL;
}

/* Waiting for these is a part of every start. */
static bool is_ordinary_wait(const char *reason)
{
	return strcmp(reason, "ContainerCreating") == 0 ||
	       strcmp(reason, "PodInitializing") == 0;
}

/*
 * A container in trouble: one that waits for a reason, or whose last run ended
 * badly. Between two crashes a looping container runs for moments, so its last
 * run counts until it is ready.
 */
static bool read_trouble(struct kube_trouble *t, const struct cJSON *container)
{
	const char *waiting = json_str(container, "state.waiting.reason");
	const char *now = json_str(container, "state.terminated.reason");
	const char *last = json_str(container, "lastState.terminated.reason");
	long long exit_code =
		json_int(container, "lastState.terminated.exitCode", 0);
	int restarts = (int)json_int(container, "restartCount", 0);
	const char *reason = NULL;

	exit_code = json_int(container, "state.terminated.exitCode", exit_code);
	if (waiting && !is_ordinary_wait(waiting))
		reason = waiting;
	else if (exit_code != 0 && !json_bool(container, "ready", false))
		reason = now ? now : last ? last : "Error";
	if (!reason)
		return true;
	/* The first one that waits wins over one that ended. */
	if (t->reason && (t->waiting || reason != waiting))
		return true;
	t->exit_code = (int)exit_code;
	t->restarts = restarts;
	t->waiting = reason == waiting;
	return str_keep(&t->reason, reason) &&
	       str_keep(&t->container, json_member_str(container, "name")) &&
	       keep_message(t, json_str(container, "state.waiting.message"));
}

static bool read_unscheduled(struct kube_pod *pod, const struct cJSON *status)
{
	const struct cJSON *condition;

	cJSON_ArrayForEach (condition, json_member(status, "conditions")) {
		if (!str_equal(json_member_str(condition, "type"),
			       "PodScheduled") ||
		    str_equal(json_member_str(condition, "status"), "True"))
			continue;
		pod->trouble.waiting = true;
		return str_keep(&pod->trouble.reason,
				json_str_or(condition, "reason",
					    "Unschedulable")) &&
		       keep_message(&pod->trouble,
				    json_member_str(condition, "message"));
	}
	return true;
}

static const struct cJSON *status_of(const struct cJSON *status,
				     const char *container)
{
	static const char *const lists[] = { "containerStatuses",
					     "initContainerStatuses",
					     "ephemeralContainerStatuses" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		const struct cJSON *item;

		cJSON_ArrayForEach (item, json_member(status, lists[i])) {
			if (str_equal(json_member_str(item, "name"), container))
				return item;
		}
	}
	return NULL;
}

/* Takes one container's start into the pod's latest; false: not started. */
static bool take_start(struct kube_pod *pod, const struct cJSON *container)
{
	int64_t at = time_of(container, "state.running.startedAt");

	/* An init container has done its work with what it was started with. */
	if (!at)
		at = time_of(container, "state.terminated.startedAt");
	if (!at)
		return false;
	if (at > pod->started_ms)
		pod->started_ms = at;
	return true;
}

static void read_starts(struct kube_pod *pod, const struct cJSON *status,
			const struct kube_use *use)
{
	const struct cJSON *item;
	bool all = true;
	size_t n = 0;

	for (size_t i = 0; i < use->container_count; i++, n++) {
		item = status_of(status, use->containers[i]);
		/* What is ready has started all of them: not before it was
		 * made, and more is not told of this one. */
		if (!item && pod->ready && pod->created_ms > pod->started_ms)
			pod->started_ms = pod->created_ms;
		else
			all &= item ? take_start(pod, item)
				    : pod->ready && pod->created_ms;
	}
	if (n == 0) {
		cJSON_ArrayForEach (item,
				    json_member(status, "containerStatuses")) {
			all &= take_start(pod, item);
			n++;
		}
	}
	pod->started = all && n > 0;
	if (!pod->started)
		pod->started_ms = 0;
}

static bool read_containers(struct kube_pod *pod, const struct cJSON *status)
{
	static const char *const lists[] = { "initContainerStatuses",
					     "containerStatuses" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		const struct cJSON *item;

		cJSON_ArrayForEach (item, json_member(status, lists[i])) {
			int restarts = (int)json_int(item, "restartCount", 0);

			if (restarts > pod->restarts)
				pod->restarts = restarts;
			/* Init containers that ended well are not ready. */
			if (!read_trouble(&pod->trouble, item))
				return false;
		}
	}
	return true;
}

/* The container whose log speaks for the pod. */
static bool choose_container(struct kube_pod *pod, const struct cJSON *object,
			     const struct kube_use *use)
{
	const struct cJSON *all = json_at(object, "spec.containers");
	const char *name = kube_annotation(
		object, "kubectl.kubernetes.io/default-container");
	const char *first = NULL;
	const struct cJSON *item;

	cJSON_ArrayForEach (item, all) {
		const char *own = json_member_str(item, "name");

		if (!own)
			continue;
		if (!first)
			first = own;
		if (kube_use_has_container(use, own)) {
			name = own;
			break;
		}
	}
	pod->container_count = (int)json_length(all);
	return str_keep(&pod->container, name ? name : first);
}

static bool read_owner(struct kube_pod *pod, const struct cJSON *object)
{
	const struct cJSON *owner;

	cJSON_ArrayForEach (owner,
			    json_at(object, "metadata.ownerReferences")) {
		if (!json_bool(owner, "controller", false))
			continue;
		return str_keep(&pod->owner_kind,
				json_member_str(owner, "kind")) &&
		       str_keep(&pod->owner_name,
				json_member_str(owner, "name")) &&
		       str_keep(&pod->owner_uid, json_member_str(owner, "uid"));
	}
	return true;
}

static bool read_identity(struct kube_pod *pod, const struct cJSON *object)
{
	const struct cJSON *labels = json_at(object, "metadata.labels");
	const char *hash = json_member_str(labels, "pod-template-hash");

	if (!hash)
		hash = json_member_str(labels, "controller-revision-hash");
	pod->created_ms = time_of(object, "metadata.creationTimestamp");
	pod->terminating = json_str(object, "metadata.deletionTimestamp");
	return str_keep(&pod->name, json_str_or(object, "metadata.name", "")) &&
	       str_keep(&pod->uid, json_str_or(object, "metadata.uid", "")) &&
	       str_keep(&pod->hash, hash) && read_owner(pod, object);
}

static bool read_status(struct kube_pod *pod, const struct cJSON *object,
			const struct kube_use *use)
{
	const struct cJSON *status = json_member(object, "status");
	const char *phase = json_str_or(status, "phase", "");

	pod->finished =
		strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
	pod->ready = condition_is(status, "Ready", "True");
	pod->scheduled = json_str(object, "spec.nodeName") != NULL;
	read_starts(pod, status, use);
	if (!pod->scheduled)
		return read_unscheduled(pod, status);
	return pod->finished || read_containers(pod, status);
}

static struct err *read_notes(struct kube_pod *pod, const struct cJSON *object,
			      const struct kube_target *target, bool *ok)
{
	char name[KUBE_NOTE_LEN];
	struct err *err;

	err = kube_note_on_pod(NOTE_ROTATION, target->secret, target->entry,
			       name);
	if (err)
		return err;
	*ok = str_keep(&pod->rotation, kube_annotation(object, name));
	err = kube_note_on_pod(NOTE_FINGERPRINT, target->secret, target->entry,
			       name);
	if (err)
		return err;
	*ok &= str_keep(&pod->fingerprint, kube_annotation(object, name));
	return NULL;
}

KR_FALLIBLE kube_pod_read(const struct cJSON *object,
			  const struct kube_target *target,
			  struct kube_pod *out)
{
	struct kube_pod pod = { .consumer = SIZE_MAX };
	struct kube_use use = { 0 };
	bool ok = false;
	struct err *err;

	err = kube_use_read(json_member(object, "spec"), target->secret,
			    target->entry, target->keyring, &use);
	if (!err)
		err = read_notes(&pod, object, target, &ok);
	if (!err) {
		pod.use_how = use.how;
		pod.entry_how = use.entry_how;
		ok = ok && read_identity(&pod, object) &&
		     read_status(&pod, object, &use) &&
		     choose_container(&pod, object, &use);
		if (!ok)
			err = err_no_memory();
	}
	kube_use_release(&use);
	if (err) {
		kube_pod_release(&pod);
		return err;
	}
	*out = pod;
	return NULL;
}

void kube_pod_release(struct kube_pod *pod)
{
	free(pod->name);
	free(pod->uid);
	free(pod->owner_kind);
	free(pod->owner_name);
	free(pod->owner_uid);
	free(pod->hash);
	free(pod->rotation);
	free(pod->fingerprint);
	free(pod->container);
	free(pod->labels);
	free(pod->trouble.container);
	free(pod->trouble.reason);
	free(pod->trouble.message);
	*pod = (struct kube_pod){ .consumer = SIZE_MAX };
}
