/* What one look at the cluster comes to. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "runbook/result.h"
#include "runbook/soak_watch_internal.h"

char *soak_say(const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	return n < 0 ? NULL : text;
}

const char *soak_writer(const struct kube_key_facts *facts)
{
	return facts->owner ? facts->owner : "somebody";
}

/*
 * NULL where the Secret is as it was. What wrote the entry, and when, stands
 * in managedFields, so that a value put back by hand shows although only
 * metadata are read.
 */
static char *compare_secret(const struct soak_watch *watch,
			    const struct kube_key_facts *now)
{
	const struct kube_key_facts *then = &watch->facts;
	const char *name = watch->options.target.secret;

	if (!str_equal(then->uid, now->uid))
		return soak_say("Secret %s was deleted and made again", name);
	if (!str_equal(then->rotation, now->rotation) ||
	    !str_equal(then->fingerprint, now->fingerprint))
		return soak_say("Secret %s was changed by %s: it says another "
				"rotation or fingerprint",
				name, soak_writer(now));
	if (!str_equal(then->owner, now->owner) || then->owned != now->owned ||
	    then->written_ms != now->written_ms)
		return soak_say("entry %s of Secret %s was written by %s",
				watch->options.target.entry, name,
				soak_writer(now));
	return NULL;
}

/* A pod that restarted, or that runs another rotation; NULL where none. */
static char *compare_pods(struct soak_watch *watch,
			  const struct soak_view *view)
{
	const struct kube_pods *pods = &view->consumers->pods;

	for (size_t i = 0; i < pods->count; i++) {
		const struct kube_pod *pod = &pods->items[i];
		long long before;

		if (pod->consumer == CONSUMER_NONE || pod->terminating)
			continue;
		before = json_int(watch->restarts, pod->uid, 0);
		if (pod->restarts > before)
			return soak_say(
				"pod %s restarted%s%s", pod->name,
				pod->trouble.reason ? ": " : "",
				pod->trouble.reason ? pod->trouble.reason : "");
		if (watch->facts.mark && pod->rotation &&
		    !str_equal(pod->rotation, watch->facts.mark))
			return soak_say("pod %s runs another rotation, %s",
					pod->name, pod->rotation);
	}
	return NULL;
}

static int ready_pods(const struct soak_view *view, size_t consumer)
{
	const struct kube_pods *pods = &view->consumers->pods;
	int n = 0;

	for (size_t i = 0; i < pods->count; i++)
		n += pods->items[i].consumer == consumer &&
		     pods->items[i].ready && !pods->items[i].terminating;
	return n;
}

static const char *trouble_of(const struct soak_view *view, size_t consumer)
{
	const struct kube_pods *pods = &view->consumers->pods;

	for (size_t i = 0; i < pods->count; i++)
		if (pods->items[i].consumer == consumer &&
		    pods->items[i].trouble.reason)
			return pods->items[i].trouble.reason;
	return NULL;
}

/* A workload without enough ready pods; *out_fail: for too long. */
static char *compare_ready(struct soak_watch *watch,
			   const struct soak_view *view, bool *out_fail)
{
	char *first = NULL;

	for (size_t i = 0; i < view->consumers->count; i++) {
		const struct consumer *c = &view->consumers->items[i];
		int ready = ready_pods(view, i);
		const char *trouble = trouble_of(view, i);
		long long streak = json_int(watch->streaks, c->uid, 0) + 1;

		if (!consumer_takes_part(c))
			continue;
		if (ready >= c->state.desired)
			streak = 0;
		result_put_int(watch->streaks, c->uid, streak);
		if (!streak)
			continue;
		if (streak > watch->options.not_ready_looks)
			*out_fail = true;
		if (!first)
			first = soak_say("%s %s has %d of %d pods ready%s%s",
					 c->kind, c->name, ready,
					 c->state.desired, trouble ? ": " : "",
					 trouble ? trouble : "");
	}
	return first;
}

void soak_look_found(struct soak_look *out, char *take_message, bool fail)
{
	*out = (struct soak_look){ .outcome = SOAK_BREACH,
				   .fail = fail,
				   .message = take_message };
}

KR_FALLIBLE soak_view_judge(struct soak_watch *watch,
			    const struct soak_view *view, struct soak_look *out)
{
	char *message = compare_secret(watch, &view->facts);
	struct err *err = NULL;
	bool fail = false;

	if (!message)
		message = compare_pods(watch, view);
	if (!message && watch->n_forbid)
		err = soak_logs_search(watch, &view->consumers->pods, &message);
	if (err)
		return err;
	if (message) {
		soak_look_found(out, message, true);
		return NULL;
	}
	message = compare_ready(watch, view, &fail);
	if (message)
		soak_look_found(out, message, fail);
	else
		*out = (struct soak_look){ .outcome = SOAK_OK };
	return NULL;
}
