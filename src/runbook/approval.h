/*
 * An approval by a second person, for runs without a terminal: a text that
 * says what is approved, signed by `ssh-keygen -Y sign -n keyrot`. FILE is the
 * text, FILE.sig the signature. It takes the place of `confirm: true` alone.
 */
#ifndef KR_RUNBOOK_APPROVAL_H
#define KR_RUNBOOK_APPROVAL_H

#include "runbook/rotate.h"

#define APPROVAL_NAMESPACE "keyrot"

/*
 * The text to sign for the environment: service, Secret, cluster, targets, the
 * rotation and its key where they are known (`bound`, or the key of a
 * promotion; what a rotation is going to make is not: "any"), who asks for it,
 * and the wall time it ends at. malloc'd.
 */
KR_FALLIBLE approval_text(const struct rotation *rotation,
			  const struct rotate_env *env, bool bound,
			  const char *by, int64_t ends_ms, char **out);

/*
 * Whether one of the approvals given is of this environment, has not ended,
 * and is signed by someone of the approvers who is not the operator.
 * KR_EREFUSED, with a reason of its own for each thing that is wrong. Who
 * signed it goes into the result and the journal.
 */
KR_FALLIBLE approval_check(struct rotation *rotation,
			   const struct rotate_env *env);

#endif
