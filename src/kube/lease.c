#include "kube/lease.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/str.h"
#include "kube/annotations.h"
#include "kube/path.h"

#define POLL_MS 2000
/* A cluster that hangs is asked again, twice before the duration is over. */
#define PUT_MS	 5000
#define MAX_NAME 253
/* 2026-11-22T22:10:02.000000Z: MicroTime takes six digits, nothing else. */
#define MICRO_TIME_LEN 32

struct kube_lease {
	struct kube *kube;
	char *path;
	char *update, *collection; /* to write to */
	char *name, *ns;
	char *identity;
	char *step;
	char *version;
	struct cJSON *notes; /* annotations of others, as they were read */
	char trace_note[KUBE_NOTE_LEN];
	char *trace, *trace_before;
	char acquired[MICRO_TIME_LEN];
	long long transitions;
	int64_t renewed_ms;
};

char *kube_lease_name(const char *secret)
{
	char *name = NULL;

	return asprintf(&name, "keyrot-%.*s", MAX_NAME - 7, secret) < 0 ? NULL
									: name;
}

static void micro_time(char out[MICRO_TIME_LEN])
{
	char seconds[CLOCK_RFC3339_LEN];
	int64_t now = clock_wall_ms();

	clock_rfc3339(now, seconds);
	(void)snprintf(out, MICRO_TIME_LEN, "%.19s.%03d000Z", seconds,
		       (int)(now % 1000));
}

static KR_FALLIBLE new_lease(struct kube *kube,
			     const struct kube_lease_request *request,
			     struct kube_lease **out)
{
	kr_cleanup(kube_lease_freep) struct kube_lease *lease =
		calloc(1, sizeof(*lease));
	struct err *err;

	if (!lease)
		return err_no_memory();
	err = kube_note_on_secret(NOTE_OPEN, request->target->entry,
				  lease->trace_note);
	if (err)
		return err;
	lease->kube = kube;
	lease->ns = strdup(request->target->ns);
	lease->name = kube_lease_name(request->target->secret);
	err = kube_lease_identity(request->rotation, request->operator_,
				  &lease->identity);
	if (err)
		return err;
	if (lease->ns && lease->name) {
		lease->path = kube_path(KIND_LEASE, lease->ns, lease->name);
		lease->update =
			kube_path_sub(KIND_LEASE, lease->ns, lease->name, NULL,
				      "fieldManager=" KUBE_MANAGER);
		lease->collection =
			kube_path_sub(KIND_LEASE, lease->ns, NULL, NULL,
				      "fieldManager=" KUBE_MANAGER);
	}
	if (!lease->path || !lease->update || !lease->collection)
		return err_no_memory();
	*out = take_ptr(&lease);
	return NULL;
}

void kube_lease_free(struct kube_lease *lease)
{
	if (!lease)
		return;
	free(lease->path);
	free(lease->update);
	free(lease->collection);
	free(lease->name);
	free(lease->ns);
	free(lease->identity);
	free(lease->step);
	free(lease->version);
	free(lease->trace);
	free(lease->trace_before);
	json_free(lease->notes);
	free(lease);
}

static void put_note(struct cJSON *notes, const char *name, const char *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(notes, name);
	if (value)
		json_set_str(notes, name, value);
}

static KR_FALLIBLE body_of(const struct kube_lease *lease, const char *holder,
			   int duration_s, char **out)
{
	kr_cleanup(json_freep) struct cJSON *object = json_object();
	struct cJSON *metadata, *spec, *notes;
	char now[MICRO_TIME_LEN];

	micro_time(now);
	json_set_str(object, "apiVersion", "coordination.k8s.io/v1");
	json_set_str(object, "kind", "Lease");
	metadata = json_add_object(object, "metadata");
	json_set_str(metadata, "name", lease->name);
	json_set_str(metadata, "namespace", lease->ns);
	if (lease->version)
		json_set_str(metadata, "resourceVersion", lease->version);
	notes = lease->notes ? cJSON_Duplicate(lease->notes, true)
			     : json_object();
	put_note(notes, KUBE_LEASE_STEP, lease->step);
	put_note(notes, lease->trace_note, lease->trace);
	json_set(metadata, "annotations", notes);
	spec = json_add_object(object, "spec");
	json_set_str(spec, "holderIdentity", holder);
	json_set_int(spec, "leaseDurationSeconds", duration_s);
	json_set_str(spec, "acquireTime", lease->acquired);
	json_set_str(spec, "renewTime", now);
	json_set_int(spec, "leaseTransitions", lease->transitions);
	return json_print(object, out);
}

static KR_FALLIBLE keep_version(struct kube_lease *lease,
				const struct cJSON *object)
{
	free(lease->version);
	lease->version =
		strdup(json_str_or(object, "metadata.resourceVersion", ""));
	return lease->version ? NULL : err_no_memory();
}

/* POST where it is not there yet (no version), PUT where it is. */
static KR_FALLIBLE put(struct kube_lease *lease, const char *holder,
		       int duration_s, bool *out_lost)
{
	kr_cleanup(str_freep) char *body = NULL;
	struct kube_request r = {
		.method = lease->version ? "PUT" : "POST",
		.path = lease->version ? lease->update : lease->collection,
		.what = lease->name,
		.expect_kind = "Lease",
		.timeout_ms = PUT_MS,
	};
	/* Others count from when it arrives; we may be stopped meanwhile. */
	int64_t sent_ms = clock_boot_ms();
	struct err *err = body_of(lease, holder, duration_s, &body);

	if (err)
		return err;
	r.body = body;
	err = kube_do(lease->kube, &r);
	*out_lost = err && r.status == 409;
	if (!err)
		err = keep_version(lease, r.object);
	kube_request_release(&r);
	if (!err)
		lease->renewed_ms = sent_ms;
	return err_wrap(err, "Lease %s/%s", lease->ns, lease->name);
}

/* What was seen of somebody else's Lease, and when by our clock. */
struct sight {
	char *version;
	int64_t since_ms;
};

/* What others wrote there stays, and so does the trace. */
static KR_FALLIBLE keep_notes(struct kube_lease *lease,
			      const struct cJSON *object)
{
	const struct cJSON *notes = json_at(object, "metadata.annotations");

	json_free(lease->notes);
	lease->notes = notes ? cJSON_Duplicate(notes, true) : json_object();
	if (!lease->notes ||
	    !str_keep(&lease->trace_before,
		      json_member_str(notes, lease->trace_note)))
		return err_no_memory();
	return NULL;
}

/* Whether it may be taken now: nobody has it, or one who is gone. */
static bool is_free(const struct kube_lease *lease,
		    const struct kube_lease_request *request,
		    const struct sight *sight, const struct cJSON *object)
{
	const char *holder = json_str_or(object, "spec.holderIdentity", "");
	long long duration_s = json_int(object, "spec.leaseDurationSeconds",
					KUBE_LEASE_DURATION_S);
	int64_t left_ms;

	if (!*holder || kube_lease_is_ghost(lease->identity, holder))
		return true;
	left_ms = sight->since_ms + duration_s * 1000 - clock_boot_ms();
	if (left_ms > 0 && request->on_wait)
		request->on_wait(request->user, holder, left_ms);
	return left_ms <= 0;
}

/*
 * One look. *out_free: may be taken now. A version that changed between two
 * looks is a sign of life.
 */
static KR_FALLIBLE look(struct kube_lease *lease,
			const struct kube_lease_request *request,
			struct sight *sight, bool *out_free,
			char **out_taken_from)
{
	kr_cleanup(json_freep) struct cJSON *object = NULL;
	const char *holder, *version;
	struct err *err =
		kube_get(lease->kube, lease->path, lease->name, &object);

	*out_free = true;
	if (err_is(err, KR_ENOTFOUND)) {
		err_free(err);
		return NULL;
	}
	if (err)
		return err;
	holder = json_str_or(object, "spec.holderIdentity", "");
	version = json_str_or(object, "metadata.resourceVersion", "");
	lease->transitions = json_int(object, "spec.leaseTransitions", 0) + 1;
	if (sight->version && strcmp(sight->version, version) != 0 && *holder)
		return kube_lease_held(lease->ns, lease->name, object);
	if (!sight->version) {
		sight->version = strdup(version);
		sight->since_ms = clock_boot_ms();
	}
	*out_free = is_free(lease, request, sight, object);
	if (!*out_free)
		return NULL;
	if (*holder && strcmp(holder, lease->identity) != 0)
		*out_taken_from = strdup(holder);
	err = keep_notes(lease, object);
	return err ? err : keep_version(lease, object);
}

/* After a conflict, or a lost answer: still ours where it says so, and put
 * from there. */
static KR_FALLIBLE put_again(struct kube_lease *lease, const char *to,
			     int duration_s)
{
	kr_cleanup(json_freep) struct cJSON *object = NULL;
	const char *holder;
	bool lost = false;
	struct err *err =
		kube_get(lease->kube, lease->path, lease->name, &object);

	if (err)
		return err;
	holder = json_str_or(object, "spec.holderIdentity", "");
	if (strcmp(holder, lease->identity) != 0)
		return err_set_reason(
			kube_lease_held(lease->ns, lease->name, object),
			"LeaseLost");
	err = keep_version(lease, object);
	return err ? err : put(lease, to, duration_s, &lost);
}

static KR_FALLIBLE take_again(struct kube_lease *lease)
{
	return put_again(lease, lease->identity, KUBE_LEASE_DURATION_S);
}

KR_FALLIBLE kube_lease_acquire(struct kube *kube,
			       const struct kube_lease_request *request,
			       struct kube_lease **out, char **out_taken_from)
{
	kr_cleanup(kube_lease_freep) struct kube_lease *lease = NULL;
	kr_cleanup(str_freep) char *taken_from = NULL;
	struct sight sight = { 0 };
	bool lost = true;
	struct err *err = new_lease(kube, request, &lease);

	while (!err && lost) {
		bool free_now = false;

		err = look(lease, request, &sight, &free_now, &taken_from);
		if (!err && !free_now) {
			clock_sleep_ms(POLL_MS);
			err = stop_check();
			continue;
		}
		if (err)
			break;
		micro_time(lease->acquired);
		if (!str_keep(&lease->trace, request->trace
						     ? request->trace
						     : lease->trace_before))
			err = err_no_memory();
		if (err)
			break;
		err = put(lease, lease->identity, KUBE_LEASE_DURATION_S, &lost);
		if (err && lost) {
			/* Somebody was faster: that one is alive. */
			err_free(err);
			err = NULL;
			str_freep(&taken_from);
			taken_from = NULL;
			str_freep(&lease->version);
			lease->version = NULL;
		} else if (err) {
			struct err *other = take_again(lease);

			err_free(other ? other : err);
			err = other ? err : NULL;
		}
	}
	free(sight.version);
	if (err)
		return err;
	*out = take_ptr(&lease);
	*out_taken_from = take_ptr(&taken_from);
	return NULL;
}

int64_t kube_lease_renewed_ms(const struct kube_lease *lease)
{
	return lease->renewed_ms;
}

KR_FALLIBLE kube_lease_keep(struct kube_lease *lease, const char *step)
{
	bool is_new = step && (!lease->step || strcmp(step, lease->step) != 0);
	int64_t age_ms = clock_boot_ms() - lease->renewed_ms;
	bool lost = false;
	struct err *err;

	if (!is_new && age_ms < KUBE_LEASE_RENEW_MS)
		return NULL;
	if (is_new) {
		free(lease->step);
		lease->step = strdup(step);
	}
	err = put(lease, lease->identity, KUBE_LEASE_DURATION_S, &lost);
	if (lost) {
		/* Our own answer may have got lost: the Lease itself knows. */
		err_free(err);
		err = take_again(lease);
		age_ms = clock_boot_ms() - lease->renewed_ms;
	}
	if (err_is(err, KR_EHELD))
		return err;
	if (err && age_ms < KUBE_LEASE_DURATION_S * 1000) {
		err_free(err);
		return NULL;
	}
	return err;
}

KR_FALLIBLE kube_lease_release(struct kube_lease *lease,
			       enum kube_lease_end end, const char *trace,
			       const char *step)
{
	bool lost = false;
	struct err *err;

	if (!lease)
		return NULL;
	if (end == KUBE_LEASE_UNUSED)
		trace = lease->trace_before;
	else if (end == KUBE_LEASE_ENDED)
		trace = NULL;
	(void)str_keep(&lease->step, end == KUBE_LEASE_OPEN ? step : NULL);
	(void)str_keep(&lease->trace, trace);
	err = put(lease, "", 1, &lost);
	/* What has not ended is as good as kept by one who is gone. */
	if (err && (lost || end == KUBE_LEASE_ENDED)) {
		err_free(err);
		err = put_again(lease, "", 1);
	}
	if (!err_is(err, KR_EHELD) && !err_is(err, KR_ENOTFOUND))
		return err;
	err_free(err);
	return NULL;
}
