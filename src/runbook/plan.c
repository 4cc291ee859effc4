#include "runbook/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kube/path.h"

#define MAX_LINE 4096

static void expand_line(const struct run *run, const char *kubectl,
			const char *workload, struct cJSON *lines)
{
	const struct kube_target *t = &run->options.target;
	struct buf line = BUF_INIT(MAX_LINE);

	step_kubectl(
		kubectl,
		&(struct step_names){
			.context = kube_access_of(run->options.kube)->context,
			.ns = t->ns,
			.secret = t->secret,
			.entry = t->entry,
			.workload = workload,
		},
		&line);
	json_append_str(lines, buf_str(&line));
	buf_release(&line);
}

void plan_expand(const struct run *run, const char *kubectl,
		 struct cJSON *lines)
{
	if (!strstr(kubectl, "%w")) {
		expand_line(run, kubectl, "", lines);
		return;
	}
	for (size_t i = 0; run->consumers && i < run->consumers->count; i++) {
		const struct consumer *c = &run->consumers->items[i];
		struct buf name = BUF_INIT(MAX_LINE);

		buf_printf(&name, "%s/%s",
			   c->kube_kind < KIND_COUNT
				   ? kube_kind_info(c->kube_kind)->singular
				   : c->kind,
			   c->name);
		if (c->role == CONSUMER_RESTARTED)
			expand_line(run, kubectl, buf_str(&name), lines);
		buf_release(&name);
	}
}

static void write_step(struct run *run, const struct step *step, size_t number,
		       bool done, struct cJSON *steps)
{
	struct cJSON *row = json_append_object(steps);
	struct cJSON *lines;
	const struct cJSON *line;
	struct buf *text = &run->options.result->text;

	json_set_str(row, "id", step->id);
	json_set_str(row, "title", step->title);
	json_set_bool(row, "writes", step->flags & STEP_WRITES);
	json_set_bool(row, "done", done);
	lines = json_add_array(row, "kubectl");
	if (step->kubectl)
		plan_expand(run, step->kubectl, lines);
	buf_printf(text, "%2zu  %s%s\n", number, step->title,
		   done ? "  (nothing left to do)" : "");
	for (line = json_first(lines); line; line = json_next(line))
		buf_printf(text, "      %s\n", json_text(line));
}

/* Steps that look at the cluster are told apart by not writing. */
static KR_FALLIBLE observe(struct run *run, const struct step *step,
			   bool *out_done)
{
	*out_done = false;
	if (!step->observe || !run->secret || !*run->fingerprint)
		return NULL;
	return step->observe(run, out_done);
}

static KR_FALLIBLE write_steps(struct run *run, const struct step *steps)
{
	struct cJSON *list =
		json_add_array(run->options.result->document, "steps");
	struct err *first = NULL;
	size_t number = 0;

	for (; steps->id; steps++) {
		bool done = false;
		struct err *err;

		if (!step_is_of_mode(steps, run))
			continue;
		err = observe(run, steps, &done);

		if (first)
			err_free(err);
		else
			first = err;
		write_step(run, steps, ++number, done, list);
	}
	return first;
}

void plan_say_mixed(struct result *result)
{
	result_warn(result, "%s", RUN_MIXED_SENTENCE);
	buf_printf(&result->text, "\n%s\n", RUN_MIXED_SENTENCE);
}

static void say_target(const struct run *run)
{
	const struct kube_access *access = kube_access_of(run->options.kube);
	const struct kube_target *t = &run->options.target;
	struct buf *text = &run->options.result->text;

	buf_printf(text,
		   "Entry %s of Secret %s, namespace %s, context %s (%s)\n",
		   t->entry, t->secret, t->ns, access->context, access->origin);
	if (run->secret && kube_secret_has_entry(run->secret))
		buf_printf(text, "now %.12s", run->secret->live_fingerprint);
	else
		buf_puts(text, "now no such entry");
	if (*run->fingerprint)
		buf_printf(text, ", to become %.12s", run->fingerprint);
	buf_puts(text, "\n\n");
}

KR_FALLIBLE plan_make(struct run *run, const struct step *steps)
{
	struct err *refused = NULL;
	struct err *err = step_read(run);

	if (err)
		return err;
	refused = step_check(run);
	if (run->key_source.given)
		err = secret_fingerprint(run->key_source.given,
					 run->fingerprint);
	if (err) {
		err_free(refused);
		return err;
	}
	say_target(run);
	err = write_steps(run, steps);
	if (!run->options.target.keyring)
		plan_say_mixed(run->options.result);
	if (!refused)
		return err;
	err_free(err);
	return refused;
}
