/*
 * What the program asks a cluster for, verb by verb, and which command cannot
 * do without it. Access reviews (doctor) and the Roles that are printed are
 * made from this one table; tests/schedule proves on a real cluster that no
 * verb is missing and none is too many.
 */
#ifndef KR_RUNBOOK_PERMISSION_H
#define KR_RUNBOOK_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/* Commands, by what they cannot do without. */
enum permission_use {
	PERMIT_CHECK = 1, /* schedule check: the key's age */
	PERMIT_STATUS = 2,
	PERMIT_VERIFY = 4,
	PERMIT_APPLY = 8,
	PERMIT_ROTATE = 16, /* and resume, rollback, promote */
};

struct permission {
	const char *verb, *group, *resource, *subresource; /* "": none */
	bool named;	     /* of the one Secret */
	unsigned needed_by;  /* permission_use; 0: something is not seen */
	const char *without; /* what does not work then: half a sentence */
};

#define PERMISSIONS ((size_t)22)
extern const struct permission permissions[PERMISSIONS];

/* Whether two of them make one rule of a Role. */
bool permission_same_rule(const struct permission *a,
			  const struct permission *b);

/*
 * What asks the cluster about it: a SelfSubjectAccessReview, to be posted to
 * PERMISSION_REVIEWS. name NULL: of all objects. malloc'd; NULL without memory.
 */
#define PERMISSION_REVIEWS                                                     \
	"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
char *permission_review(const struct permission *permission, const char *ns,
			const char *name);

/*
 * Appends to `rules`, an array, the rules of a Role that is just enough for
 * `uses` (or-ed); `secret` is the name of the Secret.
 */
void permission_rules(unsigned uses, const char *secret, struct cJSON *rules);

#endif
