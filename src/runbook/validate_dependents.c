/* The workloads that depend on the service live with its new key. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "kube/consumers.h"
#include "kube/logs.h"
#include "runbook/validate_internal.h"

#define WATCH_MS  (5 * 1000)
#define MARGIN_MS 1000 /* container starts are told in whole seconds */

/* What programs write when a value cannot be decrypted. */
static const char *const usual_words[] = {
	"([Dd]ecrypt(ion|ing)?|DECRYPT(ION|ING)?)[^A-Za-z]+([A-Za-z]+ )?([Ff]ail|[Ee]rror|FAIL|ERROR)",
	"([Ff]ailed|[Uu]nable|[Cc]annot|[Cc]ould not|[Ee]rror) (to )?(while )?[Dd]ecrypt",
	"([Ii]nvalid|[Bb]ad|[Ww]rong|[Uu]nknown) ([Ee]ncryption |[Dd]ecryption |[Ss]ecret )?([Kk]ey|[Tt]ag|[Pp]adding|MAC|mac)([^A-Za-z]|$)",
	"InvalidTag|InvalidToken|AEADBadTag|BadPadding|cipher: message authentication failed",
	NULL,
};

struct watching {
	struct check *check;
	const struct validate_place *place;
	const char *const *forbid;
	struct kube_consumers *consumers;
	const struct kube_pod **pods;
	size_t count;
};

static KR_FALLIBLE failed(const struct watching *w, const char *what,
			  const char *name, const char *how)
{
	struct err *err = check_failed(w->check, "%s: %s %s %s",
				       w->place->context, what, name, how);

	return err_set_reason(err, "DependentFailed");
}

static KR_FALLIBLE judge_pod(const struct watching *w,
			     const struct kube_pod *pod)
{
	int64_t changed_ms = w->place->changed_ms;

	if (pod->terminating)
		return NULL;
	if (pod->restarts > 0 && changed_ms > 0 &&
	    (pod->started_ms == 0 || pod->started_ms + MARGIN_MS > changed_ms))
		return failed(w, "pod", pod->name,
			      "has restarted since the key was changed");
	if (!pod->ready)
		return failed(w, "pod", pod->name,
			      pod->trouble.reason ? pod->trouble.reason
						  : "is not ready");
	return NULL;
}

static KR_FALLIBLE judge_consumer(const struct watching *w, size_t at)
{
	const struct consumer *c = &w->consumers->items[at];
	const struct kube_pods *pods = &w->consumers->pods;
	struct err *err = NULL;

	if (!c->named)
		return NULL;
	if (!consumer_takes_part(c))
		return failed(
			w, c->kind, c->name,
			"has no pods that stay: only Deployments, StatefulSets and DaemonSets can be watched");
	for (size_t i = 0; !err && i < pods->count; i++)
		if (pods->items[i].consumer == at)
			err = judge_pod(w, &pods->items[i]);
	if (!err && c->state.ready < c->state.desired)
		err = failed(w, c->kind, c->name, "lacks pods that are ready");
	return err;
}

static KR_FALLIBLE judge_all(const struct watching *w)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < w->consumers->count; i++)
		err = judge_consumer(w, i);
	return err;
}

static KR_FALLIBLE look(struct watching *w)
{
	const char *const *names =
		(const char *const *)w->check->options->config->dependents;
	size_t n = 0;
	struct err *err;

	while (names[n])
		n++;
	kube_consumers_free(take_ptr(&w->consumers));
	err = kube_consumers_read(w->place->kube, &w->place->target, names, n,
				  0, &w->consumers);
	return err ? err_wrap(err, "%s", w->place->context) : judge_all(w);
}

static KR_FALLIBLE choose_pods(struct watching *w)
{
	const struct kube_pods *pods = &w->consumers->pods;

	w->count = 0;
	w->pods = calloc(pods->count + 1, sizeof(*w->pods));
	if (!w->pods)
		return err_no_memory();
	for (size_t i = 0; i < pods->count; i++) {
		const struct kube_pod *pod = &pods->items[i];

		if (pod->consumer < w->consumers->count && !pod->terminating &&
		    w->consumers->items[pod->consumer].named)
			w->pods[w->count++] = pod;
	}
	return NULL;
}

static bool holds_key(void *user, const char *line, size_t len)
{
	const struct watching *w = user;

	return check_holds_key(w->check, line, len);
}

static void on_match(void *user, const char *pod, const char *container,
		     const char *line)
{
	const struct watching *w = user;
	const struct reporter *r = w->check->options->reporter;

	if (r->log_line)
		r->log_line(r->user, pod, container, line);
}

static void on_tick(void *user)
{
	const struct watching *w = user;
	const struct reporter *r = w->check->options->reporter;

	if (r->tick)
		r->tick(r->user);
}

static KR_FALLIBLE judge_logs(const struct watching *w,
			      const struct logs_result *logs)
{
	for (size_t i = 0; i < logs->count; i++) {
		const struct logs_pod_result *log = &logs->pods[i];

		if (log->state != LOGS_PASSED)
			return failed(w, "pod", log->pod,
				      logs_fault(log->state));
	}
	return NULL;
}

static int64_t since_ms(const struct watching *w)
{
	int64_t now_ms = clock_wall_ms() + kube_clock_skew_ms(w->place->kube);

	if (w->place->changed_ms <= 0 || now_ms <= w->place->changed_ms)
		return w->place->changed_ms > 0 ? 1000 : 0;
	return now_ms - w->place->changed_ms;
}

static KR_FALLIBLE read_logs(struct watching *w)
{
	struct logs_options options = {
		.ns = w->place->target.ns,
		.forbid = w->forbid,
		.within_ms = WATCH_MS,
		.since_ms = since_ms(w),
		.holds_key = holds_key,
		.on_match = on_match,
		.on_tick = on_tick,
		.user = w,
	};
	struct logs_result logs = { 0 };
	struct err *err = choose_pods(w);

	while (w->forbid[options.forbid_count])
		options.forbid_count++;
	if (!err)
		err = kube_logs_verify(w->place->kube, w->pods, w->count,
				       &options, &logs);
	if (!err)
		err = judge_logs(w, &logs);
	logs_result_release(&logs);
	free(w->pods);
	w->pods = NULL;
	return err;
}

static KR_FALLIBLE watch_place(struct check *check,
			       const struct validate_place *place)
{
	const struct config_environment *e = check->options->environment;
	struct watching w = {
		.check = check,
		.place = place,
		.forbid = e && e->verify.forbid
				  ? (const char *const *)e->verify.forbid
				  : usual_words,
	};
	struct err *err = look(&w);

	if (!err)
		err = read_logs(&w);
	/* They stay ready: once more at the end. */
	if (!err)
		err = look(&w);
	kube_consumers_free(w.consumers);
	return err;
}

KR_FALLIBLE check_dependents(struct check *check)
{
	const struct validate_options *o = check->options;
	struct err *err = NULL;

	for (size_t i = 0; !err && i < o->n_places; i++)
		err = watch_place(check, &o->places[i]);
	return err;
}
