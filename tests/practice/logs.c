#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "kubelet.h"
#include "pods.h"

struct follow {
	struct request *req;
	struct cluster *cluster;
	char ns[NAME_MAX_LEN];
	char pod[NAME_MAX_LEN];
	long epoch;
	int instance;
	size_t next;
	bool stamps;
	struct buf pending;
	size_t sent;
};

static void number_param(const struct request *req, const char *name,
			 long least, cJSON *causes)
{
	const char *text = request_param(req, name);
	char *end;
	long n;

	if (!text)
		return;
	n = strtol(text, &end, 10);
	if (*end || end == text || n < least)
		cause_add(causes, "FieldValueInvalid", name,
			  "Invalid value: %s: must be greater than or equal to "
			  "%ld",
			  text, least);
}

static bool log_params(const struct request *req, const struct target *to,
		       struct reply *reply)
{
	const char *since = request_param(req, "sinceTime");
	cJSON *causes;
	time_t t;

	if (since && !time_parse(since, &t))
		return status_bad_request(reply,
					  "unable to decode query parameters: "
					  "sinceTime");
	causes = cJSON_CreateArray();
	number_param(req, "tailLines", 0, causes);
	number_param(req, "limitBytes", 1, causes);
	if (since && request_param(req, "sinceSeconds"))
		cause_add(causes, "FieldValueForbidden", "[]",
			  "Forbidden: at most one of `sinceTime` or "
			  "`sinceSeconds` may be specified");
	else
		number_param(req, "sinceSeconds", 1, causes);
	return status_causes(reply, "", "PodLogOptions", to->name, causes);
}

static bool container_valid(const struct request *req, const struct obj *pod,
			    struct reply *reply)
{
	static const char *const lists[] = { "containers", "initContainers" };
	const char *want = request_param(req, "container");
	const cJSON *spec = json_get(pod->json, "spec");
	const cJSON *at;
	struct buf names = { 0 };
	size_t i;

	if (!want || !*want) {
		if (cJSON_GetArraySize(json_get(spec, "containers")) == 1)
			return true;
		cJSON_ArrayForEach (at, json_get(spec, "containers"))
			buf_printf(&names, "%s%s", names.len ? " " : "",
				   json_text(at, "name"));
		status_bad_request(reply,
				   "a container name must be specified for pod "
				   "%s, choose one of: [%s]",
				   pod->name, names.data ? names.data : "");
		buf_release(&names);
		return false;
	}
	for (i = 0; i < ARRAY_LEN(lists); i++)
		cJSON_ArrayForEach (at, json_get(spec, lists[i]))
			if (str_eq(json_text(at, "name"), want))
				return true;
	return status_bad_request(reply, "container %s is not valid for pod %s",
				  want, pod->name);
}

static void add_line(struct buf *out, const struct log_line *line, bool stamps)
{
	if (stamps)
		buf_printf(out, "%s ", line->stamp);
	buf_printf(out, "%s\n", line->text);
}

static time_t since_of(const struct request *req)
{
	const char *text = request_param(req, "sinceTime");
	const char *seconds = request_param(req, "sinceSeconds");
	time_t since = 0;

	if (text)
		time_parse(text, &since);
	if (seconds)
		since = time(NULL) - atol(seconds);
	return since;
}

static void add_log(const struct request *req, const struct pod_log *log,
		    struct buf *out)
{
	const char *tail = request_param(req, "tailLines");
	const char *limit = request_param(req, "limitBytes");
	time_t since = since_of(req), t;
	size_t i = 0;

	if (tail && (size_t)atol(tail) < log->len)
		i = log->len - (size_t)atol(tail);
	for (; i < log->len; i++)
		if (!since || !time_parse(log->lines[i].stamp, &t) ||
		    t >= since)
			add_line(out, &log->lines[i],
				 request_flag(req, "timestamps"));
	if (limit && out->len > (size_t)atol(limit)) {
		out->len = (size_t)atol(limit);
		out->data[out->len] = '\0';
	}
}

/* The log to show; NULL after setting the kubelet's 400. */
static const struct pod_log *choose_log(const struct request *req,
					const struct obj *pod,
					const struct pod_run *run,
					struct reply *reply)
{
	const char *container = request_param(req, "container");
	const cJSON *status =
		json_get(pod->json, "status", "containerStatuses");
	const char *reason = json_text(status ? status->child : NULL, "state",
				       "waiting", "reason");

	if (!container)
		container = json_text(
			json_get(pod->json, "spec", "containers")->child,
			"name");
	if (request_flag(req, "previous")) {
		if (run->previous.len)
			return &run->previous;
		status_bad_request(reply,
				   "previous terminated container \"%s\" in "
				   "pod \"%s\" not found",
				   container, pod->name);
		return NULL;
	}
	if (run->log.len || run->running)
		return &run->log;
	if (run->previous.len)
		return &run->previous;
	if (!reason && !run->running && pod_finished(pod))
		return &run->log;
	status_bad_request(reply,
			   "container \"%s\" in pod \"%s\" is waiting to "
			   "start: %s",
			   container, pod->name,
			   reason ? reason : "ContainerCreating");
	return NULL;
}

static ssize_t follow_read(void *ctx, char *out, size_t size)
{
	struct follow *follow = ctx;
	struct cluster *cl = follow->cluster;
	bool over = false;
	size_t n;

	while (follow->sent == follow->pending.len && !over) {
		struct pod_run *run;

		follow->sent = follow->pending.len = 0;
		pthread_mutex_lock(&cl->lock);
		run = kubelet_run(cl, follow->ns, follow->pod);
		over = !run || run->instance != follow->instance ||
		       cl->epoch != follow->epoch;
		while (!over && follow->next < run->log.len)
			add_line(&follow->pending,
				 &run->log.lines[follow->next++],
				 follow->stamps);
		pthread_mutex_unlock(&cl->lock);
		if (over || follow->pending.len)
			break;
		if (request_gone(follow->req))
			return -1;
		sleep_ms(10);
	}
	n = follow->pending.len - follow->sent;
	if (n > size)
		n = size;
	if (n)
		memcpy(out, follow->pending.data + follow->sent, n);
	follow->sent += n;
	return (ssize_t)n;
}

static void follow_free(void *ctx)
{
	struct follow *follow = ctx;

	buf_release(&follow->pending);
	free(follow);
}

static void follow_begin(struct request *req, const struct target *to,
			 const struct pod_run *run, struct reply *reply)
{
	struct follow *follow = xcalloc(1, sizeof(*follow));

	follow->req = req;
	follow->cluster = req->cluster;
	strcpy(follow->ns, to->ns);
	strcpy(follow->pod, to->name);
	follow->epoch = req->cluster->epoch;
	follow->instance = run->instance;
	follow->next = run->log.len;
	follow->stamps = request_flag(req, "timestamps");
	follow->pending = reply->body;
	memset(&reply->body, 0, sizeof(reply->body));
	reply->stream = (struct stream){ follow_read, follow_free, follow };
}

static void log_reply(struct request *req, const struct target *to,
		      struct reply *reply)
{
	struct cluster *cl = req->cluster;
	const struct obj *pod = store_find(cl, to->store, to->ns, to->name);
	const struct pod_run *run = kubelet_run(cl, to->ns, to->name);
	const struct pod_log *log;

	if (!pod || !run) {
		status_not_found(reply, to->kind, to->name);
		return;
	}
	if (!container_valid(req, pod, reply))
		return;
	reply->content_type = "text/plain";
	if (!json_text(pod->json, "spec", "nodeName")) {
		reply->status = 204;
		return;
	}
	log = choose_log(req, pod, run, reply);
	if (!log)
		return;
	reply->status = 200;
	add_log(req, log, &reply->body);
	if (request_flag(req, "follow") && log == &run->log && run->running)
		follow_begin(req, to, run, reply);
}

void api_log(struct request *req, const struct target *to, struct reply *reply)
{
	if (!log_params(req, to, reply))
		return;
	pthread_mutex_lock(&req->cluster->lock);
	log_reply(req, to, reply);
	pthread_mutex_unlock(&req->cluster->lock);
}
