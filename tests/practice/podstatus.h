/* The parts of a pod's status. */
#ifndef PRACTICE_PODSTATUS_H
#define PRACTICE_PODSTATUS_H

#include "kubelet.h"

void pod_add_condition(cJSON *list, const char *type, bool value,
		       const char *reason, const char *message);

/* All conditions of a scheduled pod. */
void pod_set_conditions(cJSON *status, bool ready, const char *reason);

void pod_set_address(cJSON *status, const struct pod_run *run);

/* {"waiting": {"reason": …}}, or with started and finished times. */
cJSON *pod_state(const char *state, const char *reason, const char *message,
		 int exit_code);

/* One status row per container; consumes take_state and take_last. */
void pod_set_containers(cJSON *status, const struct obj *pod,
			const struct pod_run *run, bool ready, bool started,
			cJSON *take_state, cJSON *take_last);

#endif
