/*
 * Plays a made-up rollout through the program's own user interface, so that
 * the terminal tests, and a person, can look at it without a cluster.
 *
 *	uiplay [fail] [many] [long] [fast] [text|tty|jsonl] [stop]
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "ui/term.h"
#include "ui/ui.h"

struct play {
	const struct reporter *r;
	bool fail, many, long_names;
	int64_t frame_ms;
};

static const struct report_step steps[] = {
	{ .id = "read", .title = "Read the Secret and what uses it" },
	{ .id = "check", .title = "Check who owns it" },
	{ .id = "store-key", .title = "Keep the new key in the store" },
	{ .id = "prove-previous", .title = "Keep the key that is replaced" },
	{ .id = "write", .title = "Write the Secret" },
	{ .id = "restart", .title = "Restart its consumers" },
	{ .id = "follow", .title = "Follow the rollout" },
};

#define N_STEPS (sizeof(steps) / sizeof(*steps))

static void step(const struct play *p, const char *target, size_t i,
		 enum report_state state, const char *detail)
{
	struct report_step s = steps[i];

	s.target = target;
	s.state = state;
	s.detail = detail;
	s.elapsed_ms = state == REPORT_RUNNING ? 0 : p->frame_ms * 8;
	p->r->step(p->r->user, &s);
}

static void wait_frame(const struct play *p)
{
	clock_sleep_ms(p->frame_ms);
	p->r->tick(p->r->user);
}

static void roll(const struct play *p, const char *target, int ready)
{
	struct report_workload w = {
		.target = target,
		.kind = "Deployment",
		.name = p->long_names
				? "a-service-whose-name-is-longer-than-most"
				: "secrets-service",
		.desired = 3,
		.updated = ready < 3 ? ready + 1 : 3,
		.ready = ready,
		.old = 3 - ready,
		.waiting_for = "old pods to end",
		.done = ready == 3,
		.elapsed_ms = ready * 1000,
		.timeout_ms = 900000,
	};

	if (w.done)
		w.waiting_for = NULL;
	p->r->workload(p->r->user, &w);
	w.kind = "StatefulSet";
	w.name = "audit-chain";
	w.desired = 12;
	w.updated = w.ready = ready * 4;
	w.old = 12 - w.ready;
	w.failed = p->fail && ready == 1;
	if (w.failed)
		w.waiting_for = "ImagePullBackOff";
	p->r->workload(p->r->user, &w);
}

static void plan(const struct play *p, const char *const *targets)
{
	struct report_step all[2 * N_STEPS];
	size_t n = 0;

	for (; *targets; targets++)
		for (size_t i = 0; i < N_STEPS; i++) {
			all[n] = steps[i];
			all[n++].target = *targets;
		}
	p->r->plan(p->r->user, all, n);
}

static void play(const struct play *p, const char *const *targets)
{
	for (size_t i = 0; i < N_STEPS; i++) {
		int end = i + 1 == N_STEPS ? 3 : 0;
		bool failed = false;

		for (const char *const *t = targets; *t; t++)
			step(p, *t, i, REPORT_RUNNING, NULL);
		wait_frame(p);
		for (int ready = 0; end && ready <= end && !failed; ready++) {
			for (const char *const *t = targets; *t; t++)
				roll(p, *t, ready);
			failed = p->fail && ready == 1;
			for (int k = 0; k < 4; k++)
				wait_frame(p);
		}
		if (i == 3)
			p->r->message(p->r->user, REPORT_WARNING,
				      "the key is kept in \x1b[31mone place");
		for (const char *const *t = targets; *t; t++)
			step(p, *t, i,
			     failed   ? REPORT_FAILED
			     : i == 3 ? REPORT_SKIPPED
				      : REPORT_DONE,
			     i == 2 ? "kr-20261122-7f3a9c" : NULL);
		if (failed)
			return;
	}
	p->r->log_line(p->r->user, "secrets-service-7d9f-x1", "main",
		       "encryption self-test ok");
}

int main(int argc, char **argv)
{
	static const char *const one[] = { "aether-staging", NULL };
	static const char *const two[] = { "aether-staging", "aether-west",
					   NULL };
	struct play p = { .frame_ms = 150 };
	struct out err = OUT_STDERR, out = OUT_STDOUT;
	struct ui_options options = { .mode = UI_TEXT, .out = &err };
	kr_cleanup(ui_closep) struct ui *ui = NULL;
	kr_cleanup(err_freep) struct err *failed = NULL;

	stop_install();
	if (term_is_live(2))
		options.mode = UI_TTY;
	for (int i = 1; i < argc; i++) {
		p.fail |= strcmp(argv[i], "fail") == 0;
		p.many |= strcmp(argv[i], "many") == 0;
		p.long_names |= strcmp(argv[i], "long") == 0;
		if (strcmp(argv[i], "fast") == 0)
			p.frame_ms = 12;
		if (strcmp(argv[i], "stop") == 0)
			(void)raise(SIGINT);
		if (strcmp(argv[i], "text") == 0)
			options.mode = UI_TEXT;
		if (strcmp(argv[i], "tty") == 0)
			options.mode = UI_TTY;
		if (strcmp(argv[i], "jsonl") == 0) {
			options.mode = UI_JSONL;
			options.out = &out;
		}
	}
	options.colour = term_has_colour(2);
	options.utf8 = term_is_utf8();
	failed = ui_open(&options, &ui);
	if (failed)
		return err_exit_code(failed);
	p.r = ui_reporter(ui);
	plan(&p, p.many ? two : one);
	play(&p, p.many ? two : one);
	return 0;
}
