/* One schedule: what its seed brings, and how it has to end. */
#ifndef SIM_SCHEDULE_H
#define SIM_SCHEDULE_H

#include "world.h"

struct sim_result {
	uint64_t hash;
	unsigned long done; /* of the two, in interleave.h */
	unsigned long runs, requests, faults, kills, edits;
	int64_t ms; /* of the simulated clock */
	char failure[512];
};

/* Runs in a process of its own. */
void schedule_run(uint64_t seed, const char *folder, bool verbose,
		  struct sim_result *out);
/* The operators' machines: keyrot.yaml, kubeconfig, keys to apply. */
void schedule_machines(bool keyring, bool soaks);
/* Removes the folder, and all that is in it. */
void schedule_clean(const char *folder);

#endif
