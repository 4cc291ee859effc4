#include "runbook/verify.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/logs.h"
#include "secret/search.h"

#define WITHIN_MS      (2 * 60 * 1000)
#define WITHIN_IDLE_MS (10 * 1000)
/* Pods that are named one by one; the result has all of them. */
#define NAMED_MAX 5

struct verifying {
	const struct verify_options *options;
	struct look look;
	struct secret_search *searched; /* for the Secret's key */
	/* Those that run the Secret's key: their logs are read. */
	const struct kube_pod **pods;
	size_t count;
	size_t others; /* pods of consumers that do not, or may not */
	struct logs_result logs;
};

static size_t count_of(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void report(const struct verifying *v, enum report_state state,
		   int64_t elapsed_ms)
{
	const struct look_options *o = &v->options->look;
	const struct report_step step = {
		.target = kube_access_of(o->kube)->context,
		.id = "verify-logs",
		.title = "Read the logs of the pods that run the new key",
		.state = state,
		.elapsed_ms = elapsed_ms,
	};

	if (o->reporter->step)
		o->reporter->step(o->reporter->user, &step);
}

/* Nothing can be said about pods of a Secret that this program did not write.
 */
static struct err *check_secret(const struct verifying *v)
{
	const struct kube_secret *s = v->look.secret;
	struct err *err;

	if (s->facts.owned && s->facts.rotation &&
	    str_equal(s->facts.fingerprint, s->live_fingerprint))
		return NULL;
	err = err_new(
		KR_EGATE,
		"entry %s of Secret %s/%s was last written by \"%s\": which pods run that key cannot be told",
		s->entry, s->ns, s->name,
		s->facts.owner ? s->facts.owner : "somebody");
	err = err_set_reason(err, "NotRotated");
	return err_hint(err, "kubectl keyrot apply --context %s -n %s",
			kube_access_of(v->options->look.kube)->context, s->ns);
}

static bool runs_key(const struct verifying *v, const struct kube_pod *pod)
{
	return str_equal(kube_pod_fingerprint(pod, &v->look.secret->facts),
			 v->look.secret->live_fingerprint);
}

static bool counts(const struct verifying *v, const struct kube_pod *pod)
{
	return pod->consumer < v->look.consumers->count &&
	       consumer_takes_part(&v->look.consumers->items[pod->consumer]);
}

static struct err *choose_pods(struct verifying *v)
{
	const struct kube_pods *pods = &v->look.consumers->pods;

	v->pods = calloc(pods->count + 1, sizeof(*v->pods));
	if (!v->pods)
		return err_no_memory();
	for (size_t i = 0; i < pods->count; i++) {
		const struct kube_pod *pod = &pods->items[i];

		if (!counts(v, pod))
			continue;
		if (!runs_key(v, pod) || pod->terminating) {
			v->others++;
			if (v->others <= NAMED_MAX)
				look_warn(
					&v->options->look,
					"pod %s is not known to run the key of the Secret",
					pod->name);
			continue;
		}
		v->pods[v->count++] = pod;
	}
	if (v->count)
		return NULL;
	if (v->options->may_be_empty && !v->others) {
		look_warn(
			&v->options->look,
			"no pod is to run the key of Secret %s: nothing was looked at",
			v->look.secret->name);
		return NULL;
	}
	return err_set_reason(
		err_new(KR_EGATE,
			"no pod runs the key of Secret %s: there is no log to read",
			v->look.secret->name),
		"NoPods");
}

static bool holds_key(void *user, const char *line, size_t len)
{
	const struct verifying *v = user;

	return secret_search_finds(v->searched, line, len);
}

static void on_match(void *user, const char *pod, const char *container,
		     const char *line)
{
	const struct verifying *v = user;
	const struct reporter *r = v->options->look.reporter;

	if (r->log_line)
		r->log_line(r->user, pod, container, line);
}

static void on_tick(void *user)
{
	const struct verifying *v = user;
	const struct reporter *r = v->options->look.reporter;

	if (r->tick)
		r->tick(r->user);
}

/* Logs are read for minutes, and the key itself is not needed for that. */
static struct err *forget_key(struct verifying *v)
{
	struct err *err = secret_search_new(&v->searched);

	if (!err)
		err = secret_search_add(v->searched, v->look.secret->live);
	kube_secret_forget(v->look.secret);
	return err;
}

static struct err *read_logs(struct verifying *v)
{
	const struct verify_options *o = v->options;
	struct logs_options logs = {
		.ns = o->look.target.ns,
		.expect = o->expect,
		.expect_count = count_of(o->expect),
		.forbid = o->forbid,
		.forbid_count = count_of(o->forbid),
		.within_ms = o->within_ms,
		.since_ms = o->since_ms,
		.holds_key = holds_key,
		.on_match = on_match,
		.on_tick = on_tick,
		.user = v,
	};
	int64_t began_ms = clock_boot_ms();
	struct err *err;

	if (!logs.expect_count && !o->nothing_expected)
		look_warn(
			&o->look,
			"no expected line is named: only restarts, forbidden lines and the key itself are looked for");
	if (logs.within_ms < 0)
		logs.within_ms = logs.expect_count ? WITHIN_MS : WITHIN_IDLE_MS;
	report(v, REPORT_RUNNING, 0);
	err = kube_logs_verify(o->look.kube, v->pods, v->count, &logs,
			       &v->logs);
	report(v, err || !v->logs.passed ? REPORT_FAILED : REPORT_DONE,
	       clock_boot_ms() - began_ms);
	return err;
}

static const struct logs_pod_result *log_of(const struct verifying *v,
					    const char *pod)
{
	for (size_t i = 0; i < v->logs.count; i++) {
		if (strcmp(v->logs.pods[i].pod, pod) == 0)
			return &v->logs.pods[i];
	}
	return NULL;
}

static void add_pod(const struct verifying *v, struct cJSON *pods,
		    const struct kube_pod *pod)
{
	const struct logs_pod_result *log = log_of(v, pod->name);
	struct cJSON *object = json_append_object(pods);

	json_set_str(object, "name", pod->name);
	json_set_str(object, "fingerprint",
		     kube_pod_fingerprint(pod, &v->look.secret->facts));
	json_set_bool(object, "ready", pod->ready);
	json_set_str(object, "container",
		     log ? log->container : pod->container);
	json_set_str(object, "verdict",
		     log ? logs_state_name(log->state) : "NotRead");
	json_set_int(object, "expected",
		     (long long)count_of(v->options->expect));
	json_set_int(object, "seen", log ? (long long)log->seen : 0);
	json_set_int(object, "lines", log ? (long long)log->lines : 0);
	json_set_int(object, "restarts", log ? log->restarts : pod->restarts);
	json_set_str(object, "message", log ? log->message : NULL);
}

static void fill_result(const struct verifying *v)
{
	const struct kube_consumers *c = v->look.consumers;
	struct cJSON *target = look_add_target(&v->options->look, &v->look);

	result_set_rotation(v->options->look.result,
			    v->look.secret->facts.rotation);
	for (size_t i = 0; i < c->count; i++) {
		struct cJSON *pods;

		if (!consumer_takes_part(&c->items[i]))
			continue;
		pods = json_member_mut(look_add_consumer(target, &c->items[i]),
				       "pods");
		for (size_t p = 0; p < c->pods.count; p++) {
			if (c->pods.items[p].consumer == i)
				add_pod(v, pods, &c->pods.items[p]);
		}
	}
}

static struct err *verdict(const struct verifying *v)
{
	const struct logs_pod_result *first = NULL;
	size_t failed = 0;
	struct err *err;

	for (size_t i = 0; i < v->logs.count; i++) {
		const struct logs_pod_result *log = &v->logs.pods[i];

		if (log->state == LOGS_PASSED)
			continue;
		/* Key material in a log is the worst that can be said. */
		if (!first ||
		    (log->state == LOGS_KEY && first->state != LOGS_KEY))
			first = log;
		if (++failed <= NAMED_MAX)
			look_warn(&v->options->look, "pod %s %s%s%s", log->pod,
				  logs_fault(log->state),
				  log->message ? ": " : "",
				  log->message ? log->message : "");
	}
	if (first) {
		err = err_new(KR_EGATE, "%zu of %zu pods failed: pod %s %s",
			      failed, v->logs.count, first->pod,
			      logs_fault(first->state));
		err = err_set_reason(err, logs_state_name(first->state));
		/* Not a log that the key stands in. */
		if (first->state == LOGS_KEY)
			return err;
		return err_hint(err, "kubectl logs --context %s -n %s %s -c %s",
				kube_access_of(v->options->look.kube)->context,
				v->options->look.target.ns, first->pod,
				first->container);
	}
	if (!v->others)
		return NULL;
	err = err_new(
		KR_EGATE,
		"%zu of %zu pods are not known to run the key of Secret %s",
		v->others, v->others + v->count, v->look.secret->name);
	return err_set_reason(err, "OldPods");
}

static struct err *check_patterns(const char *const *list)
{
	struct err *err = NULL;

	for (; !err && list && *list; list++)
		err = kube_logs_check_pattern(*list);
	return err;
}

KR_FALLIBLE verify_run(const struct verify_options *options)
{
	struct verifying v = { .options = options };
	struct err *err = check_patterns(options->expect);

	if (!err)
		err = check_patterns(options->forbid);
	if (!err)
		err = look_read(&options->look, &v.look);

	if (err)
		return err;
	err = check_secret(&v);
	if (!err)
		err = choose_pods(&v);
	if (!err)
		err = forget_key(&v);
	if (!err && v.count)
		err = read_logs(&v);
	fill_result(&v);
	if (!err)
		err = verdict(&v);
	logs_result_release(&v.logs);
	free(v.pods);
	secret_search_free(v.searched);
	look_release(&v.look);
	return err;
}
