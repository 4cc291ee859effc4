/* interleave.h */
#include "interleave.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_S 100 /* of real time */
#define NOT_YET (-1)

static struct sim_order *order;
static int given;      /* choices that were given */
static int actions[2]; /* that each has done */

static const char *const applies[2][10] = {
	{ "apply", "--context", "aether-staging", "--key-file", "../key-0",
	  "-o", "json", "-v=9", NULL },
	{ "apply", "--context", "aether-staging", "--key-file", "../key-1",
	  "-o", "json", "-v=9", NULL },
};
static const char *const rotate[] = { "rotate", "-o", "json", "-v=9", NULL };

const char *interleave_name(int kind)
{
	return kind ? "rotate and rotate" : "apply and apply";
}

static bool with_lease; /* rotations */
static bool locked[2];	/* it has looked at the Lease */
static bool restarted[2];

/*
 * The actions that meet, from the first look to the restart: of staging the
 * Lease, the Secret and the Deployment; in the store what is put there, and
 * what is read back. None of them waits for time to pass.
 */
static bool is_gated(int process, int cluster, const char *method,
		     const char *target)
{
	bool gets = strcmp(method, "GET") == 0, patches;

	if (process > 1 || actions[process] >= INTERLEAVED ||
	    restarted[process])
		return false;
	if (cluster < 0)
		return locked[process] &&
		       (strcmp(method, "put") == 0 ||
			(!with_lease && strcmp(method, "get") == 0));
	if (cluster != 0)
		return false;
	if (strstr(target, "/leases")) {
		bool first = gets && !locked[process];

		locked[process] = true;
		return first || strcmp(method, "POST") == 0;
	}
	if (with_lease && !locked[process])
		return false;
	patches = strcmp(method, "PATCH") == 0;
	restarted[process] = patches && strstr(target, "/deployments/");
	return restarted[process] || strstr(target, "/secrets/");
}

static bool waits(int process)
{
	return calls_gated(process) || world_gated(process);
}

static bool open_gate(void)
{
	bool both = waits(0) && waits(1);
	int at = order->count, chosen;

	if (!waits(0) && !waits(1))
		return false;
	if (at >= 2 * INTERLEAVED) {
		world_fail("the simulator: more actions than there can be");
		return false;
	}
	chosen = both ? (at < given ? order->chosen[at] : 0) : waits(1);
	order->chosen[at] = chosen;
	order->was_choice[at] = both;
	order->count++;
	actions[chosen]++;
	world_trace("gate %d: operator %d", at, chosen);
	if (calls_gated(chosen))
		calls_open_gate(chosen);
	else
		world_open_gate(chosen);
	return true;
}

static void check_both(void)
{
	for (int i = 0; i < 2 && !*world.failure; i++)
		oracle_ended(i);
	if (*world.failure)
		return;
	/* Of two rotations one has the Leases, and gets through. */
	if (with_lease && world.processes[0].code && world.processes[1].code)
		world_fail("6: neither is done: %s, %s", oracle_reason(0),
			   oracle_reason(1));
}

static void finish(struct sim_result *out)
{
	out->hash = world.hash;
	out->runs = (unsigned long)world.process_count;
	out->requests = (unsigned long)world.requests;
	out->kills = (unsigned long)world.kills;
	out->ms = sim_shared->now_ms;
	out->done = 0;
	for (int i = 0; i < 2; i++)
		out->done += world.processes[i].code == 0;
	(void)strcpy(out->failure, world.failure);
}

void interleave_run(int kind, const char *folder, bool verbose,
		    struct sim_order *take, struct sim_result *out)
{
	(void)alarm(LIMIT_S);
	world.verbose = verbose;
	world_begin(1, folder);
	schedule_machines(false, false);
	order = take;
	given = take->count;
	with_lease = kind != 0;
	order->count = 0;
	world.is_gated = is_gated;
	world.open_gate = open_gate;
	for (int i = 0; i < 2; i++) {
		int process = world_start(2 * i, kind ? rotate : applies[i]);

		world.processes[process].quick = true;
	}
	world_run();
	check_both();
	finish(out);
}

bool interleave_next(struct sim_order *next)
{
	while (next->count) {
		int last = next->count - 1;

		if (next->was_choice[last] && next->chosen[last] == 0) {
			next->chosen[last] = 1;
			return true;
		}
		next->count--;
	}
	return false;
}

unsigned long interleave_weight(const struct sim_order *done)
{
	unsigned long ways[INTERLEAVED + 1][INTERLEAVED + 1] = { { 0 } };
	int left[2] = { INTERLEAVED, INTERLEAVED }, last[2] = { -1, -1 };

	for (int i = 0; i < done->count; i++) {
		left[done->chosen[i]]--;
		last[done->chosen[i]] = i;
	}
	/* ways[a][b]: with so many of those that are left put in by now. An
	 * operator's come after the last one that it did. */
	ways[0][0] = 1;
	for (int at = 0; at <= done->count; at++) {
		for (int a = 0; a <= left[0]; a++)
			for (int b = 0; b <= left[1]; b++) {
				if (a && at > last[0])
					ways[a][b] += ways[a - 1][b];
				if (b && at > last[1])
					ways[a][b] += ways[a][b - 1];
			}
	}
	return ways[left[0]][left[1]];
}

/* Stopped and continued */

static long stop_at, go_on_at;
static bool stopped;

static void on_seam(int process)
{
	struct sim_process *first = &world.processes[0];

	if (process == 0 && first->seams == stop_at && !stopped) {
		stopped = first->frozen = true;
		world_trace("operator 0 is stopped");
	} else if (process == 1 && first->frozen &&
		   world.processes[1].seams == go_on_at) {
		first->frozen = false;
		world_trace("operator 0 goes on");
	}
}

void interleave_stop(uint64_t seed, const char *folder, bool verbose,
		     struct sim_result *out)
{
	int other;

	(void)alarm(LIMIT_S);
	world.verbose = verbose;
	world_begin(seed, folder);
	schedule_machines(false, false);
	stop_at = 1 + (long)world_random(260);
	/* At any point of the other's work, or after it. */
	go_on_at = 1 + (long)world_random(400);
	world.on_seam = on_seam;
	(void)world_start(0, rotate);
	other = world_start(2, rotate);
	world.actors[world.processes[other].main_box].wait = WAIT_UNTIL;
	/* The Lease is run out by then. */
	world.actors[world.processes[other].main_box].until =
		20000 + (int64_t)world_random(100000);
	world_run();
	check_both();
	finish(out);
}
