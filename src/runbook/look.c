#include "runbook/look.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "kube/names.h"

/* Entries of a Secret that are looked at for a suggestion. */
#define MAX_SUGGESTED 100

static size_t count_names(const char *const *names)
{
	size_t n = 0;

	while (names && names[n])
		n++;
	return n;
}

void look_warn(const struct look_options *options, const char *format, ...)
{
	const struct reporter *r = options->reporter;
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	result_warn(options->result, "%s", text);
	if (r->message)
		r->message(r->user, REPORT_WARNING, text);
	free(text);
}

struct err *look_no_secret(struct kube *kube, const struct kube_target *t)
{
	kr_cleanup(str_freep) char *name =
		kube_names_suggest(kube, KIND_SECRET, t->ns, t->secret);
	kr_cleanup(str_freep) char *ns =
		name ? NULL
		     : kube_names_suggest(kube, KIND_NAMESPACE, NULL, t->ns);
	const char *near = name;

	if (ns && strcmp(ns, t->ns) != 0)
		near = ns;
	return err_new(KR_ENOTFOUND,
		       "Secret %s is not in namespace %s of %s%s%s%s%s",
		       t->secret, t->ns, kube_access_of(kube)->context,
		       near ? "; did you mean " : "",
		       near && near == ns ? "namespace " : "", near ? near : "",
		       near ? "?" : "");
}

const char *look_near_entry(const struct kube_secret *secret)
{
	const char *names[MAX_SUGGESTED + 1] = { NULL };

	for (size_t i = 0; i < secret->entry_count && i < MAX_SUGGESTED; i++)
		names[i] = secret->entries[i];
	return text_suggest(secret->entry, names);
}

static struct err *not_there(const struct look_options *o,
			     const struct kube_secret *secret)
{
	const struct kube_target *t = &o->target;
	const char *near;

	if (!secret->exists)
		return err_hint(look_no_secret(o->kube, t),
				"name another with --secret or --namespace");
	near = look_near_entry(secret);
	return err_hint(err_new(KR_ENOTFOUND,
				"Secret %s/%s has no entry %s%s%s%s", t->ns,
				t->secret, t->entry,
				near ? "; did you mean " : "", near ? near : "",
				near ? "?" : ""),
			"name another with --entry");
}

static struct err *take(const struct look_options *o, struct look *look,
			struct kube_request *requests)
{
	struct err *err =
		kube_secret_take(&o->target, &requests[0], &look->secret);

	if (!err &&
	    (!look->secret->exists || !kube_secret_has_entry(look->secret)))
		err = not_there(o, look->secret);
	if (!err)
		err = kube_consumers_take_reads(look->consumers, o->kube,
						&requests[1]);
	return err;
}

static struct err *read_all(const struct look_options *o, struct look *look)
{
	struct kube_request requests[1 + KUBE_CONSUMER_READS] = { 0 };
	struct kube_secret_read read;
	size_t n = 1 + kube_consumers_read_count(look->consumers);
	struct err *err = kube_secret_plan_read(&o->target, &read);

	if (err)
		return err;
	requests[0] = read.request;
	kube_consumers_plan_reads(look->consumers, &requests[1]);
	err = kube_batch(o->kube, requests, n);
	if (!err)
		err = take(o, look, requests);
	for (size_t i = 0; i < n; i++)
		kube_request_release(&requests[i]);
	kube_secret_read_release(&read);
	return err;
}

KR_FALLIBLE look_read(const struct look_options *o, struct look *out)
{
	struct look look = { 0 };
	struct err *err = kube_consumers_new(&o->target, o->consumers,
					     count_names(o->consumers), 0,
					     &look.consumers);

	if (!err)
		err = read_all(o, &look);
	if (err) {
		look_release(&look);
		return err;
	}
	for (size_t i = 0; i < look.consumers->warning_count; i++)
		look_warn(o, "%s", look.consumers->warnings[i]);
	*out = look;
	return NULL;
}

void look_release(struct look *look)
{
	kube_secret_free(look->secret);
	kube_consumers_free(look->consumers);
	*look = (struct look){ 0 };
}

/* As keyrot.yaml says, or as this program left it. */
static bool is_ring(const struct look_options *o, const struct kube_secret *s)
{
	return o->target.keyring || s->ring[RING_NEXT].ours ||
	       s->ring[RING_PREVIOUS].ours;
}

struct cJSON *look_add_target(const struct look_options *o,
			      const struct look *look)
{
	const struct kube_access *access = kube_access_of(o->kube);
	const struct result_target names = {
		.context = access->context,
		.cluster = access->cluster,
		.namespace_ = o->target.ns,
		.secret = o->target.secret,
		.entry = o->target.entry,
	};
	struct cJSON *target = result_add_target(o->result, &names);

	if (!look->secret)
		return target;
	result_put_str(target, "fingerprint", look->secret->live_fingerprint);
	result_put_str(target, "resourceVersion",
		       look->secret->facts.resource_version);
	if (is_ring(o, look->secret))
		result_put_keyring(
			target, look->secret->live_fingerprint,
			look->secret->ring[RING_NEXT].fingerprint,
			look->secret->ring[RING_PREVIOUS].fingerprint);
	return target;
}

struct cJSON *look_add_consumer(struct cJSON *target,
				const struct consumer *consumer)
{
	const struct consumer_state *s = &consumer->state;
	const struct result_counts counts = {
		.desired = s->desired,
		.updated = s->updated,
		.ready = s->ready,
		.old = s->replicas > s->updated ? s->replicas - s->updated : 0,
	};
	struct cJSON *object =
		result_add_consumer(target, consumer->kind, consumer->name);

	if (consumer->role == CONSUMER_RESTARTED)
		result_put_counts(object, &counts);
	return object;
}
