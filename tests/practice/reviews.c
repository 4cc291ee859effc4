#include "api.h"

#include <stdlib.h>

#include "auth.h"

static const char *attribute(const cJSON *attributes, const char *name)
{
	const char *text = json_text(attributes, name);

	return text ? text : "";
}

static cJSON *access_status(const struct request *req, const cJSON *body)
{
	const cJSON *of = json_get(body, "spec", "resourceAttributes");
	const char *sub = attribute(of, "subresource");
	char *resource = xasprintf("%s%s%s", attribute(of, "resource"),
				   *sub ? "/" : "", sub);
	cJSON *status = cJSON_CreateObject();
	bool ok;

	ok = auth_check(req, attribute(of, "verb"), attribute(of, "group"),
			resource, attribute(of, "namespace"),
			attribute(of, "name"));
	json_put_bool(status, "allowed", ok);
	if (ok)
		json_put_text(status, "reason",
			      "RBAC: allowed by ClusterRoleBinding "
			      "\"practice\" of ClusterRole \"practice\"");
	free(resource);
	return status;
}

static cJSON *rules_status(const struct request *req)
{
	cJSON *status = cJSON_CreateObject();

	json_put(status, "resourceRules", auth_rules(req));
	json_put(status, "nonResourceRules", cJSON_CreateArray());
	json_put_bool(status, "incomplete", false);
	return status;
}

static cJSON *user_status(const struct request *req)
{
	cJSON *status = cJSON_CreateObject();
	cJSON *info = json_make(status, "userInfo");

	json_put_text(info, "username", req->user);
	json_put(info, "groups", json_copy(req->groups));
	return status;
}

void api_review(struct request *req, const struct target *to,
		struct reply *reply)
{
	cJSON *body =
		json_parse(req->body.data ? req->body.data : "", req->body.len);
	cJSON *status;

	if (!str_eq(req->method, "POST")) {
		cJSON_Delete(body);
		status_bare(reply, 405, "MethodNotAllowed",
			    "the server does not allow this method on the "
			    "requested resource");
		return;
	}
	if (!body) {
		status_bad_request(reply, "the object provided is "
					  "unrecognized");
		return;
	}
	if (kind_is(to->kind, "SelfSubjectAccessReview"))
		status = access_status(req, body);
	else if (kind_is(to->kind, "SelfSubjectRulesReview"))
		status = rules_status(req);
	else
		status = user_status(req);
	json_del(body, "apiVersion");
	json_del(body, "kind");
	json_make(body, "metadata");
	json_put(body, "status", status);
	reply->status = 201;
	render_object(&reply->body, to->kind, body, FORM_FULL);
	buf_str(&reply->body, "\n");
	cJSON_Delete(body);
}
