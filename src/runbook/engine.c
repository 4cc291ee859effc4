/* Runs a table of steps. */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "runbook/record_run.h"
#include "runbook/run.h"

#define MAX_STEPS 32

static const struct step *find_row(const struct step *rows, const char *id)
{
	for (; rows->id; rows++)
		if (strcmp(rows->id, id) == 0)
			return rows;
	return NULL;
}

const struct step *step_rows(const struct runbook *book, const char *id)
{
	const struct step *rows = find_row(book->apply, id);

	return rows ? rows : find_row(book->drop, id);
}

static const char *named(const struct step_names *names, char letter)
{
	switch (letter) {
	case 'c':
		return names->context;
	case 'n':
		return names->ns;
	case 's':
		return names->secret;
	case 'e':
		return names->entry;
	case 'w':
		return names->workload;
	default:
		return "%";
	}
}

void step_kubectl(const char *line, const struct step_names *names,
		  struct buf *out)
{
	static const char namespace_flag[] = " -n %n";

	while (*line) {
		if (!names->ns && text_starts_with(line, namespace_flag)) {
			line += sizeof(namespace_flag) - 1;
		} else if (*line == '%' && line[1]) {
			buf_puts(out, named(names, line[1]));
			line += 2;
		} else {
			buf_putc(out, *line++);
		}
	}
}

bool step_is_of_mode(const struct step *step, const struct run *run)
{
	return !(step->flags &
		 (run->options.target.keyring ? STEP_SINGLE : STEP_KEYRING));
}

/* Whether this run has no use for the step at all. */
static bool left_out(const struct step *step, const struct run *run)
{
	const struct run_options *o = &run->options;

	return !step_is_of_mode(step, run) ||
	       (step->flags & STEP_RESTARTS && o->no_restart) ||
	       (step->flags & STEP_LEDGER && !record_run_is_kept(run)) ||
	       (step->flags & STEP_WAITS &&
		(o->no_wait || o->no_restart || o->dry != DRY_NONE));
}

static void report(const struct step *step, const struct run *run,
		   enum report_state state, int64_t elapsed_ms)
{
	const struct reporter *r = run->options.reporter;
	struct report_step row = {
		.target = kube_access_of(run->options.kube)->context,
		.id = step->id,
		.title = step->title,
		.state = state,
		.detail = run->detail,
		.elapsed_ms = elapsed_ms,
		.of_target = run->options.one_of_many,
	};

	run_talk_begin();
	if (r->step)
		r->step(r->user, &row);
	run_talk_end();
}

static void announce(const struct step *steps, const struct run *run)
{
	const struct reporter *r = run->options.reporter;
	struct report_step rows[MAX_STEPS];
	size_t n = 0;

	for (; steps->id && n < MAX_STEPS; steps++) {
		if (!left_out(steps, run))
			rows[n++] = (struct report_step){
				.target = kube_access_of(run->options.kube)
						  ->context,
				.id = steps->id,
				.title = steps->title,
				.state = REPORT_PENDING,
			};
	}
	if (r->plan)
		r->plan(r->user, rows, n);
}

KR_FALLIBLE step_run_one(const struct step *step, struct run *run)
{
	int64_t began_ms = clock_boot_ms();
	bool done = false;
	struct err *err = NULL;

	free(run->detail);
	run->detail = NULL;
	run->not_done = false;
	report(step, run, REPORT_RUNNING, 0);
	if (step->observe)
		err = step->observe(run, &done);
	if (!err && !done)
		err = step->perform(run);
	report(step, run,
	       err	       ? REPORT_FAILED
	       : done	       ? REPORT_SKIPPED
	       : run->not_done ? REPORT_DRY
			       : REPORT_DONE,
	       clock_boot_ms() - began_ms);
	return err;
}

KR_FALLIBLE step_run_all(const struct step *steps, struct run *run)
{
	struct err *err = NULL;

	announce(steps, run);
	for (; !err && steps->id; steps++) {
		if (left_out(steps, run))
			continue;
		if (!(steps->flags & STEP_AT_ONCE))
			err = stop_check();
		if (!err)
			err = step_run_one(steps, run);
	}
	return err;
}
