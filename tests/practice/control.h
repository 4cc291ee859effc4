/* The tests' side door: plain HTTP on another loopback port. */
#ifndef PRACTICE_CONTROL_H
#define PRACTICE_CONTROL_H

#include "store.h"

struct world {
	struct cluster *clusters;
	size_t len;
	const char *dir;
	const char *ns;
	cJSON *scenario;
};

/* Returns the port. world must live on. */
int control_start(struct world *world);

#endif
