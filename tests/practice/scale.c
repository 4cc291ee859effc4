#include "api.h"

#include <stdlib.h>

#include "pods.h"
#include "write.h"

static void scale_render(struct request *req, const struct target *to,
			 struct reply *reply)
{
	const struct obj *obj =
		store_find(req->cluster, to->store, to->ns, to->name);
	cJSON *scale = cJSON_CreateObject();
	cJSON *metadata = json_make(scale, "metadata");
	struct buf labels = { 0 };
	const cJSON *at;
	char *text;

	json_put_text(scale, "kind", "Scale");
	json_put_text(scale, "apiVersion", "autoscaling/v1");
	json_put_text(metadata, "name", to->name);
	json_put_text(metadata, "namespace", to->ns);
	json_put_text(metadata, "uid", json_text(obj->json, "metadata", "uid"));
	json_put_text(metadata, "resourceVersion",
		      json_text(obj->json, "metadata", "resourceVersion"));
	json_put_text(metadata, "creationTimestamp",
		      json_text(obj->json, "metadata", "creationTimestamp"));
	count_put(json_make(scale, "spec"), "replicas",
		  json_long(obj->json, 0, "spec", "replicas"));
	json_put_long(json_make(scale, "status"), "replicas",
		      json_long(obj->json, 0, "status", "replicas"));
	cJSON_ArrayForEach (
		at, json_get(obj->json, "spec", "selector", "matchLabels"))
		buf_printf(&labels, "%s%s=%s", labels.len ? "," : "",
			   at->string, json_string(at));
	json_put_text(json_get(scale, "status"), "selector", labels.data);
	buf_release(&labels);
	text = json_print(scale);
	buf_release(&reply->body);
	buf_str(&reply->body, text);
	free(text);
	cJSON_Delete(scale);
}

void api_scale(struct request *req, const struct target *to,
	       struct reply *reply)
{
	struct target whole = *to;
	struct write w;
	struct obj *obj = store_find(req->cluster, to->store, to->ns, to->name);
	cJSON *body, *next;

	whole.sub[0] = '\0';
	if (!obj) {
		status_not_found(reply, to->kind, to->name);
		return;
	}
	reply->status = 200;
	if (!str_eq(req->method, "GET")) {
		if (!write_begin(&w, req, &whole, reply))
			return;
		body = write_body(&w);
		if (!body)
			return;
		next = json_copy(obj->json);
		json_put_long(json_make(next, "spec"), "replicas",
			      json_long(body, 0, "spec", "replicas"));
		cJSON_Delete(body);
		write_update(&w, obj, next, false);
	}
	if (reply->status == 200)
		scale_render(req, to, reply);
}
