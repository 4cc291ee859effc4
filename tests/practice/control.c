#include "control.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "auth.h"
#include "controller.h"
#include "fault.h"
#include "kubelet.h"
#include "scenario.h"
#include "server.h"
#include "settings.h"
#include "util.h"

struct command {
	struct world *world;
	const char *method;
	const char *path;
	const char *cluster; /* ?cluster=, or NULL for all */
	struct buf body;
	cJSON *json; /* the body's tree, or NULL */
	int status;
	cJSON *answer;
	struct buf text; /* instead of answer */
};

static bool chosen(const struct command *cmd, const struct cluster *cl)
{
	const char *name = json_text(cmd->json, "cluster");

	if (!name)
		name = cmd->cluster;
	return !name || str_eq(name, cl->name);
}

static void refuse(struct command *cmd, const char *why)
{
	cmd->status = 400;
	json_put_text(cmd->answer, "error", why);
}

static void do_count(struct command *cmd)
{
	cJSON *each = json_make(cmd->answer, "clusters");
	long total = 0;
	size_t i;

	for (i = 0; i < cmd->world->len; i++) {
		const struct cluster *cl = &cmd->world->clusters[i];
		long count = server_count(cl);

		json_put_long(each, cl->name, count);
		total += chosen(cmd, cl) ? count : 0;
	}
	json_put_long(cmd->answer, "total", total);
}

static void poke_all(const struct command *cmd)
{
	size_t i;

	for (i = 0; i < cmd->world->len; i++)
		server_poke(&cmd->world->clusters[i]);
}

static void do_fault(struct command *cmd)
{
	const char *why;

	if (str_eq(cmd->method, "GET")) {
		json_put(cmd->answer, "faults", fault_dump());
		return;
	}
	if (str_eq(cmd->method, "DELETE")) {
		fault_clear();
		auth_expire_token(NULL);
		poke_all(cmd);
		return;
	}
	why = cmd->json ? fault_add(cmd->json) : "no JSON body";
	if (why)
		refuse(cmd, why);
	poke_all(cmd);
}

static void do_reset(struct command *cmd)
{
	const cJSON *scenario = json_get(cmd->json, "scenario");
	size_t i;

	fault_clear();
	auth_expire_token(NULL);
	if (!scenario)
		scenario = cmd->world->scenario;
	scenario_begin(scenario);
	for (i = 0; i < cmd->world->len; i++) {
		struct cluster *cl = &cmd->world->clusters[i];

		if (!chosen(cmd, cl))
			continue;
		pthread_mutex_lock(&cl->lock);
		cluster_clear(cl);
		pthread_mutex_unlock(&cl->lock);
		scenario_load(cl, scenario, cmd->world->ns);
		server_reset(cl);
	}
}

static cJSON *state_of(struct cluster *cl)
{
	cJSON *state = cJSON_CreateObject();
	cJSON *objects = cJSON_AddArrayToObject(state, "objects");
	cJSON *pods = cJSON_AddArrayToObject(state, "pods");
	const struct pod_run *run;
	size_t i;

	json_put_long(state, "resourceVersion", cl->rv);
	for (i = 0; i < cl->objs_len; i++) {
		const struct obj *obj = cl->objs[i];
		cJSON *copy = json_copy(obj->json);

		json_put_text(copy, "apiVersion", kind_api_version(obj->kind));
		json_put_text(copy, "kind", obj->kind->name);
		cJSON_AddItemToArray(objects, copy);
	}
	for (run = kubelet_runs(cl); run; run = run->next) {
		cJSON *row = cJSON_CreateObject();

		json_put_text(row, "namespace", run->ns);
		json_put_text(row, "name", run->name);
		json_put_bool(row, "running", run->running);
		json_put(row, "fingerprints",
			 run->keys ? json_copy(run->keys)
				   : cJSON_CreateObject());
		cJSON_AddItemToArray(pods, row);
	}
	return state;
}

static void do_state(struct command *cmd)
{
	size_t i;

	for (i = 0; i < cmd->world->len; i++) {
		struct cluster *cl = &cmd->world->clusters[i];

		if (!chosen(cmd, cl))
			continue;
		pthread_mutex_lock(&cl->lock);
		json_put(cmd->answer, cl->name, state_of(cl));
		pthread_mutex_unlock(&cl->lock);
	}
}

static void do_requests(struct command *cmd)
{
	size_t i;

	for (i = 0; i < cmd->world->len; i++) {
		const struct cluster *cl = &cmd->world->clusters[i];
		char *path, *text;
		size_t len = 0;

		if (!chosen(cmd, cl))
			continue;
		path = xasprintf("%s/%s/requests.jsonl", cmd->world->dir,
				 cl->name);
		text = file_read(path, &len);
		buf_add(&cmd->text, text, text ? len : 0);
		free(text);
		free(path);
	}
	buf_add(&cmd->text, "", 0);
}

static void do_put(struct command *cmd)
{
	const cJSON *object = json_get(cmd->json, "object");
	size_t i;

	for (i = 0; i < cmd->world->len; i++) {
		struct cluster *cl = &cmd->world->clusters[i];
		const char *why;

		if (!chosen(cmd, cl))
			continue;
		pthread_mutex_lock(&cl->lock);
		why = scenario_put(cl, object, cmd->world->ns);
		pthread_mutex_unlock(&cl->lock);
		if (why)
			refuse(cmd, why);
	}
}

static void do_log(struct command *cmd)
{
	const char *ns = json_text(cmd->json, "namespace");
	const char *pod = json_text(cmd->json, "pod");
	const char *line = json_text(cmd->json, "line");
	size_t i, hits = 0;

	for (i = 0; i < cmd->world->len && line; i++) {
		struct cluster *cl = &cmd->world->clusters[i];
		struct pod_run *run;

		if (!chosen(cmd, cl))
			continue;
		pthread_mutex_lock(&cl->lock);
		for (run = kubelet_runs(cl); run; run = run->next) {
			if (!str_eq(run->ns, ns ? ns : cmd->world->ns) ||
			    (pod && !str_eq(run->name, pod)))
				continue;
			pod_log_add(&run->log, line);
			hits++;
		}
		pthread_mutex_unlock(&cl->lock);
	}
	json_put_long(cmd->answer, "pods", (long)hits);
}

static void do_compact(struct command *cmd)
{
	size_t i;

	for (i = 0; i < cmd->world->len; i++) {
		struct cluster *cl = &cmd->world->clusters[i];

		if (!chosen(cmd, cl))
			continue;
		pthread_mutex_lock(&cl->lock);
		cl->rv++;
		cluster_compact(cl);
		pthread_mutex_unlock(&cl->lock);
	}
}

static void do_settings(struct command *cmd)
{
	cJSON *wrapped = cJSON_CreateObject();

	json_put(wrapped, "settings",
		 cmd->json ? json_copy(cmd->json) : cJSON_CreateObject());
	scenario_settings(wrapped);
	cJSON_Delete(wrapped);
	json_put_long(cmd->answer, "pod_ms", settings.pod_ms);
	json_put_long(cmd->answer, "stop_ms", settings.stop_ms);
	json_put_long(cmd->answer, "bookmark_ms", settings.bookmark_ms);
}

static void do_users(struct command *cmd)
{
	if (cJSON_IsArray(cmd->json))
		auth_set_users(json_copy(cmd->json));
	json_put(cmd->answer, "users", auth_users());
}

static const struct {
	const char *path;
	void (*run)(struct command *cmd);
} commands[] = {
	{ "/count", do_count }, { "/fault", do_fault },
	{ "/reset", do_reset }, { "/state", do_state },
	{ "/put", do_put },	{ "/requests", do_requests },
	{ "/log", do_log },	{ "/compact", do_compact },
	{ "/users", do_users }, { "/settings", do_settings },
};

static enum MHD_Result answer(struct command *cmd, struct MHD_Connection *conn)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (!cmd->text.data) {
		char *text = json_print(cmd->answer);

		buf_printf(&cmd->text, "%s\n", text);
		free(text);
	}
	response = MHD_create_response_from_buffer(
		cmd->text.len, cmd->text.data, MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(response, "Content-Type", "application/json");
	result = MHD_queue_response(conn, (unsigned)cmd->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *size, void **ctx)
{
	struct command *cmd = *ctx;
	size_t i;

	(void)version;
	if (!cmd) {
		*ctx = cmd = xcalloc(1, sizeof(*cmd));
		cmd->world = cls;
		cmd->status = 200;
		cmd->answer = cJSON_CreateObject();
		return MHD_YES;
	}
	if (*size) {
		buf_add(&cmd->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	cmd->method = method;
	cmd->path = url;
	cmd->cluster = MHD_lookup_connection_value(conn, MHD_GET_ARGUMENT_KIND,
						   "cluster");
	if (cmd->body.len)
		cmd->json = json_parse(cmd->body.data, cmd->body.len);
	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (str_eq(commands[i].path, url))
			break;
	if (i == ARRAY_LEN(commands))
		cmd->status = 404;
	else if (cmd->body.len && !cmd->json)
		refuse(cmd, "the body is no JSON");
	else
		commands[i].run(cmd);
	return answer(cmd, conn);
}

static void on_end(void *cls, struct MHD_Connection *conn, void **ctx,
		   enum MHD_RequestTerminationCode code)
{
	struct command *cmd = *ctx;

	(void)cls;
	(void)conn;
	(void)code;
	*ctx = NULL;
	if (!cmd)
		return;
	cJSON_Delete(cmd->json);
	cJSON_Delete(cmd->answer);
	buf_release(&cmd->body);
	buf_release(&cmd->text);
	free(cmd);
}

int control_start(struct world *world)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct MHD_Daemon *daemon;
	const union MHD_DaemonInfo *info;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL,
		on_request, world, MHD_OPTION_SOCK_ADDR, &addr,
		MHD_OPTION_NOTIFY_COMPLETED, on_end, world, MHD_OPTION_END);
	info = daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)
		      : NULL;
	if (!info)
		die("cannot start the control server");
	return info->port;
}
