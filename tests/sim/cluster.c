/* cluster.h, over the engine of tests/practice. */
#include "cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../practice/api.h"
#include "../practice/auth.h"
#include "../practice/controller.h"
#include "../practice/kubelet.h"
#include "../practice/scenario.h"

static struct cluster clusters[SIM_CLUSTERS];
static const char *own_ns;

struct sim_stream {
	struct request *req;
	struct stream stream;
};

/* What tests/practice/serve.c has beside its server. */

const char *request_param(const struct request *req, const char *name)
{
	for (size_t i = 0; i < req->params_len; i++)
		if (str_eq(req->params[i].name, name))
			return req->params[i].value;
	return NULL;
}

bool request_flag(const struct request *req, const char *name)
{
	const char *value = request_param(req, name);

	return value &&
	       (!*value || str_eq(value, "true") || str_eq(value, "1"));
}

void reply_release(struct reply *reply)
{
	buf_release(&reply->body);
	if (reply->stream.free)
		reply->stream.free(reply->stream.ctx);
	free(reply->warning);
	memset(reply, 0, sizeof(*reply));
}

/* A stream that has nothing to say returns: nobody waits in here. */
bool request_gone(const struct request *req)
{
	(void)req;
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 0;
}

static char *decode(const char *text, size_t len)
{
	char *out = xcalloc(len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && i + 2 < len) {
			out[n++] = (char)(hex(text[i + 1]) * 16 +
					  hex(text[i + 2]));
			i += 2;
		} else {
			out[n++] = text[i] == '+' ? ' ' : text[i];
		}
	}
	return out;
}

static void add_param(struct request *req, const char *text, size_t len)
{
	const char *equal = memchr(text, '=', len);
	size_t name = equal ? (size_t)(equal - text) : len;
	struct param *param;

	req->params = xrealloc(req->params,
			       (req->params_len + 1) * sizeof(*req->params));
	param = &req->params[req->params_len++];
	param->name = decode(text, name);
	param->value = equal ? decode(equal + 1, len - name - 1) : xstrdup("");
}

static struct request *request_new(int cluster, const struct sim_request *from)
{
	struct request *req = xcalloc(1, sizeof(*req));
	size_t path = strcspn(from->target, "?");
	const char *at = from->target + path;

	req->cluster = &clusters[cluster];
	req->fd = -1;
	req->method = xstrdup(from->method);
	req->path = decode(from->target, path);
	while (*at) {
		size_t n = strcspn(at + 1, "&");

		add_param(req, at + 1, n);
		at += n + 1;
	}
	if (from->token)
		add_param(req, ":token", 6);
	req->content_type =
		from->content_type ? xstrdup(from->content_type) : NULL;
	req->accept = from->accept ? xstrdup(from->accept) : NULL;
	req->user_agent = from->agent ? xstrdup(from->agent) : NULL;
	buf_add(&req->body, from->body, from->body_len);
	return req;
}

static void request_free(struct request *req)
{
	for (size_t i = 0; i < req->params_len; i++) {
		free(req->params[i].name);
		free(req->params[i].value);
	}
	free(req->params);
	free((void *)(uintptr_t)req->method);
	free((void *)(uintptr_t)req->path);
	free((void *)(uintptr_t)req->content_type);
	free((void *)(uintptr_t)req->accept);
	free((void *)(uintptr_t)req->user_agent);
	free(req->user);
	buf_release(&req->body);
	cJSON_Delete(req->groups);
	cJSON_Delete(req->impersonation);
	free(req);
}

void simcluster_begin(const char *scenario, const char *const *names,
		      const char *ns)
{
	cJSON *json = json_parse(scenario, strlen(scenario));

	if (!json)
		die("the scenario is no JSON");
	own_ns = ns;
	scenario_begin(json);
	for (size_t i = 0; i < SIM_CLUSTERS; i++) {
		cluster_init(&clusters[i], names[i], i);
		scenario_load(&clusters[i], json, ns);
	}
	cJSON_Delete(json);
}

void simcluster_serve(int cluster, const struct sim_request *request,
		      struct sim_answer *out)
{
	struct request *req = request_new(cluster, request);
	struct reply reply = { 0 };

	memset(out, 0, sizeof(*out));
	if (auth_identify(req, request->token, NULL, NULL, &reply))
		api_serve(req, &reply);
	out->status = reply.status ? reply.status : 200;
	snprintf(out->type, sizeof(out->type), "%s",
		 reply.content_type ? reply.content_type : "application/json");
	if (reply.warning)
		snprintf(out->warning, sizeof(out->warning), "%s",
			 reply.warning);
	out->body = reply.body.data;
	out->len = reply.body.len;
	memset(&reply.body, 0, sizeof(reply.body));
	if (reply.stream.read) {
		out->stream = xcalloc(1, sizeof(*out->stream));
		out->stream->stream = reply.stream;
		out->stream->req = req;
		memset(&reply.stream, 0, sizeof(reply.stream));
	} else {
		request_free(req);
	}
	reply_release(&reply);
}

void simcluster_release(struct sim_answer *answer)
{
	free(answer->body);
	if (answer->stream)
		simcluster_stream_free(answer->stream);
	memset(answer, 0, sizeof(*answer));
}

long simcluster_poll(struct sim_stream *stream, char *out, size_t size)
{
	ssize_t n = stream->stream.read(stream->stream.ctx, out, size);

	if (n > 0)
		return (long)n;
	return n < 0 ? 0 : -1;
}

void simcluster_stream_free(struct sim_stream *stream)
{
	if (stream->stream.free)
		stream->stream.free(stream->stream.ctx);
	request_free(stream->req);
	free(stream);
}

int64_t simcluster_work(int cluster)
{
	return controller_work(&clusters[cluster]);
}

long simcluster_version(int cluster)
{
	return clusters[cluster].rv;
}

const struct cJSON *simcluster_secret(int cluster, const char *name)
{
	const struct obj *obj = store_find(
		&clusters[cluster], store_kind("v1", "Secret"), own_ns, name);

	return obj ? obj->json : NULL;
}

struct cJSON *simcluster_look(int cluster, const char *secret,
			      const char *entry)
{
	struct cluster *cl = &clusters[cluster];
	cJSON *look = cJSON_CreateObject();
	cJSON *pods = cJSON_AddArrayToObject(look, "pods");
	char *name = xasprintf("%s/%s", secret, entry);
	const struct cJSON *found = simcluster_secret(cluster, secret);
	size_t first, count;

	json_put(look, "secret", found ? json_copy(found) : cJSON_CreateNull());
	first = store_range(cl, store_kind("apps/v1", "Deployment"), own_ns,
			    &count);
	json_put(look, "deployment",
		 count ? json_copy(cl->objs[first]->json) : cJSON_CreateNull());
	(void)store_range(cl, store_kind("apps/v1", "ReplicaSet"), own_ns,
			  &count);
	json_put_long(look, "templates", (long)count);
	for (const struct pod_run *run = kubelet_runs(cl); run;
	     run = run->next) {
		cJSON *row = cJSON_CreateObject();

		json_put_bool(row, "running", run->running);
		if (json_text(run->keys, name))
			json_put_text(row, "fingerprint",
				      json_text(run->keys, name));
		cJSON_AddItemToArray(pods, row);
	}
	free(name);
	return look;
}

void simcluster_compact(int cluster)
{
	clusters[cluster].rv++;
	cluster_compact(&clusters[cluster]);
}

void simcluster_expire(const char *token)
{
	auth_expire_token(token);
}
