#include "runbook/soak_watch.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "runbook/soak_watch_internal.h"

#define NOT_READY_LOOKS 2

static void soak_view_release(struct soak_view *view)
{
	kube_key_facts_release(&view->facts);
	kube_consumers_free(view->consumers);
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

void soak_watch_free(struct soak_watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < watch->n_forbid; i++)
		regfree(&watch->forbid[i]);
	free(watch->forbid);
	kube_key_facts_release(&watch->facts);
	json_free(watch->restarts);
	json_free(watch->streaks);
	free(watch);
}

static KR_FALLIBLE compile(struct soak_watch *watch)
{
	const char *const *texts = watch->options.forbid;
	size_t n = count(texts);

	watch->forbid = calloc(n + 1, sizeof(*watch->forbid));
	if (!watch->forbid)
		return err_no_memory();
	for (; watch->n_forbid < n; watch->n_forbid++)
		if (regcomp(&watch->forbid[watch->n_forbid],
			    texts[watch->n_forbid],
			    REG_EXTENDED | REG_NOSUB) != 0)
			return err_new(KR_ECONFIG,
				       "a forbidden pattern is not a regular "
				       "expression (POSIX, extended)");
	return NULL;
}

KR_FALLIBLE soak_watch_new(const struct soak_watch_options *options,
			   struct soak_watch **out)
{
	kr_cleanup(soak_watch_freep) struct soak_watch *watch =
		calloc(1, sizeof(*watch));
	struct err *err;

	if (!watch)
		return err_no_memory();
	watch->options = *options;
	if (watch->options.not_ready_looks <= 0)
		watch->options.not_ready_looks = NOT_READY_LOOKS;
	watch->age_ms = -1;
	watch->restarts = json_object();
	watch->streaks = json_object();
	err = compile(watch);
	if (err)
		return err;
	*out = take_ptr(&watch);
	return NULL;
}

static KR_FALLIBLE take(struct soak_watch *watch, struct soak_view *view,
			struct kube_request *requests)
{
	struct err *err = take_ptr(&requests[0].err);

	if (!err)
		err = kube_key_facts_read(requests[0].object,
					  watch->options.target.entry,
					  &view->facts);
	if (!err)
		err = kube_consumers_take_reads(
			view->consumers, watch->options.kube, &requests[1]);
	return err;
}

/* Metadata of the Secret, workloads and pods: one round trip. */
static KR_FALLIBLE read_view(struct soak_watch *watch, struct soak_view *view)
{
	const struct soak_watch_options *o = &watch->options;
	struct kube_request requests[1 + KUBE_CONSUMER_READS] = { 0 };
	kr_cleanup(str_freep) char *path =
		kube_path(KIND_SECRET, o->target.ns, o->target.secret);
	size_t n = 1;
	struct err *err =
		kube_consumers_new(&o->target, o->consumers,
				   count(o->consumers), 0, &view->consumers);

	if (!err && !path)
		err = err_no_memory();
	if (err)
		return err;
	requests[0] = (struct kube_request){ .method = "GET",
					     .path = path,
					     .what = "the Secret",
					     .flags = KUBE_METADATA };
	kube_consumers_plan_reads(view->consumers, &requests[1]);
	n += kube_consumers_read_count(view->consumers);
	err = kube_batch(o->kube, requests, n);
	if (!err)
		err = take(watch, view, requests);
	for (size_t i = 0; i < n; i++)
		kube_request_release(&requests[i]);
	return err;
}

struct err *soak_watch_look(void *user, struct soak_look *out)
{
	struct soak_watch *watch = user;
	struct soak_view view = { 0 };
	struct err *err = read_view(watch, &view);

	if (!err)
		err = soak_view_judge(watch, &view, out);
	soak_view_release(&view);
	if (!err || err_is(err, KR_EINTERRUPTED))
		return err;
	if (err_is(err, KR_ENOTFOUND)) {
		soak_look_found(out, soak_say("%s", err_message(err)), true);
	} else {
		out->outcome = SOAK_ERROR;
		out->fail = false;
		out->message = soak_say("%s", err_message(err));
	}
	err_free(err);
	return NULL;
}

static KR_FALLIBLE check_expected(const struct soak_watch *watch,
				  const struct kube_key_facts *facts)
{
	const struct soak_watch_options *o = &watch->options;
	/* A rotation writes nothing where its key is already: what stands there
	 * is then of the one before. */
	bool was_there = o->fingerprint && facts->owned;

	if ((!o->rotation || was_there ||
	     str_equal(o->rotation, facts->rotation)) &&
	    (!o->fingerprint || str_equal(o->fingerprint, facts->fingerprint)))
		return NULL;
	return err_set_reason(
		err_new(KR_EGATE,
			"the soak failed: Secret %s does not hold what the "
			"rotation wrote; %s wrote it last",
			o->target.secret, soak_writer(facts)),
		"SoakFailed");
}

static void remember_restarts(struct soak_watch *watch,
			      const struct kube_pods *pods)
{
	for (size_t i = 0; i < pods->count; i++)
		json_set_int(watch->restarts, pods->items[i].uid,
			     pods->items[i].restarts);
}

KR_FALLIBLE soak_watch_begin(struct soak_watch *watch)
{
	struct soak_view view = { 0 };
	struct err *err = read_view(watch, &view);

	if (!err)
		err = check_expected(watch, &view.facts);
	if (!err) {
		remember_restarts(watch, &view.consumers->pods);
		kube_key_facts_release(&watch->facts);
		watch->facts = view.facts;
		memset(&view.facts, 0, sizeof(view.facts));
		watch->looked_ms = clock_boot_ms();
		watch->begun = true;
		if (watch->facts.owned && watch->facts.written_ms)
			watch->age_ms =
				clock_wall_ms() +
				kube_clock_skew_ms(watch->options.kube) -
				watch->facts.written_ms;
		if (watch->age_ms < 0)
			watch->age_ms = watch->facts.owned ? 0 : -1;
	}
	soak_view_release(&view);
	return err;
}

int64_t soak_watch_age_ms(const struct soak_watch *watch)
{
	return watch->age_ms;
}

const char *soak_watch_rotation(const struct soak_watch *watch)
{
	return watch->facts.rotation;
}

const char *soak_watch_fingerprint(const struct soak_watch *watch)
{
	return watch->facts.fingerprint;
}
