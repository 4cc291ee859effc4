/*
 * Field management: who owns which field (metadata.managedFields), as the API
 * server keeps it for server-side apply and for every other write.
 */
#ifndef PRACTICE_MANAGED_H
#define PRACTICE_MANAGED_H

#include "http.h"

struct writer {
	const struct kind *kind;
	const char *manager;
	const char *subresource; /* "" for the object itself */
	bool force;
};

/*
 * Records a write that is not an apply. live is NULL on create; now gets its
 * new managedFields.
 */
void managed_update(const cJSON *live, cJSON *now, const struct writer *by);

/*
 * Server-side apply of config over live (NULL: it is created). Returns the new
 * object with its managedFields; on a conflict returns NULL and sets reply.
 */
cJSON *managed_apply(const cJSON *live, const cJSON *config,
		     const struct writer *by, struct reply *reply);

/*
 * Takes what an apply changes away from the other managers. False after
 * setting a 409: somebody owns it and there is no force. own may be NULL.
 */
bool managed_settle(cJSON *entries, const cJSON *own, const cJSON *live,
		    const cJSON *merged, const struct writer *by,
		    struct reply *reply);

/* An entry of managedFields without what was changed or removed. */
void managed_take(cJSON *entry, const cJSON *changed, const cJSON *removed);

/* True when two objects differ in nothing but times in managedFields. */
bool managed_same(const cJSON *a, const cJSON *b);

#endif
