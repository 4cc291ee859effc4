/* Two operators at once, in every order that there is (docs/reliability.md,
 * row 7). */
#ifndef SIM_INTERLEAVE_H
#define SIM_INTERLEAVE_H

#include "schedule.h"

/* So many of each operator's actions in the critical window. */
#define INTERLEAVED 8

/* In which order they went through the gates: 0 or 1 each; where both of them
 * waited there, there was a choice. */
struct sim_order {
	int chosen[2 * INTERLEAVED];
	bool was_choice[2 * INTERLEAVED];
	int count;
};

/*
 * One run, in a process of its own: choices are taken from the order as far
 * as it goes, then the first operator first; all of them stand in it
 * afterwards.
 */
void interleave_run(int kind, const char *folder, bool verbose,
		    struct sim_order *order, struct sim_result *out);
#define INTERLEAVE_KINDS 2
const char *interleave_name(int kind);
/* The next order that was not tried; false: there is none. */
bool interleave_next(struct sim_order *order);
/* How many of the 12,870 sequences of 8 and 8 actions this one stands for:
 * an operator that ended early has none left to come. */
unsigned long interleave_weight(const struct sim_order *order);

/* One is stopped, for longer than its Lease holds, and goes on. */
void interleave_stop(uint64_t seed, const char *folder, bool verbose,
		     struct sim_result *out);

#endif
