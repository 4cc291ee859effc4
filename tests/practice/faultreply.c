#include "fault.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api.h"
#include "auth.h"
#include "util.h"

void socket_reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	/* Linux: dissolves the connection by a reset, keeping the fd. */
	if (connect(fd, &none, sizeof(none)) != 0)
		shutdown(fd, SHUT_RDWR);
}

void fault_kill(const struct fault_hit *hit)
{
	size_t len;
	char *text = *hit->pid_file ? file_read(hit->pid_file, &len) : NULL;
	long pid = text ? strtol(text, NULL, 10) : 0;

	if (pid > 1)
		kill((pid_t)pid, SIGKILL);
	free(text);
}

static const struct {
	int code;
	const char *reason;
	const char *message;
} errors[] = {
	{ 401, "Unauthorized", "Unauthorized" },
	{ 410, "Expired",
	  "The provided continue parameter is too old to "
	  "display a consistent list result." },
	{ 422, "Invalid",
	  "the server rejected our request due to an error in "
	  "our request" },
	{ 429, "TooManyRequests",
	  "Too many requests, please try again later." },
	{ 500, "InternalError",
	  "Internal error occurred: etcdserver: request timed out" },
	{ 502, NULL, "bad gateway" },
	{ 503, "ServiceUnavailable",
	  "the server is currently unable to handle the request" },
	{ 504, "Timeout",
	  "Timeout: request did not complete within the "
	  "allotted timeout" },
};

/* 403, 404 and 409 name the object; the rest is fixed. */
static void error_reply(const struct fault_hit *hit, struct request *req,
			struct reply *reply)
{
	struct target to;
	struct reply ignored = { 0 };
	bool object = target_parse(req->path, &to, &ignored);
	size_t i;

	reply_release(&ignored);
	if (object && hit->code == 404) {
		status_not_found(reply, to.kind, to.name);
		return;
	}
	if (object && hit->code == 403) {
		status_object(reply, 403, "Forbidden", to.kind, to.name,
			      "%s \"%s\" is forbidden: User \"%s\" cannot "
			      "do this in the namespace \"%s\"",
			      to.kind->resource, to.name, req->user, to.ns);
		return;
	}
	if (object && hit->code == 409) {
		status_stale(reply, to.kind, to.name);
		return;
	}
	for (i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].code == hit->code)
			break;
	if (i == ARRAY_LEN(errors))
		status_plain(reply, hit->code, NULL, "injected");
	else
		status_plain(reply, hit->code, errors[i].reason, "%s",
			     errors[i].message);
}

static void conflict_reply(struct reply *reply)
{
	cJSON *details = cJSON_CreateObject(), *cause = cJSON_CreateObject();

	json_put_text(cause, "reason", "FieldManagerConflict");
	json_put_text(cause, "message",
		      "conflict with \"other-controller\" using v1");
	json_put_text(cause, "field", ".data.SECRET_ENCRYPTION_KEY");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(details, "causes"), cause);
	status_set(reply, 409, "Conflict",
		   "Apply failed with 1 conflict: conflict with "
		   "\"other-controller\" using v1: "
		   ".data.SECRET_ENCRYPTION_KEY",
		   details);
}

/* Every base64 value of data, decoded. */
static void add_decoded(struct buf *out, const cJSON *object)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, json_get(object, "data")) {
		size_t len, bad;
		char *bytes = at->valuestring ? base64_decode(at->valuestring,
							      &len, &bad)
					      : NULL;

		if (bytes)
			buf_printf(out, " %s=%s", at->string, bytes);
		free(bytes);
	}
}

/* Quotes the body, or for a GET the object itself. */
static void echo_reply(const struct fault_hit *hit, struct request *req,
		       struct reply *reply)
{
	struct buf text = { 0 };
	struct target to;
	struct reply ignored = { 0 };
	cJSON *body = NULL;
	const struct obj *obj;

	buf_str(&text, "admission webhook denied the request: ");
	if (req->body.len) {
		buf_str(&text, req->body.data);
		body = json_parse(req->body.data, req->body.len);
		add_decoded(&text, body);
	} else if (target_parse(req->path, &to, &ignored)) {
		pthread_mutex_lock(&req->cluster->lock);
		obj = store_find(req->cluster, to.store, to.ns, to.name);
		buf_str(&text, obj ? obj->text : "");
		if (obj)
			add_decoded(&text, obj->json);
		pthread_mutex_unlock(&req->cluster->lock);
	}
	status_plain(reply, hit->code, "Invalid", "%s", text.data);
	reply_release(&ignored);
	cJSON_Delete(body);
	buf_release(&text);
}

static void html_reply(struct reply *reply, int code, const char *title)
{
	buf_release(&reply->body);
	reply->status = code;
	reply->content_type = "text/html; charset=utf-8";
	buf_printf(&reply->body,
		   "<!DOCTYPE html>\n<html><head><title>%s</title></head>"
		   "<body><h1>%s</h1></body></html>\n",
		   title, title);
}

static void expire(struct request *req)
{
	const char *token = request_param(req, ":token");

	if (token)
		auth_expire_token(token);
}

bool fault_instead(const struct fault_hit *hit, struct request *req,
		   struct reply *reply)
{
	if (hit->kind == FAULT_DELAY)
		sleep_ms(hit->ms);
	if (hit->applied)
		return false;
	if (hit->kind == FAULT_STATUS)
		error_reply(hit, req, reply);
	else if (hit->kind == FAULT_CONFLICT)
		conflict_reply(reply);
	else if (hit->kind == FAULT_STALE)
		error_reply(hit, req, reply);
	else if (hit->kind == FAULT_ECHO)
		echo_reply(hit, req, reply);
	else if (hit->kind == FAULT_GATEWAY)
		html_reply(reply, hit->code, "502 Bad Gateway");
	else if (hit->kind == FAULT_HTML)
		html_reply(reply, hit->code, "Sign in");
	else if (hit->kind == FAULT_EXPIRED)
		expire(req);
	else
		return hit->kind == FAULT_ENDLESS;
	if (hit->kind == FAULT_EXPIRED)
		status_plain(reply, 401, "Unauthorized", "Unauthorized");
	if (hit->date)
		strcpy(reply->retry_after, "Wed, 21 Oct 2026 07:28:00 GMT");
	else if (hit->retry_after >= 0)
		snprintf(reply->retry_after, sizeof(reply->retry_after), "%ld",
			 hit->retry_after);
	return true;
}

/* Replaces the text of the first "NAME":"…". */
static void replace_member(struct buf *body, const char *name,
			   const char *value)
{
	char *mark = xasprintf("\"%s\":\"", name);
	char *hit = body->data ? strstr(body->data, mark) : NULL;
	struct buf out = { 0 };

	if (hit) {
		hit += strlen(mark);
		buf_add(&out, body->data, (size_t)(hit - body->data));
		buf_str(&out, value);
		buf_str(&out, hit + strcspn(hit, "\""));
		buf_release(body);
		*body = out;
	}
	free(mark);
}

void fault_after(const struct fault_hit *hit, struct request *req,
		 struct reply *reply)
{
	struct fault_hit plain = *hit;

	/* Carried out, but told otherwise. */
	plain.applied = false;
	if (hit->applied && hit->kind < FAULT_DELAY) {
		buf_release(&reply->body);
		fault_instead(&plain, req, reply);
	}
	if (hit->kind == FAULT_TRUNCATED && reply->body.len) {
		reply->body.len /= 2;
		reply->body.data[reply->body.len] = '\0';
	}
	if (hit->kind == FAULT_WRONG_KIND)
		replace_member(&reply->body, "kind", "ConfigMap");
	if (hit->kind == FAULT_WRONG_UID)
		replace_member(&reply->body, "uid",
			       "00000000-0000-4000-8000-000000000000");
	if (hit->kind == FAULT_WRONG_NAME)
		replace_member(&reply->body, "name", "some-other-object");
}
