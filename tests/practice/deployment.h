/* One pass over a Deployment; shared by the two files that make it. */
#ifndef PRACTICE_DEPLOYMENT_H
#define PRACTICE_DEPLOYMENT_H

#include "pods.h"

struct roll {
	struct cluster *cl;
	struct obj *obj;
	struct obj_list sets;
	struct obj *now; /* the ReplicaSet of the current template */
	long desired;
	long surge;
	long unavailable;
};

/* A number of a ReplicaSet's status, and the sum over all of them. */
long roll_status(const struct obj *set, const char *name);
long roll_sum_status(const struct roll *roll, const char *name);
/* The sum of spec.replicas. */
long roll_sum_specs(const struct roll *roll);

bool roll_complete(const struct roll *roll);

/* Brings the Deployment's status up to date. */
void roll_put_status(struct roll *roll);

#endif
