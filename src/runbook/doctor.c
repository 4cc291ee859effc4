#include "runbook/doctor.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/columns.h"
#include "base/file.h"
#include "base/json.h"
#include "kube/lease.h"
#include "kube/secretobj.h"

#define SKEW_MS		5000
#define ROLE_MAX_BYTES	16384
#define SUPPORTED_MINOR 22
#define INDENT		19 /* of what a line says */

/* The batch: what stands where. */
enum {
	READ_VERSION,
	READ_SECRET,
	READ_MARKS,
	READ_WORKLOADS,
	READ_REVIEWS = READ_WORKLOADS + 3,
	READ_COUNT = READ_REVIEWS + DOCTOR_REVIEWS
};

void doctor_say(struct doctor *doctor, enum doctor_state state,
		const char *check, const char *fix, const char *format, ...)
{
	static const char *const states[] = { "ok", "warning", "failed" };
	struct buf *text = &doctor->options->result->text;
	struct cJSON *object = json_append_object(doctor->checks);
	kr_cleanup(str_freep) char *message = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&message, format, ap) < 0)
		message = NULL;
	va_end(ap);
	json_set_str(object, "check", check);
	json_set_str(object, "state", states[state]);
	json_set_str(object, "message", message);
	json_set_str(object, "fix", fix);
	buf_printf(text, "%-8s %-9s ",
		   state == DOCTOR_FAILED ? "FAILED" : states[state], check);
	columns_wrap(text, message ? message : "out of memory",
		     doctor->options->result->columns, INDENT, INDENT);
	buf_puts(text, "\n");
	if (fix)
		buf_printf(text, "%*s%s\n", INDENT, "", fix);
}

void doctor_fail(struct doctor *doctor, struct err *take_err)
{
	if (doctor->first)
		err_free(take_err);
	else
		doctor->first = take_err;
}

static void take_version(struct doctor *doctor,
			 const struct kube_request *answer)
{
	const struct kube_access *access =
		kube_access_of(doctor->options->kube);
	const char *version = json_str_or(answer->object, "gitVersion", "?");
	long minor =
		strtol(json_str_or(answer->object, "minor", "0"), NULL, 10);
	int64_t skew_ms = kube_clock_skew_ms(doctor->options->kube);

	if (answer->outcome != KUBE_DONE)
		doctor_say(doctor, DOCTOR_WARNING, "cluster", NULL,
			   "%s does not tell its version", access->origin);
	else if (minor && minor < SUPPORTED_MINOR)
		doctor_say(doctor, DOCTOR_WARNING, "cluster", NULL,
			   "Kubernetes %s at %s is older than 1.%d", version,
			   access->origin, SUPPORTED_MINOR);
	else
		doctor_say(doctor, DOCTOR_OK, "cluster", NULL,
			   "Kubernetes %s at %s", version, access->origin);
	if (access->namespace_is_default)
		doctor_say(doctor, DOCTOR_WARNING, "cluster", NULL,
			   "nothing names a namespace: \"%s\" it is",
			   doctor->options->target.ns);
	if (skew_ms > SKEW_MS || skew_ms < -SKEW_MS)
		doctor_say(doctor, DOCTOR_WARNING, "clock",
			   "Let this machine's clock be set by NTP.",
			   "the server's clock and this one differ by %lld s",
			   (long long)(skew_ms / 1000));
	else
		doctor_say(doctor, DOCTOR_OK, "clock", NULL, "as the server's");
}

static void check_owners(struct doctor *doctor,
			 const struct kube_secret *secret)
{
	for (size_t i = 0; i < secret->owner_count; i++) {
		const struct kube_owner *owner = &secret->owners[i];

		if (owner->is_ours)
			continue;
		if (owner->is_kubectl)
			doctor_say(doctor, DOCTOR_OK, "owner", NULL,
				   "the entry was written by %s: apply takes "
				   "it over",
				   owner->manager);
		else
			doctor_say(doctor, DOCTOR_WARNING, "owner",
				   "Change it there, or apply with "
				   "--take-ownership.",
				   "the entry belongs to %s: %s",
				   owner->manager,
				   kube_owner_outlook(owner->manager));
	}
}

static void check_secret(struct doctor *doctor,
			 const struct kube_secret *secret)
{
	if (!secret->exists)
		doctor_say(doctor, DOCTOR_WARNING, "secret",
			   "apply --create makes it.", "Secret %s is not there",
			   secret->name);
	else if (!kube_secret_has_entry(secret))
		doctor_say(doctor, DOCTOR_WARNING, "secret", NULL,
			   "Secret %s has no entry %s yet", secret->name,
			   secret->entry);
	else
		doctor_say(doctor, DOCTOR_OK, "secret", NULL,
			   "Secret %s, entry %s, holds %.12s", secret->name,
			   secret->entry, secret->live_fingerprint);
	if (secret->facts.immutable)
		doctor_say(doctor, DOCTOR_WARNING, "secret",
			   "It has to be replaced by a Secret of another name.",
			   "the Secret is immutable");
	check_owners(doctor, secret);
	if (secret->has_last_applied)
		doctor_say(doctor, DOCTOR_WARNING, "leftover",
			   "The next apply removes it.",
			   "kubectl left a copy of the Secret in its "
			   "last-applied-configuration annotation");
}

static void take_secret(struct doctor *doctor, struct kube_request *answer)
{
	kr_cleanup(kube_secret_freep) struct kube_secret *secret = NULL;
	struct err *err =
		kube_secret_take(&doctor->options->target, answer, &secret);

	if (err) {
		doctor_say(doctor, DOCTOR_FAILED, "secret", NULL, "%s",
			   err_message(err));
		doctor_fail(doctor, err);
		return;
	}
	check_secret(doctor, secret);
}

static void check_store(struct doctor *doctor)
{
	struct store *store = doctor->options->store;
	struct err *err = store_probe(store);

	if (err) {
		doctor_say(doctor, DOCTOR_FAILED, "store", err_hint_text(err),
			   "%s", err_message(err));
		doctor_fail(doctor, err);
	} else if (!store_can_prove(store)) {
		doctor_say(doctor, DOCTOR_WARNING, "store", NULL,
			   "none: keys are not proved to be stored");
	} else {
		doctor_say(doctor, DOCTOR_OK, "store", NULL, "%s",
			   store_where(store));
	}
}

static void check_leftover(struct doctor *doctor, const char *path)
{
	kr_cleanup(str_freep) char *fix = NULL;

	if (!file_exists(path))
		return;
	if (asprintf(&fix, "shred -u %s", path) < 0)
		fix = NULL;
	doctor_say(doctor, DOCTOR_WARNING, "leftover", fix,
		   "%s holds a key of a rotation by hand", path);
}

static void check_machine(struct doctor *doctor)
{
	const struct doctor_options *o = doctor->options;
	kr_cleanup(str_freep) char *path = NULL;

	check_leftover(doctor, "/tmp/secrets-service.aes");
	if (asprintf(&path, "/tmp/%s.aes", o->service) < 0)
		path = NULL;
	if (path && strcmp(path, "/tmp/secrets-service.aes") != 0)
		check_leftover(doctor, path);
	if (o->variable_was_set)
		doctor_say(doctor, DOCTOR_WARNING, "leftover",
			   "unset it when the rotation is over",
			   "the environment of this shell holds a key: %s",
			   o->target.entry);
	if (!secret_memory_is_locked())
		doctor_say(doctor, DOCTOR_WARNING, "memory", "ulimit -l 1024",
			   "keys cannot be locked into memory, and may be "
			   "swapped out");
}

static void print_role(struct doctor *doctor)
{
	const struct doctor_options *o = doctor->options;
	kr_cleanup(buf_release) struct buf role = BUF_INIT(ROLE_MAX_BYTES);

	if (!doctor->role.len) {
		json_set_null(o->result->document, "role");
		return;
	}
	buf_printf(&role,
		   "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"
		   "metadata:\n  name: keyrot\n  namespace: \"%s\"\nrules:\n%s",
		   o->target.ns, buf_str(&doctor->role));
	json_set_str(o->result->document, "role", buf_str(&role));
	buf_printf(&o->result->text, "\nWhat is missing, as a Role:\n\n%s",
		   buf_str(&role));
}

static void plan_reads(struct doctor *doctor,
		       const struct kube_secret_read *read,
		       struct kube_request *requests, char *paths[4])
{
	static const enum kube_kind kinds[] = { KIND_DEPLOYMENT,
						KIND_STATEFULSET,
						KIND_DAEMONSET };
	const struct kube_target *t = &doctor->options->target;

	requests[READ_VERSION] =
		(struct kube_request){ .method = "GET", .path = "/version" };
	requests[READ_SECRET] = read->request;
	paths[3] = kube_path(KIND_SECRET, t->ns, t->secret);
	requests[READ_MARKS] = (struct kube_request){ .method = "GET",
						      .path = paths[3],
						      .flags = KUBE_METADATA };
	for (size_t i = 0; i < 3; i++) {
		paths[i] =
			kube_path_sub(kinds[i], t->ns, NULL, NULL, "limit=500");
		requests[READ_WORKLOADS + i] = (struct kube_request){
			.method = "GET",
			.path = paths[i],
			.flags = KUBE_METADATA,
			.on_item = doctor_signs_of_workload,
			.item_user = doctor,
		};
	}
}

/* A cluster that gave no answer at all has nothing else to say. */
static bool is_reached(const struct kube_request *requests)
{
	for (size_t i = 0; i < READ_REVIEWS; i++)
		if (requests[i].status)
			return true;
	return false;
}

static void take_all(struct doctor *doctor, struct kube_request *requests)
{
	if (!is_reached(requests)) {
		doctor_say(doctor, DOCTOR_FAILED, "cluster", NULL, "%s",
			   err_message(requests[READ_SECRET].err));
		doctor_fail(doctor, take_ptr(&requests[READ_SECRET].err));
		return;
	}
	take_version(doctor, &requests[READ_VERSION]);
	doctor_reviews_take(doctor, &requests[READ_REVIEWS]);
	take_secret(doctor, &requests[READ_SECRET]);
	doctor_signs_of_secret(doctor, requests[READ_MARKS].object);
}

static KR_FALLIBLE ask_cluster(struct doctor *doctor)
{
	struct kube_request requests[READ_COUNT] = { 0 };
	struct doctor_reviews reviews = { 0 };
	struct kube_secret_read read = { 0 };
	char *paths[4] = { NULL };
	struct err *err;

	err = kube_secret_plan_read(&doctor->options->target, &read);
	if (!err)
		err = doctor_reviews_plan(doctor->options, &reviews,
					  &requests[READ_REVIEWS]);
	if (!err) {
		plan_reads(doctor, &read, requests, paths);
		err = kube_batch(doctor->options->kube, requests,
				 READ_REVIEWS + reviews.count);
	}
	if (!err)
		take_all(doctor, requests);
	for (size_t i = 0; i < READ_COUNT; i++)
		kube_request_release(&requests[i]);
	for (size_t i = 0; i < 4; i++)
		free(paths[i]);
	kube_secret_read_release(&read);
	doctor_reviews_release(&reviews);
	return err;
}

/* Somebody at work, and a rotation that has not ended. */
static void check_lease(struct doctor *doctor)
{
	const struct doctor_options *o = doctor->options;
	struct kube_lease_facts f = { 0 };
	struct err *err = kube_lease_read(o->kube, &o->target, &f);
	char fix[64];

	(void)snprintf(fix, sizeof(fix), "kubectl keyrot resume %s",
		       f.open ? f.open : "");
	if (f.holder) {
		kr_cleanup(str_freep) char *who = kube_lease_holder_text(&f);

		doctor_say(doctor, DOCTOR_WARNING, "lease", NULL,
			   "a rotation is at work: %s", who ? who : "somebody");
	} else if (f.open) {
		doctor_say(doctor, DOCTOR_WARNING, "lease", fix,
			   "rotation %s has not ended%s%s", f.open,
			   f.step ? ", at step " : "", f.step ? f.step : "");
	}
	kube_lease_facts_release(&f);
	err_free(err);
}

KR_FALLIBLE doctor_run(const struct doctor_options *options)
{
	struct doctor doctor = {
		.options = options,
		.checks = json_add_array(options->result->document, "checks"),
		.role = BUF_INIT(ROLE_MAX_BYTES),
	};
	struct err *err;

	err = ask_cluster(&doctor);
	if (err) {
		doctor_say(&doctor, DOCTOR_FAILED, "cluster",
			   err_hint_text(err), "%s", err_message(err));
		doctor_fail(&doctor, err);
	} else {
		check_lease(&doctor);
	}
	check_store(&doctor);
	check_machine(&doctor);
	print_role(&doctor);
	buf_release(&doctor.role);
	return doctor.first;
}
