/*
 * Users and what they may do. A user comes from the scenario (see
 * PRACTICE.md): everything is allowed but what "deny" names; with "allow",
 * nothing but what that names.
 */
#ifndef PRACTICE_AUTH_H
#define PRACTICE_AUTH_H

#include "api.h"

/* The rules of one user, consulted by name. Consumes take_users (an array). */
void auth_set_users(cJSON *take_users);

/* The configured users; the caller frees the copy. */
cJSON *auth_users(void);

/* Makes a bearer token useless from now on; all tokens work again by NULL. */
void auth_expire_token(const char *token);

/* Fills in req->user and groups; false after setting a 401 or 403. */
bool auth_identify(struct request *req, const char *token,
		   const char *cert_user, cJSON *take_cert_groups,
		   struct reply *reply);

/* May the request's user do this? false after setting a 403. */
bool auth_allowed(const struct request *req, const char *verb,
		  const struct target *to, struct reply *reply);

/* The same question without a reply, for access reviews. */
bool auth_check(const struct request *req, const char *verb, const char *group,
		const char *resource, const char *ns, const char *name);

/* status.resourceRules of a SelfSubjectRulesReview. */
cJSON *auth_rules(const struct request *req);

#endif
