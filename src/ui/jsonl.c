/*
 * Progress as JSON Lines: an object when a step begins and when it ends, when
 * a workload's numbers change, and for each message. The command's document
 * follows as the last line.
 */
#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "ui/seen.h"
#include "ui/ui.h"

struct jsonl {
	struct ui ui;
	struct out *out;
	bool goes_on; /* the plan was printed already */
	struct seen seen;
};

static const char *state_word(enum report_state state)
{
	static const char *const words[] = {
		[REPORT_PENDING] = "pending", [REPORT_RUNNING] = "running",
		[REPORT_DONE] = "done",	      [REPORT_SKIPPED] = "skipped",
		[REPORT_FAILED] = "failed",   [REPORT_DRY] = "dry-run",
	};

	return words[state];
}

static struct cJSON *event(const char *kind)
{
	struct cJSON *object = json_object();
	char now[CLOCK_RFC3339_LEN];

	clock_rfc3339(clock_wall_ms(), now);
	json_set_str(object, "apiVersion", "keyrot.dev/v1");
	json_set_str(object, "kind", kind);
	json_set_str(object, "time", now);
	return object;
}

static void emit(struct jsonl *jsonl, const struct cJSON *object)
{
	kr_cleanup(err_freep) struct err *err = NULL;
	char *line;

	err = json_print(object, &line);
	if (err) {
		if (!jsonl->out->failed)
			jsonl->out->failed = take_ptr(&err);
		return;
	}
	out_printf(jsonl->out, "%s\n", line);
	free(line);
}

static void add_step(struct cJSON *object, const struct report_step *step)
{
	json_set_str(object, "target", step->target);
	json_set_str(object, "id", step->id);
	json_set_str(object, "title", step->title);
	json_set_str(object, "state", state_word(step->state));
	json_set_str(object, "detail", step->detail);
	json_set_int(object, "elapsedMs", step->elapsed_ms);
}

static void jsonl_plan(void *user, const struct report_step *steps, size_t n)
{
	const struct jsonl *jsonl = user;
	kr_cleanup(json_freep) struct cJSON *object = event("Plan");
	struct cJSON *list = json_add_array(object, "steps");

	if (jsonl->goes_on)
		return;
	for (size_t i = 0; i < n; i++)
		add_step(json_append_object(list), &steps[i]);
	emit(user, object);
}

static void jsonl_step(void *user, const struct report_step *step)
{
	kr_cleanup(json_freep) struct cJSON *object = event("Step");

	add_step(object, step);
	emit(user, object);
}

static void jsonl_workload(void *user, const struct report_workload *w)
{
	kr_cleanup(json_freep) struct cJSON *object = NULL;

	if (!seen_is_new(&((struct jsonl *)user)->seen, w))
		return;
	object = event("Workload");
	json_set_str(object, "target", w->target);
	json_set_str(object, "workloadKind", w->kind);
	json_set_str(object, "name", w->name);
	json_set_int(object, "desired", w->desired);
	json_set_int(object, "updated", w->updated);
	json_set_int(object, "ready", w->ready);
	json_set_int(object, "old", w->old);
	json_set_str(object, "waitingFor", w->waiting_for);
	json_set_bool(object, "done", w->done);
	json_set_bool(object, "failed", w->failed);
	json_set_int(object, "elapsedMs", w->elapsed_ms);
	emit(user, object);
}

static const char *verdict_word(enum report_verdict verdict)
{
	static const char *const words[] = {
		[REPORT_VERDICT_RUNNING] = "running",
		[REPORT_VERDICT_PASS] = "pass",
		[REPORT_VERDICT_INCONCLUSIVE] = "inconclusive",
		[REPORT_VERDICT_ERROR] = "error",
		[REPORT_VERDICT_FAIL] = "fail",
	};

	return words[verdict];
}

/* NAN is null; JSON has no infinity either. */
static void set_number(struct cJSON *object, const char *name, double value)
{
	if (isfinite(value))
		json_set(object, name, cJSON_CreateNumber(value));
	else
		json_set_str(object, name,
			     isnan(value) ? NULL
			     : value > 0  ? "+Inf"
					  : "-Inf");
}

static void add_metric(struct cJSON *object, const struct report_metric *m)
{
	const char outcome[2] = { m->n ? m->outcomes[m->n - 1] : '\0', '\0' };

	json_set_str(object, "name", m->name);
	set_number(object, "value", m->n ? m->values[m->n - 1] : NAN);
	json_set_str(object, "outcome", m->n ? outcome : NULL);
	set_number(object, "limit", m->limit);
	set_number(object, "baseline", m->baseline);
	json_set_str(object, "verdict", verdict_word(m->verdict));
}

static void jsonl_soak(void *user, const struct report_soak *soak)
{
	kr_cleanup(json_freep) struct cJSON *object = event("Sample");
	struct cJSON *metrics;

	json_set_str(object, "target", soak->target);
	json_set_int(object, "tick", (long long)soak->tick);
	json_set_int(object, "ticks", (long long)soak->ticks);
	json_set_int(object, "elapsedMs", soak->elapsed_ms);
	json_set_int(object, "totalMs", soak->total_ms);
	json_set_str(object, "verdict", verdict_word(soak->verdict));
	json_set_str(object, "reason", soak->reason);
	json_set_bool(object, "done", soak->done);
	metrics = json_add_array(object, "metrics");
	for (size_t i = 0; i < soak->n_metrics; i++)
		add_metric(json_append_object(metrics), &soak->metrics[i]);
	emit(user, object);
}

static void jsonl_message(void *user, enum report_level level, const char *text)
{
	kr_cleanup(json_freep) struct cJSON *object = event("Message");

	json_set_str(object, "level",
		     level == REPORT_WARNING ? "warning" : "info");
	json_set_str(object, "text", text);
	emit(user, object);
}

static void jsonl_log_line(void *user, const char *pod, const char *container,
			   const char *line)
{
	kr_cleanup(json_freep) struct cJSON *object = event("Log");

	json_set_str(object, "pod", pod);
	json_set_str(object, "container", container);
	json_set_str(object, "line", line);
	emit(user, object);
}

static void jsonl_tick(void *user)
{
	(void)user;
}

static void jsonl_close(struct ui *ui)
{
	struct jsonl *jsonl = (struct jsonl *)ui;

	seen_release(&jsonl->seen);
	free(jsonl);
}

KR_FALLIBLE ui_jsonl_open(const struct ui_options *options, struct ui **out)
{
	struct jsonl *jsonl = calloc(1, sizeof(*jsonl));

	if (!jsonl)
		return err_new(KR_ENOMEM, "out of memory for output");
	jsonl->out = options->out;
	jsonl->goes_on = options->goes_on;
	jsonl->ui = (struct ui){
		.reporter = { .user = jsonl,
			      .plan = jsonl_plan,
			      .step = jsonl_step,
			      .workload = jsonl_workload,
			      .soak = jsonl_soak,
			      .message = jsonl_message,
			      .log_line = jsonl_log_line,
			      .tick = jsonl_tick },
		.close = jsonl_close,
	};
	*out = &jsonl->ui;
	return NULL;
}
