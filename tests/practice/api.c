#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "auth.h"

static bool page_not_found(struct reply *reply)
{
	reply->status = 404;
	reply->content_type = "text/plain; charset=utf-8";
	buf_str(&reply->body, "404 page not found\n");
	return false;
}

static bool resource_not_found(struct reply *reply)
{
	status_set(reply, 404, "NotFound",
		   "the server could not find the requested resource",
		   cJSON_CreateObject());
	return false;
}

/* Copies the next path segment; false when there is none or it is long. */
static bool segment(const char **path, char out[NAME_MAX_LEN])
{
	size_t len;

	out[0] = '\0';
	if (**path != '/')
		return false;
	len = strcspn(*path + 1, "/");
	if (!len || len >= NAME_MAX_LEN)
		return false;
	memcpy(out, *path + 1, len);
	out[len] = '\0';
	*path += len + 1;
	return true;
}

bool target_parse(const char *path, struct target *out, struct reply *reply)
{
	char group[NAME_MAX_LEN] = "", version[NAME_MAX_LEN];
	char resource[NAME_MAX_LEN];
	bool core = str_starts(path, "/api/");

	memset(out, 0, sizeof(*out));
	if (!core && !str_starts(path, "/apis/"))
		return page_not_found(reply);
	path += core ? 4 : 5;
	if ((!core && !segment(&path, group)) || !segment(&path, version) ||
	    !kind_group_known(group, NULL))
		return page_not_found(reply);
	if (!segment(&path, resource))
		return resource_not_found(reply);
	if (str_eq(resource, "namespaces") && segment(&path, out->ns) &&
	    !segment(&path, resource)) {
		strcpy(resource, "namespaces");
		strcpy(out->name, out->ns);
		out->ns[0] = '\0';
	}
	out->kind = kind_find(group, version, resource);
	out->store = kind_stored(out->kind);
	if (!out->kind)
		return resource_not_found(reply);
	if (!*out->name)
		segment(&path, out->name);
	segment(&path, out->sub);
	return true;
}

static const char *verb_of(const struct request *req, const struct target *to)
{
	if (str_eq(req->method, "GET") && *to->name)
		return "get";
	if (str_eq(req->method, "GET"))
		return request_flag(req, "watch") ? "watch" : "list";
	if (str_eq(req->method, "POST"))
		return "create";
	if (str_eq(req->method, "PUT"))
		return "update";
	if (str_eq(req->method, "PATCH"))
		return "patch";
	if (str_eq(req->method, "DELETE"))
		return *to->name ? "delete" : "deletecollection";
	return NULL;
}

/* A list of one name is authorised as that name. */
static bool allowed(struct request *req, const char *verb, struct target *to,
		    struct reply *reply)
{
	static const char by_name[] = "metadata.name=";
	const char *field = request_param(req, "fieldSelector");
	struct target named = *to;

	if (!*to->name && field && str_starts(field, by_name) &&
	    !strchr(field, ',') &&
	    strlen(field) - strlen(by_name) < sizeof(named.name)) {
		strcpy(named.name, field + strlen(by_name));
		if (auth_check(req, verb, to->kind->group, to->kind->resource,
			       to->ns, named.name))
			return true;
	}
	return auth_allowed(req, verb, to, reply);
}

static void dispatch(struct request *req, struct target *to, const char *verb,
		     struct reply *reply)
{
	bool scale = str_eq(to->sub, "scale") && (to->kind->flags & KIND_SCALE);
	bool status = str_eq(to->sub, "status") &&
		      (to->kind->flags & (KIND_GENERATION | KIND_STATUS));

	if (*to->sub && !scale && !status)
		resource_not_found(reply);
	else if (to->kind->flags & KIND_REVIEW)
		api_review(req, to, reply);
	else if (scale)
		api_scale(req, to, reply);
	else if (str_eq(verb, "get"))
		api_get(req, to, reply);
	else if (str_eq(verb, "list"))
		api_list(req, to, reply);
	else if (str_eq(verb, "watch"))
		api_watch(req, to, reply);
	else if (str_starts(verb, "delete"))
		api_delete(req, to, reply);
	else
		api_write(req, to, reply);
}

static bool method_fits(const struct request *req, const struct target *to,
			const char *verb, struct reply *reply)
{
	bool named = *to->name != '\0';
	bool ok = verb != NULL;

	if (str_eq(req->method, "POST") && named)
		ok = false;
	if ((str_eq(req->method, "PUT") || str_eq(req->method, "PATCH")) &&
	    !named)
		ok = false;
	if (ok)
		return true;
	return status_bare(reply, 405, "MethodNotAllowed",
			   "the server does not allow this method on the "
			   "requested resource");
}

void api_serve(struct request *req, struct reply *reply)
{
	struct target to;
	const char *verb;

	if (api_discovery(req, reply) || api_openapi(req, reply) ||
	    !target_parse(req->path, &to, reply))
		return;
	verb = verb_of(req, &to);
	if (!method_fits(req, &to, verb, reply) ||
	    !allowed(req, verb, &to, reply))
		return;
	if (str_eq(to.sub, "log") && kind_is(to.kind, "Pod")) {
		api_log(req, &to, reply);
		return;
	}
	pthread_mutex_lock(&req->cluster->lock);
	dispatch(req, &to, verb, reply);
	pthread_mutex_unlock(&req->cluster->lock);
}
