/*
 * Who is at work, and how that is known: the record says both.
 */
#ifndef KR_RUNBOOK_OPERATOR_H
#define KR_RUNBOOK_OPERATOR_H

#include "base/err.h"

/*
 * The first that there is: `given` (--operator, or keyrot.yaml), `cluster` (the
 * name of a SelfSubjectReview), Git's user.email, the login name; each may be
 * NULL. *out_name is malloc'd, without control characters, at most 256 bytes;
 * *out_from (NULL allowed) is "option", "cluster", "git", "login" or "nothing".
 * From several threads.
 */
KR_FALLIBLE operator_find(const char *given, const char *cluster,
			  char **out_name, const char **out_from);

#endif
