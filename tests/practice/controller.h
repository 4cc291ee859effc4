/*
 * The controllers: one thread that brings workloads to what they ask for, as
 * kube-controller-manager and the scheduler do.
 */
#ifndef PRACTICE_CONTROLLER_H
#define PRACTICE_CONTROLLER_H

#include <stdint.h>

#include "store.h"

/* Called by the store for every change, lock held. */
void controller_touch(struct cluster *cl, const struct obj *obj,
		      enum event_type type);
void controller_clear(struct cluster *cl);

/* Starts the thread that serves these clusters. */
void controller_start(struct cluster *clusters, size_t count);

/* Works until nothing is left to do at once; lock held. For seeding. */
void controller_settle(struct cluster *cl);

/* Does all that is due; when to come again (monotonic ms). Lock held. */
int64_t controller_work(struct cluster *cl);

/* Looks again at a workload after ms, lock held. */
void controller_later(struct cluster *cl, const struct obj *obj, int64_t ms);

/* Wakes the thread: something became due. */
void controller_wake(void);

/* One pass over one workload each; lock held. */
void deployment_sync(struct cluster *cl, struct obj *obj);
void replicaset_sync(struct cluster *cl, struct obj *obj);
void statefulset_sync(struct cluster *cl, struct obj *obj);
void daemonset_sync(struct cluster *cl, struct obj *obj);
void job_sync(struct cluster *cl, struct obj *obj);
void budget_sync(struct cluster *cl, struct obj *obj);

#endif
