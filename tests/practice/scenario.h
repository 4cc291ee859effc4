/* What a cluster holds at the start, and after a reset. */
#ifndef PRACTICE_SCENARIO_H
#define PRACTICE_SCENARIO_H

#include "store.h"

/* The runbook's objects, in this namespace. */
cJSON *scenario_default(const char *ns);

/* Takes settings, kinds and users from it. */
void scenario_begin(const cJSON *scenario);

/* Takes the settings alone. */
void scenario_settings(const cJSON *scenario);

/* Fills an empty cluster and lets it settle; takes the lock. */
void scenario_load(struct cluster *cl, const cJSON *scenario, const char *ns);

/* Stores one object as it is, status included; lock held. */
const char *scenario_put(struct cluster *cl, const cJSON *object,
			 const char *ns);

#endif
