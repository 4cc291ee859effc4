#include "serve.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "api.h"
#include "auth.h"
#include "body.h"
#include "fault.h"

enum { BODY_MAX = 3145728 };

struct call {
	struct server *server;
	struct request req;
	struct reply reply;
	struct fault_hit fault;
	char *uri;
	char *token;
	cJSON *headers;
	bool started;
	bool too_large;
};

const char *request_param(const struct request *req, const char *name)
{
	size_t i;

	for (i = 0; i < req->params_len; i++)
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

static bool on_dead_connection(const struct request *req)
{
	return req->connection_id <=
	       __atomic_load_n(&req->cluster->dead_connections,
			       __ATOMIC_ACQUIRE);
}

bool request_gone(const struct request *req)
{
	struct pollfd poll_fd = { .fd = req->fd, .events = POLLRDHUP };

	return poll(&poll_fd, 1, 0) > 0 || on_dead_connection(req);
}

void reply_release(struct reply *reply)
{
	buf_release(&reply->body);
	if (reply->stream.free)
		reply->stream.free(reply->stream.ctx);
	free(reply->warning);
	memset(reply, 0, sizeof(*reply));
}

void *serve_begin(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct call *call = xcalloc(1, sizeof(*call));

	(void)conn;
	call->server = cls;
	call->uri = xstrdup(uri);
	call->headers = cJSON_CreateObject();
	return call;
}

void serve_connection(void *cls, struct MHD_Connection *conn, void **socket_ctx,
		      enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;
	long *id;

	(void)conn;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		id = xcalloc(1, sizeof(*id));
		*id = __atomic_add_fetch(&server->connections, 1,
					 __ATOMIC_RELAXED);
		*socket_ctx = id;
	} else {
		free(*socket_ctx);
		*socket_ctx = NULL;
	}
}

void serve_end(void *cls, struct MHD_Connection *conn, void **ctx,
	       enum MHD_RequestTerminationCode code)
{
	struct call *call = *ctx;
	size_t i;

	(void)cls;
	(void)conn;
	(void)code;
	*ctx = NULL;
	if (!call)
		return;
	for (i = 0; i < call->req.params_len; i++) {
		free(call->req.params[i].name);
		free(call->req.params[i].value);
	}
	free(call->req.params);
	free(call->req.user);
	free(call->token);
	free(call->uri);
	buf_release(&call->req.body);
	cJSON_Delete(call->req.groups);
	cJSON_Delete(call->req.impersonation);
	cJSON_Delete(call->headers);
	reply_release(&call->reply);
	free(call);
}

static void add_param(struct request *req, const char *name, const char *value)
{
	req->params = xrealloc(req->params,
			       (req->params_len + 1) * sizeof(*req->params));
	req->params[req->params_len].name = xstrdup(name);
	req->params[req->params_len++].value = xstrdup(value ? value : "");
}

static enum MHD_Result on_param(void *cls, enum MHD_ValueKind kind,
				const char *name, const char *value)
{
	(void)kind;
	add_param(cls, name, value);
	return MHD_YES;
}

static void on_impersonation(struct request *req, const char *name,
			     const char *value)
{
	if (!req->impersonation)
		req->impersonation = cJSON_CreateObject();
	if (!str_eq(name, "impersonate-group")) {
		json_put_text(req->impersonation, name, value);
		return;
	}
	if (!json_get(req->impersonation, name))
		json_put(req->impersonation, name, cJSON_CreateArray());
	cJSON_AddItemToArray(json_get(req->impersonation, name),
			     cJSON_CreateString(value));
}

/* Keeps every header but the credentials, in lower case. */
static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind,
				 const char *name, const char *value)
{
	struct call *call = cls;
	char lower[128];
	size_t i;

	(void)kind;
	for (i = 0; name[i] && i < sizeof(lower) - 1; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	lower[i] = '\0';
	if (str_eq(lower, "authorization")) {
		if (strncasecmp(value, "Bearer ", 7) == 0)
			call->token = xstrdup(value + 7);
		return MHD_YES;
	}
	if (str_starts(lower, "impersonate-"))
		on_impersonation(&call->req, lower, value);
	json_put_text(call->headers, lower, value ? value : "");
	return MHD_YES;
}

/* CN and O of a client certificate that our authority signed. */
static char *peer_user(struct MHD_Connection *conn, cJSON **out_groups)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_session_t session = info ? info->tls_session : NULL;
	const gnutls_datum_t *chain;
	gnutls_x509_crt_t cert;
	unsigned count = 0, status = 1;
	char text[256];
	size_t len = sizeof(text);
	char *user = NULL;

	chain = session ? gnutls_certificate_get_peers(session, &count) : NULL;
	if (!chain || !count ||
	    gnutls_certificate_verify_peers2(session, &status) || status ||
	    gnutls_x509_crt_init(&cert))
		return NULL;
	*out_groups = cJSON_CreateArray();
	if (gnutls_x509_crt_import(cert, chain, GNUTLS_X509_FMT_DER) == 0) {
		if (!gnutls_x509_crt_get_dn_by_oid(cert,
						   GNUTLS_OID_X520_COMMON_NAME,
						   0, 0, text, &len))
			user = xstrndup(text, len);
		len = sizeof(text);
		if (!gnutls_x509_crt_get_dn_by_oid(
			    cert, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, 0, text,
			    &len))
			cJSON_AddItemToArray(*out_groups,
					     cJSON_CreateString(text));
	}
	cJSON_AddItemToArray(*out_groups,
			     cJSON_CreateString("system:authenticated"));
	gnutls_x509_crt_deinit(cert);
	return user;
}

static void prepare(struct call *call, struct MHD_Connection *conn,
		    const char *url, const char *method)
{
	struct request *req = &call->req;
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(
		conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *id = MHD_get_connection_info(
		conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	req->cluster = call->server->cluster;
	req->connection = conn;
	req->fd = fd->connect_fd;
	req->connection_id = id && id->socket_context
				     ? *(const long *)id->socket_context
				     : 0;
	req->method = method;
	req->path = url;
	MHD_get_connection_values(conn, MHD_HEADER_KIND, on_header, call);
	MHD_get_connection_values(conn, MHD_GET_ARGUMENT_KIND, on_param, req);
	if (call->token)
		add_param(req, ":token", call->token);
	req->content_type = json_text(call->headers, "content-type");
	req->accept = json_text(call->headers, "accept");
	req->user_agent = json_text(call->headers, "user-agent");
	req->index =
		__atomic_add_fetch(&call->server->count, 1, __ATOMIC_ACQ_REL);
	fault_take(req, call->uri, request_flag(req, "watch"), &call->fault);
}

static void record(struct call *call)
{
	cJSON *row = cJSON_CreateObject();
	const struct request *req = &call->req;
	char now[TIME_LEN];
	char *text, *line;

	time_micro(now);
	json_put_text(row, "cluster", req->cluster->name);
	json_put_long(row, "index", req->index);
	json_put_text(row, "time", now);
	json_put_text(row, "method", req->method);
	json_put_text(row, "path", call->uri);
	json_put(row, "headers", json_copy(call->headers));
	json_put_text(row, "auth", call->token ? "bearer" : "");
	json_put_text(row, "user", req->user ? req->user : "");
	json_put_text(row, "body", req->body.len ? req->body.data : "");
	json_put_long(row, "connection", req->connection_id);
	json_put_long(row, "status", call->reply.status);
	if (call->fault.kind)
		json_put_text(row, "fault", call->fault.name);
	text = json_print(row);
	line = xasprintf("%s\n", text);
	if (write(call->server->record_fd, line, strlen(line)) < 0)
		die("cannot write the record");
	free(line);
	free(text);
	cJSON_Delete(row);
}

static void carry_out(struct call *call, struct MHD_Connection *conn)
{
	struct request *req = &call->req;
	struct reply *reply = &call->reply;
	cJSON *groups = NULL;
	char *cert_user = peer_user(conn, &groups);

	if (auth_identify(req, call->token, cert_user, groups, reply)) {
		if (fault_instead(&call->fault, req, reply))
			;
		else if (call->too_large)
			status_plain(reply, 413, "RequestEntityTooLarge",
				     "Request entity too large: limit is %d",
				     BODY_MAX);
		else
			api_serve(req, reply);
		fault_after(&call->fault, req, reply);
	}
	free(cert_user);
}

/* A connection that is to die without a reply. */
static enum MHD_Result drop(struct call *call, bool reset)
{
	record(call);
	fault_kill(&call->fault);
	if (reset)
		socket_reset(call->req.fd);
	else
		shutdown(call->req.fd, SHUT_RDWR);
	return MHD_NO;
}

static enum MHD_Result finish(struct call *call, struct MHD_Connection *conn)
{
	enum fault_kind kind = call->fault.kind;
	struct reply *reply = &call->reply;

	buf_add(&call->req.body, "", 0);
	/* As when a server goes away: every connection is lost. */
	if (kind == FAULT_BAD_TLS || kind == FAULT_REFUSE)
		__atomic_store_n(&call->server->cluster->dead_connections,
				 __atomic_load_n(&call->server->connections,
						 __ATOMIC_RELAXED),
				 __ATOMIC_RELEASE);
	if (kind == FAULT_RESET_READ || kind == FAULT_BAD_TLS ||
	    kind == FAULT_REFUSE)
		return drop(call, true);
	if (kind == FAULT_EOF)
		return drop(call, false);
	if (kind == FAULT_HANG) {
		int64_t end = now_ms() + call->fault.ms;

		while (now_ms() < end && !request_gone(&call->req))
			sleep_ms(20);
		return drop(call, true);
	}
	carry_out(call, conn);
	if (kind == FAULT_RESET_DONE)
		return drop(call, true);
	record(call);
	if (!reply->content_type)
		reply->content_type = "application/json";
	return body_queue(conn, &call->req, reply, &call->fault);
}

enum MHD_Result serve_request(void *cls, struct MHD_Connection *conn,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *size, void **ctx)
{
	struct call *call = *ctx;

	(void)cls;
	(void)version;
	if (!call->started) {
		call->started = true;
		prepare(call, conn, url, method);
		if (call->fault.kind == FAULT_RESET_FIRST ||
		    on_dead_connection(&call->req))
			return drop(call, true);
		return MHD_YES;
	}
	if (*size) {
		if (call->req.body.len + *size > BODY_MAX)
			call->too_large = true;
		else
			buf_add(&call->req.body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	return finish(call, conn);
}
