#include "runbook/status.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/lease.h"

/* Pods of one consumer, or of all. */
struct tally {
	long long all;
	long long on_key;
	long long older;   /* started before the key was written */
	long long unknown; /* neither is known */
};

static void count_pod(struct tally *t, const struct kube_pod *pod,
		      const struct kube_secret *secret)
{
	const char *runs = kube_pod_fingerprint(pod, &secret->facts);

	t->all++;
	if (runs && strcmp(runs, secret->live_fingerprint) == 0)
		t->on_key++;
	else if (runs || ((pod->entry_how & USE_FIXED_AT_START) &&
			  kube_pod_is_older(pod, &secret->facts)))
		t->older++;
	else
		t->unknown++;
}

static void set_tally(struct cJSON *object, const struct tally *t)
{
	json_set_int(object, "podsOnKey", t->on_key);
	json_set_int(object, "podsOlder", t->older);
	json_set_int(object, "podsUnknown", t->unknown);
}

static void add_time(struct cJSON *object, const char *name, int64_t ms)
{
	char text[CLOCK_RFC3339_LEN];

	if (!ms) {
		json_set_null(object, name);
		return;
	}
	clock_rfc3339(ms, text);
	json_set_str(object, name, text);
}

int64_t status_key_since_ms(const struct kube_key_facts *f)
{
	int64_t since_ms = f->written_ms;

	/* A keyring is written around a key that stays as it is. */
	if (f->owned && f->state != RING_CURRENT && f->rotated_at)
		(void)clock_parse_rfc3339(f->rotated_at, &since_ms);
	return since_ms;
}

static void describe_key(const struct look_options *o,
			 const struct kube_secret *secret, struct cJSON *target)
{
	const struct kube_key_facts *f = &secret->facts;
	int64_t now = clock_wall_ms() + kube_clock_skew_ms(o->kube);
	int64_t since_ms = status_key_since_ms(f);
	int64_t age_ms = since_ms ? now - since_ms : -1;

	/* Annotations speak of a value that somebody may have replaced. */
	json_set_str(target, "rotation", f->owned ? f->rotation : NULL);
	json_set_str(target, "operator", f->owned ? f->operator_ : NULL);
	json_set_str(target, "rotatedAt", f->owned ? f->rotated_at : NULL);
	json_set_str(target, "owner", f->owner);
	json_set_bool(target, "ownedByKeyrot", f->owned);
	json_set_str(target, "recordedFingerprint", f->fingerprint);
	add_time(target, "writtenAt", f->written_ms);
	if (age_ms >= 0)
		json_set_int(target, "ageSeconds", age_ms / 1000);
	else
		json_set_null(target, "ageSeconds");
	json_set_bool(target, "immutable", f->immutable);
}

static void add_consumer(const struct look *look, size_t index,
			 struct cJSON *target, struct tally *total)
{
	const struct kube_consumers *c = look->consumers;
	const struct consumer *item = &c->items[index];
	struct cJSON *object = look_add_consumer(target, item);
	struct tally tally = { 0 };

	for (size_t i = 0; i < c->pods.count; i++) {
		const struct kube_pod *pod = &c->pods.items[i];

		if (pod->consumer != index)
			continue;
		result_add_pod(object, pod->name,
			       kube_pod_fingerprint(pod, &look->secret->facts),
			       pod->ready);
		if (item->use.entry_how || item->named)
			count_pod(&tally, pod, look->secret);
	}
	json_set_bool(object, "usesEntry", item->use.entry_how != 0);
	json_set_bool(object, "restartable", item->role == CONSUMER_RESTARTED);
	set_tally(object, &tally);
	total->all += tally.all;
	total->on_key += tally.on_key;
	total->older += tally.older;
	total->unknown += tally.unknown;
}

/* Who is at work, and what has not ended; null where that cannot be read. */
static void describe_lease(const struct look_options *o, struct cJSON *target)
{
	struct kube_lease_facts f = { 0 };
	struct err *err = kube_lease_read(o->kube, &o->target, &f);
	struct cJSON *object;

	if (err || !(f.holder || f.open)) {
		json_set_null(target, "lease");
	} else {
		object = json_add_object(target, "lease");
		json_set_str(object, "holder", f.holder);
		json_set_str(object, "rotation", f.rotation);
		json_set_str(object, "operator", f.operator_);
		json_set_str(object, "host", f.host);
		json_set_str(object, "step", f.step);
		json_set_str(object, "renewedAt", f.renewed);
		json_set_str(object, "open", f.open);
		json_set_str(object, "undoes", f.undone);
	}
	kube_lease_facts_release(&f);
	err_free(err);
}

KR_FALLIBLE status_read(const struct look_options *options,
			const char *environment)
{
	struct look look;
	struct err *err = look_read(options, &look);
	struct tally total = { 0 };
	struct cJSON *target;

	if (err)
		return err;
	target = look_add_target(options, &look);
	json_set_str(target, "environment", environment);
	describe_key(options, look.secret, target);
	describe_lease(options, target);
	for (size_t i = 0; i < look.consumers->count; i++)
		add_consumer(&look, i, target, &total);
	set_tally(target, &total);
	look_release(&look);
	return NULL;
}

void status_unread(const struct result_target *names, const char *environment,
		   const struct err *err, struct result *result)
{
	struct cJSON *target = result_add_target(result, names);

	json_set_str(target, "environment", environment);
	result_put_str(target, "state", err_message(err));
}

KR_PRINTF(3, 4)
static void add_drift(struct cJSON *drift, const struct cJSON *target,
		      const char *format, ...)
{
	struct cJSON *object = json_append_object(drift);
	char *message = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&message, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	json_set_str(object, "environment", json_str(target, "environment"));
	json_set_str(object, "context", json_str(target, "context"));
	json_set_str(object, "message", message);
	free(message);
}

static const char *name_of(const struct cJSON *target)
{
	const char *environment = json_str(target, "environment");

	return environment ? environment : json_str_or(target, "context", "?");
}

/* A target against what its own annotations and pods say. */
static void compare_within(struct cJSON *drift, const struct cJSON *target)
{
	const char *live = json_str(target, "fingerprint");
	const char *recorded = json_str(target, "recordedFingerprint");
	long long older = json_int(target, "podsOlder", 0);

	if (recorded && live && strcmp(recorded, live) != 0)
		add_drift(drift, target,
			  "the key was changed after its rotation by \"%s\"",
			  json_str_or(target, "owner", "?"));
	if (older)
		add_drift(drift, target,
			  "%lld pod%s started before the key was written",
			  older, older == 1 ? "" : "s");
}

/* A target against the nearest one before it that could be read. */
static void compare_with(struct cJSON *drift, const struct cJSON *target,
			 const struct cJSON *before)
{
	const char *live = json_str(target, "fingerprint");
	const char *other = json_str(before, "fingerprint");

	if (!live || !other || strcmp(live, other) == 0)
		return;
	if (str_equal(json_str(target, "environment"),
		      json_str(before, "environment")))
		add_drift(drift, target, "%s holds another key than %s",
			  json_str_or(target, "context", "?"),
			  json_str_or(before, "context", "?"));
	else
		add_drift(drift, target, "%s holds another key than %s",
			  name_of(target), name_of(before));
}

void status_compare(struct result *result)
{
	const struct cJSON *before = NULL;
	const struct cJSON *target =
		json_first(json_member(result->document, "targets"));
	struct cJSON *drift = json_add_array(result->document, "drift");

	for (; target; target = json_next(target)) {
		compare_within(drift, target);
		if (before)
			compare_with(drift, target, before);
		if (json_str(target, "fingerprint"))
			before = target;
	}
}
