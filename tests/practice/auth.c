#include "auth.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cJSON *users;
static cJSON *expired;

void auth_set_users(cJSON *take_users)
{
	pthread_mutex_lock(&lock);
	cJSON_Delete(users);
	users = take_users;
	pthread_mutex_unlock(&lock);
}

cJSON *auth_users(void)
{
	cJSON *copy;

	pthread_mutex_lock(&lock);
	copy = users ? json_copy(users) : cJSON_CreateArray();
	pthread_mutex_unlock(&lock);
	return copy;
}

void auth_expire_token(const char *token)
{
	pthread_mutex_lock(&lock);
	if (!expired || !token) {
		cJSON_Delete(expired);
		expired = cJSON_CreateObject();
	}
	if (token)
		json_put_bool(expired, token, true);
	pthread_mutex_unlock(&lock);
}

static const cJSON *user_by(const char *field, const char *value)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, users)
		if (value && str_eq(json_text(at, field), value))
			return at;
	return NULL;
}

static bool unauthorized(struct reply *reply)
{
	return status_plain(reply, 401, "Unauthorized", "Unauthorized");
}

static bool token_user(struct request *req, const char *token,
		       struct reply *reply)
{
	const cJSON *user, *groups;
	bool ok;

	pthread_mutex_lock(&lock);
	user = user_by("token", token);
	ok = user && !json_get(expired, token);
	if (ok) {
		groups = json_get(user, "groups");
		req->user = xstrdup(json_text(user, "name"));
		req->groups = groups ? json_copy(groups) : cJSON_CreateArray();
		cJSON_AddItemToArray(
			req->groups,
			cJSON_CreateString("system:authenticated"));
	}
	pthread_mutex_unlock(&lock);
	return ok ? true : unauthorized(reply);
}

/* The headers replace the user, as for an administrator. */
static bool impersonate(struct request *req, struct reply *reply)
{
	const char *user = json_text(req->impersonation, "impersonate-user");
	const cJSON *groups = json_get(req->impersonation, "impersonate-group");

	if (!req->impersonation)
		return true;
	if (!user)
		return status_plain(reply, 500, "InternalError",
				    "requesting groups [] for %s without "
				    "impersonating a user",
				    req->user);
	free(req->user);
	req->user = xstrdup(user);
	cJSON_Delete(req->groups);
	req->groups = groups ? json_copy(groups) : cJSON_CreateArray();
	cJSON_AddItemToArray(req->groups,
			     cJSON_CreateString("system:authenticated"));
	return true;
}

bool auth_identify(struct request *req, const char *token,
		   const char *cert_user, cJSON *take_cert_groups,
		   struct reply *reply)
{
	bool ok = true;

	if (cert_user) {
		req->user = xstrdup(cert_user);
		req->groups = take_cert_groups;
	} else if (token) {
		cJSON_Delete(take_cert_groups);
		ok = token_user(req, token, reply);
	} else {
		cJSON_Delete(take_cert_groups);
		req->user = xstrdup("system:anonymous");
		req->groups = cJSON_CreateArray();
		cJSON_AddItemToArray(
			req->groups,
			cJSON_CreateString("system:unauthenticated"));
	}
	return ok && impersonate(req, reply);
}

static bool lists(const cJSON *list, const char *want)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, list)
		if (str_eq(json_string(at), "*") ||
		    str_eq(json_string(at), want))
			return true;
	return false;
}

static bool rule_match(const cJSON *rule, const char *verb, const char *group,
		       const char *resource, const char *ns, const char *name)
{
	const cJSON *names = json_get(rule, "resourceNames");
	const char *rule_ns = json_text(rule, "namespace");

	return lists(json_get(rule, "verbs"), verb) &&
	       lists(json_get(rule, "resources"), resource) &&
	       (!json_get(rule, "apiGroups") ||
		lists(json_get(rule, "apiGroups"), group)) &&
	       (!names || (*name && lists(names, name))) &&
	       (!rule_ns || str_eq(rule_ns, ns));
}

bool auth_check(const struct request *req, const char *verb, const char *group,
		const char *resource, const char *ns, const char *name)
{
	const cJSON *user, *rule, *allow;
	bool ok;

	if (str_eq(req->user, "system:anonymous"))
		return false;
	if (str_starts(resource, "selfsubject"))
		return true;
	pthread_mutex_lock(&lock);
	user = user_by("name", req->user);
	allow = json_get(user, "allow");
	ok = allow == NULL;
	cJSON_ArrayForEach (rule, allow)
		ok |= rule_match(rule, verb, group, resource, ns, name);
	cJSON_ArrayForEach (rule, json_get(user, "deny"))
		ok &= !rule_match(rule, verb, group, resource, ns, name);
	pthread_mutex_unlock(&lock);
	return ok;
}

bool auth_allowed(const struct request *req, const char *verb,
		  const struct target *to, struct reply *reply)
{
	char resource[2 * NAME_MAX_LEN], qualified[NAME_MAX_LEN];
	char *subject, *scope;

	snprintf(resource, sizeof(resource), "%s%s%s", to->kind->resource,
		 *to->sub ? "/" : "", to->sub);
	if (auth_check(req, verb, to->kind->group, resource, to->ns, to->name))
		return true;
	kind_qualified(to->kind, qualified, sizeof(qualified));
	subject = *to->name ? xasprintf("%s \"%s\"", qualified, to->name)
			    : xstrdup(qualified);
	scope = *to->ns ? xasprintf("in the namespace \"%s\"", to->ns)
			: xstrdup("at the cluster scope");
	status_object(reply, 403, "Forbidden", to->kind, to->name,
		      "%s is forbidden: User \"%s\" cannot %s resource \"%s\" "
		      "in API group \"%s\" %s",
		      subject, req->user, verb, resource, to->kind->group,
		      scope);
	free(subject);
	free(scope);
	return false;
}

static cJSON *rule_all(void)
{
	return cJSON_Parse("{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],"
			   "\"resources\":[\"*\"]}");
}

cJSON *auth_rules(const struct request *req)
{
	cJSON *rules = cJSON_CreateArray();
	const cJSON *user, *rule, *allow;

	pthread_mutex_lock(&lock);
	user = user_by("name", req->user);
	allow = json_get(user, "allow");
	cJSON_ArrayForEach (rule, allow)
		cJSON_AddItemToArray(rules, json_copy(rule));
	pthread_mutex_unlock(&lock);
	if (!allow)
		cJSON_AddItemToArray(rules, rule_all());
	return rules;
}
