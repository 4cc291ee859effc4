/*
 * Whether the cluster allows what a run is going to do: asked before anything
 * changes, since a Secret that is written and pods that may not be restarted
 * are a rotation left half-way.
 */
#ifndef KR_RUNBOOK_RIGHTS_H
#define KR_RUNBOOK_RIGHTS_H

#include "base/err.h"

struct run;

/*
 * Access reviews (authorization.k8s.io/v1, SelfSubjectAccessReview) in one
 * batch: the write of the Secret, and each restart and watch that is to come,
 * by the names that they will have.
 * KR_EFORBIDDEN names all that is not allowed. What could not be asked is not
 * known, and goes on.
 */
KR_FALLIBLE rights_check(struct run *run);

#endif
