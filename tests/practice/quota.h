/* ResourceQuotas that count objects: "pods", "secrets", "count/leases…". */
#ifndef PRACTICE_QUOTA_H
#define PRACTICE_QUOTA_H

#include "http.h"

/*
 * NULL when one more object of the kind may be made; else the reason of the
 * refusal, to be freed. Lock held.
 */
char *quota_refusal(struct cluster *cl, const struct kind *kind, const char *ns,
		    const char *name);

#endif
