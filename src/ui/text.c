/*
 * Progress as plain lines, for pipes, logs and simple terminals: one line
 * when a step is over, one whenever a workload's numbers change.
 */
#include <string.h>

#include "base/clock.h"
#include "ui/seen.h"
#include "ui/textsoak.h"
#include "ui/ui.h"

/* A step that takes longer than this is named while it runs. */
#define QUIET_MS 2000

struct text {
	struct ui ui;
	struct out *out;
	bool many_targets;
	struct seen seen;
	char *running; /* title of the step that runs, not yet shown */
	int64_t running_since_ms;
};

static const char *state_word(enum report_state state)
{
	static const char *const words[] = {
		[REPORT_PENDING] = "todo",  [REPORT_RUNNING] = "...",
		[REPORT_DONE] = "done",	    [REPORT_SKIPPED] = "same",
		[REPORT_FAILED] = "FAILED", [REPORT_DRY] = "would",
	};

	return words[state];
}

static void text_plan(void *user, const struct report_step *steps, size_t n)
{
	struct text *text = user;
	const char *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!steps[i].target)
			continue;
		if (first && strcmp(first, steps[i].target) != 0)
			text->many_targets = true;
		first = steps[i].target;
	}
}

static void print_step(struct text *text, const struct report_step *step)
{
	char elapsed[CLOCK_SHORT_LEN];

	out_printf(text->out, "%-6s ", state_word(step->state));
	if (text->many_targets && step->target)
		out_printf(text->out, "%s: ", step->target);
	out_puts(text->out, step->title);
	if (step->detail && *step->detail) {
		out_puts(text->out, ": ");
		out_foreign(text->out, step->detail);
	}
	if (step->elapsed_ms >= 1000) {
		clock_short(step->elapsed_ms, elapsed);
		out_printf(text->out, " (%s)", elapsed);
	}
	out_puts(text->out, "\n");
}

static void text_step(void *user, const struct report_step *step)
{
	struct text *text = user;

	text->many_targets = text->many_targets || step->of_target;
	if (step->state == REPORT_PENDING ||
	    (step->of_target && step->state == REPORT_RUNNING))
		return;
	if (!step->of_target)
		free(take_ptr(&text->running));
	if (step->state != REPORT_RUNNING) {
		print_step(text, step);
		return;
	}
	text->running = strdup(step->title);
	text->running_since_ms = clock_boot_ms();
}

static void text_workload(void *user, const struct report_workload *w)
{
	struct text *text = user;
	kr_cleanup(str_freep) char *name = NULL;

	if (!seen_is_new(&text->seen, w))
		return;
	name = seen_name(w);
	out_puts(text->out, "       ");
	if (text->many_targets && w->target)
		out_printf(text->out, "%s: ", w->target);
	out_printf(text->out, "%s: %d/%d updated, %d/%d ready, %d old",
		   name ? name : w->name, w->updated, w->desired, w->ready,
		   w->desired, w->old);
	if (w->waiting_for) {
		out_puts(text->out, w->failed ? "; " : "; waiting for ");
		out_foreign(text->out, w->waiting_for);
	}
	out_puts(text->out, "\n");
}

static void text_soak(void *user, const struct report_soak *soak)
{
	struct text *text = user;

	textsoak_print(text->out, text->many_targets, soak);
}

static void text_message(void *user, enum report_level level,
			 const char *message)
{
	struct text *text = user;

	if (level == REPORT_WARNING)
		out_puts(text->out, "warning: ");
	out_foreign(text->out, message);
	out_puts(text->out, "\n");
}

static void text_log_line(void *user, const char *pod, const char *container,
			  const char *line)
{
	struct text *text = user;

	out_printf(text->out, "[%s %s] ", pod, container);
	out_foreign(text->out, line);
	out_puts(text->out, "\n");
}

static void text_tick(void *user)
{
	struct text *text = user;

	if (!text->running ||
	    clock_boot_ms() - text->running_since_ms < QUIET_MS)
		return;
	out_printf(text->out, "%-6s %s\n", state_word(REPORT_RUNNING),
		   text->running);
	free(take_ptr(&text->running));
}

static void text_close(struct ui *ui)
{
	struct text *text = (struct text *)ui;

	seen_release(&text->seen);
	free(text->running);
	free(text);
}

KR_FALLIBLE ui_text_open(const struct ui_options *options, struct ui **out)
{
	struct text *text = calloc(1, sizeof(*text));

	if (!text)
		return err_new(KR_ENOMEM, "out of memory for output");
	text->out = options->out;
	text->many_targets = options->goes_on;
	text->ui = (struct ui){
		.reporter = { .user = text,
			      .plan = text_plan,
			      .step = text_step,
			      .workload = text_workload,
			      .soak = text_soak,
			      .message = text_message,
			      .log_line = text_log_line,
			      .tick = text_tick },
		.close = text_close,
	};
	*out = &text->ui;
	return NULL;
}
