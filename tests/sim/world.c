/* world.h: who goes on. */
#include "world.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world world;

void world_hash(const void *data, size_t len)
{
	const unsigned char *at = data;

	for (size_t i = 0; i < len; i++)
		world.hash = (world.hash ^ at[i]) * 1099511628211u;
}

void world_trace(const char *format, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (n >= (int)sizeof(line))
		n = sizeof(line) - 1;
	world_hash(&sim_shared->now_ms, sizeof(sim_shared->now_ms));
	world_hash(line, (size_t)n);
	if (world.verbose)
		(void)printf("%9.3f %s\n", (double)sim_shared->now_ms / 1000,
			     line);
}

void world_fail(const char *format, ...)
{
	va_list ap;

	if (*world.failure)
		return;
	va_start(ap, format);
	(void)vsnprintf(world.failure, sizeof(world.failure), format, ap);
	va_end(ap);
	world_trace("BROKEN %s", world.failure);
}

uint64_t world_random(uint64_t below)
{
	return below ? sim_random(&world.random) % below : 0;
}

bool world_chance(unsigned of_a_million)
{
	return of_a_million && world_random(1000000) < of_a_million;
}

char *world_path(const char *format, ...)
{
	char name[256], *path;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(name, sizeof(name), format, ap);
	va_end(ap);
	if (asprintf(&path, "%s/%s", world.folder, name) < 0)
		abort();
	return path;
}

static bool at_seam(int process)
{
	struct sim_process *p = &world.processes[process];

	p->seams++;
	if (world.on_seam)
		world.on_seam(process);
	if (process == world.plan.kill_operator &&
	    p->seams == world.plan.kill_at)
		world_kill(process);
	if (process == 0 && p->seams == world.plan.interrupt_at && p->live) {
		world_trace("operator 0 is interrupted");
		p->interrupt = SIGINT;
	}
	return p->live;
}

static void others_end(int process, int box)
{
	for (int i = 0; i < SIM_BOXES; i++)
		if (i != box && world.actors[i].operator_ == process)
			world.actors[i].live = false;
	calls_forget(process);
}

static void signal_one(int process, int64_t condition)
{
	for (int i = 0; i < SIM_BOXES; i++) {
		struct sim_actor *a = &world.actors[i];

		if (a->live && a->operator_ == process &&
		    a->wait == WAIT_CONDITION && a->condition == condition)
			a->signalled = true;
	}
}

/* What is answered at once: the thread keeps its turn. */
static bool answer_at_once(int box, struct sim_box *b)
{
	int process = world.actors[box].operator_;

	switch (b->kind) {
	case SIM_START:
		calls_start(process, b);
		return true;
	case SIM_CANCEL:
		calls_cancel(process, (long)b->n[0]);
		return true;
	case SIM_THREAD:
		b->n[0] = world_actor(process);
		b->n[1] = b->n[0] < 0 ? 0 : world.actors[b->n[0]].serial;
		return true;
	case SIM_SIGNAL:
		signal_one(process, b->n[0]);
		return true;
	case SIM_EXEC:
		world_trace("operator %d starts anew", process);
		others_end(process, box);
		world.processes[process].main_box = box;
		return true;
	default:
		return false;
	}
}

static void through_gate(struct sim_actor *a, const struct sim_box *b)
{
	a->wait = WAIT_UNTIL;
	things_run(a->operator_, a, b);
}

static int at_gate(int process)
{
	for (int i = 0; i < SIM_BOXES; i++)
		if (world.actors[i].live &&
		    world.actors[i].operator_ == process &&
		    world.actors[i].wait == WAIT_GATE)
			return i;
	return -1;
}

bool world_gated(int process)
{
	return at_gate(process) >= 0;
}

void world_open_gate(int process)
{
	int box = at_gate(process);

	if (box >= 0)
		through_gate(&world.actors[box], &sim_shared->boxes[box]);
}

static void block(int box, const struct sim_box *b)
{
	struct sim_actor *a = &world.actors[box];

	switch (b->kind) {
	case SIM_DRIVE:
		a->wait = WAIT_DRIVE;
		a->http = (long)b->n[0];
		a->until = b->n[1];
		break;
	case SIM_SLEEP:
		a->wait = WAIT_UNTIL;
		a->until = b->n[0];
		break;
	case SIM_PROC:
		a->wait = WAIT_GATE;
		if (!world.is_gated ||
		    !world.is_gated(a->operator_, -1, things_action(b), ""))
			through_gate(a, b);
		break;
	case SIM_JOIN:
		a->wait = WAIT_JOIN;
		a->join = (int)b->n[0];
		a->join_serial = (long)b->n[1];
		break;
	case SIM_WAIT:
		a->wait = WAIT_CONDITION;
		a->condition = b->n[0];
		a->until = b->n[1];
		a->signalled = false;
		break;
	case SIM_LOCK:
		a->wait = WAIT_LOCK;
		a->steps = world.processes[a->operator_].steps;
		break;
	case SIM_ENDED:
		a->live = false;
		break;
	default: /* SIM_EXIT */
		world_reap(a->operator_);
		break;
	}
}

/* Fills in what the actor waited for. */
static void fill(int box)
{
	struct sim_actor *a = &world.actors[box];
	struct sim_box *b = &sim_shared->boxes[box];

	if (a->wait == WAIT_DRIVE) {
		b->n[0] = SIM_NOTHING;
		(void)calls_take(a->operator_, a->http, b);
	} else if (a->wait == WAIT_CONDITION) {
		b->n[0] = a->signalled;
	} else if (a->wait == WAIT_UNTIL && b->kind == SIM_PROC) {
		memcpy(b->n, a->answer, sizeof(a->answer));
		if (a->text_len)
			memcpy(b->bytes, a->text, a->text_len);
	}
	a->wait = WAIT_NONE;
}

static void go_on(int box)
{
	struct sim_actor *a = &world.actors[box];
	struct sim_box *b = &sim_shared->boxes[box];
	struct sim_process *p = &world.processes[a->operator_];

	fill(box);
	p->steps++;
	do {
		if (box == p->main_box && p->interrupt) {
			b->interrupt = p->interrupt;
			p->interrupt = 0;
		}
		sim_turn_give(b, 1);
		if (!world_await(box))
			return;
		world_hash(&b->kind, sizeof(b->kind));
		if (b->kind != SIM_EXIT && b->kind != SIM_ENDED &&
		    !at_seam(a->operator_))
			return;
	} while (answer_at_once(box, b));
	block(box, b);
}

static bool is_ready(int box)
{
	const struct sim_actor *a = &world.actors[box];
	const struct sim_process *p;
	int64_t now = sim_shared->now_ms;

	if (!a->live)
		return false;
	p = &world.processes[a->operator_];
	if (p->frozen)
		return false;
	/* A signal ends every wait of the first thread. */
	if (p->interrupt && box == p->main_box &&
	    (a->wait == WAIT_DRIVE || a->wait == WAIT_UNTIL))
		return true;
	switch (a->wait) {
	case WAIT_NONE:
		return true;
	case WAIT_DRIVE:
		return calls_ready(a->operator_, a->http) || now >= a->until;
	case WAIT_UNTIL:
		return now >= a->until;
	case WAIT_JOIN:
		return !world.actors[a->join].live ||
		       world.actors[a->join].serial != a->join_serial;
	case WAIT_CONDITION:
		return a->signalled || now >= a->until;
	case WAIT_LOCK:
		return a->steps != p->steps;
	case WAIT_GATE:
		return false;
	}
	return false;
}

static int64_t next_due(void)
{
	int64_t next = calls_work();

	for (int i = 0; i < SIM_BOXES; i++) {
		const struct sim_actor *a = &world.actors[i];

		if (a->live && !world.processes[a->operator_].frozen &&
		    (a->wait == WAIT_DRIVE || a->wait == WAIT_UNTIL ||
		     a->wait == WAIT_CONDITION) &&
		    a->until < next)
			next = a->until;
	}
	return next;
}

static bool any_live(void)
{
	struct sim_process *frozen = NULL;

	for (int i = 0; i < world.process_count; i++) {
		struct sim_process *p = &world.processes[i];

		if (p->live && !p->frozen)
			return true;
		if (p->live)
			frozen = p;
	}
	/* Whoever was stopped goes on when all others have ended. */
	if (frozen)
		frozen->frozen = false;
	return frozen != NULL;
}

void world_run(void)
{
	while (any_live() && !*world.failure) {
		int boxes[SIM_BOXES], n = 0;
		int64_t next = next_due();

		for (int i = 0; i < SIM_BOXES; i++)
			if (is_ready(i))
				boxes[n++] = i;
		if (n) {
			go_on(boxes[world.choose
					    ? world.choose(boxes, n)
					    : (int)world_random((uint64_t)n)]);
		} else if (world.open_gate && world.open_gate()) {
			continue;
		} else if (next == INT64_MAX) {
			world_fail("6: nothing goes on any more");
		} else if (next > sim_shared->now_ms) {
			sim_shared->now_ms = next;
		}
		if (sim_shared->now_ms > 86400000)
			world_fail("6: it does not end within a day");
	}
	for (int i = 0; i < world.process_count; i++)
		world_kill(i);
}
