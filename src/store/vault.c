#include "store/vault.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "net/url.h"
#include "store/vault_internal.h"

#define TIMEOUT_MS (30 * 1000)
#define TRIES	   3
#define WAIT_MS	   300
#define MAX_PEM	   (1024 * 1024)
#define BATCH	   64

void vault_free(struct vault *v)
{
	if (!v)
		return;
	http_free(v->http);
	secret_free(v->token);
	free(v->origin);
	free(v->prefix);
	free(v->folder);
	free(v);
}

const char *vault_where(const struct vault *v)
{
	return v->origin;
}

void vault_reply_release(struct vault_reply *reply)
{
	json_free(reply->tree);
	*reply = (struct vault_reply){ 0 };
}

const char *vault_setting(const struct vault *v, const char *field,
			  const char *variable)
{
	const char *text = json_member_str(v->options->config, field);

	if (!text && variable)
		text = getenv(variable);
	return text && *text ? text : NULL;
}

static struct err *take_address(struct vault *v)
{
	const char *address = vault_setting(v, "address", "VAULT_ADDR");
	struct url url;
	struct err *err;

	if (!address)
		return err_hint(
			err_new(KR_EUSAGE, "the address of Vault is not known"),
			"set VAULT_ADDR, or address: in the "
			"configuration's store");
	err = url_parse(address, "Vault", &url);
	if (err)
		return err;
	if (url.plain && !url.loopback)
		err = err_hint(err_set_reason(err_new(KR_EREFUSED,
						      "keys would go to Vault "
						      "over plain http"),
					      "PlainHTTP"),
			       "use https://");
	else if (url.user.len)
		err = err_new(KR_ECONFIG, "the address of Vault holds a user");
	v->origin = take_ptr(&url.origin);
	v->prefix = take_ptr(&url.prefix);
	url_release(&url);
	return err;
}

KR_FALLIBLE vault_new(const struct store_options *options, struct vault **out)
{
	kr_cleanup(vault_freep) struct vault *v = calloc(1, sizeof(*v));
	const char *timeout = json_member_str(options->config, "timeout");
	struct err *err = NULL;

	if (!v)
		return err_no_memory();
	v->options = options;
	v->timeout_ms = TIMEOUT_MS;
	v->namespace_ = vault_setting(v, "namespace", "VAULT_NAMESPACE");
	if (options->config_path) {
		v->folder = file_dirname(options->config_path);
		if (!v->folder)
			return err_no_memory();
	}
	if (timeout)
		err = err_as(
			clock_parse_duration(timeout, false, &v->timeout_ms),
			KR_ECONFIG);
	if (!err)
		err = take_address(v);
	if (!err)
		err = vault_check_auth(v);
	if (err)
		return err;
	*out = take_ptr(&v);
	return NULL;
}

static struct err *connect(struct vault *v)
{
	const char *ca = vault_setting(v, "ca", "VAULT_CACERT");
	kr_cleanup(buf_release) struct buf pem = BUF_INIT(MAX_PEM);
	kr_cleanup(str_freep) char *path = NULL;
	struct http_origin origin = {
		.url = v->origin,
		.tls_server_name =
			vault_setting(v, "serverName", "VAULT_TLS_SERVER_NAME"),
		.user_agent = "kubectl-keyrot/" KR_VERSION,
		.connect_timeout_ms = v->timeout_ms,
	};

	if (v->http)
		return NULL;
	if (ca) {
		bool in_config = json_member_str(v->options->config, "ca");
		struct err *err;

		path = file_join(in_config && v->folder ? v->folder : ".", ca);
		if (!path)
			return err_no_memory();
		err = err_wrap(file_read(path, &pem), "the CA of Vault");
		if (err)
			return err_as(err, KR_ECONFIG);
		origin.ca_pem = buf_str(&pem);
		origin.ca_pem_len = pem.len;
	}
	return http_new(&origin, &v->http);
}

KR_FALLIBLE vault_call(struct vault *v, const struct vault_request *request,
		       struct http_call **out)
{
	kr_cleanup(http_call_freep) struct http_call *call = NULL;
	kr_cleanup(buf_release) struct buf target = BUF_INIT(8192);
	/* Nothing is kept open: what is read back comes over a new one. */
	int flags = request->holds_key ? HTTP_KEY | HTTP_KEY_CLOSE : 0;
	struct err *err = connect(v);

	buf_printf(&target, "%s/v1/%s", v->prefix, request->path);
	if (!err)
		err = buf_check(&target, "path");
	/* A write that was begun is seen to its end. */
	if (request->body)
		flags |= HTTP_FINISH;
	if (!err)
		err = http_call_new(v->http, request->method, buf_str(&target),
				    flags, &call);
	if (!err)
		err = http_call_header(call, "X-Vault-Request", "true");
	if (!err && v->namespace_)
		err = http_call_header(call, "X-Vault-Namespace",
				       v->namespace_);
	if (!err && v->token)
		err = http_call_header_secret(call, "X-Vault-Token", "",
					      v->token);
	if (!err && request->body)
		err = http_call_header(call, "Content-Type",
				       "application/json");
	if (err)
		return err;
	if (request->body)
		http_call_body_secret(call, request->body);
	http_call_timeout(call, v->timeout_ms);
	*out = take_ptr(&call);
	return NULL;
}

/* What was answered, of any status. */
static struct err *take_reply(const struct http_call *call,
			      struct vault_reply *out)
{
	const struct buf *body = http_call_reply(call);
	struct vault_reply reply = { .status = http_call_status(call) };
	struct err *err;

	if (http_call_outcome(call) != HTTP_ANSWERED)
		return err_as(http_call_error(call), KR_ESTORE);
	err = json_parse(buf_str(body), body->len, &reply.tree);
	if (err_is(err, KR_ENOMEM))
		return err;
	err_free(err);
	*out = reply;
	return NULL;
}

KR_FALLIBLE vault_send(struct vault *v, const struct vault_request *request,
		       struct vault_reply *out)
{
	kr_cleanup(http_call_freep) struct http_call *call = NULL;
	struct err *err = vault_call(v, request, &call);

	if (!err)
		err = http_run(call);
	return err ? err : take_reply(call, out);
}

static bool is_read(const struct vault_request *request)
{
	return strcmp(request->method, "GET") == 0;
}

/* 412: a replica that has not seen yet what was written. */
static bool is_passing(const struct vault_reply *reply)
{
	static const long passing[] = { 412, 429, 500, 502, 504 };

	for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++)
		if (reply->status == passing[i])
			return true;
	return false;
}

/* Reads are tried again; a write is settled by reading. */
static struct err *send_patiently(struct vault *v,
				  const struct vault_request *request,
				  struct vault_reply *out)
{
	for (int i = 1;; i++) {
		kr_cleanup(
			vault_reply_release) struct vault_reply reply = { 0 };
		struct err *err = vault_send(v, request, &reply);

		if (err && !err_is(err, KR_ESTORE))
			return err;
		if (i == TRIES || !is_read(request) ||
		    (!err && !is_passing(&reply))) {
			if (err)
				return err;
			*out = reply;
			reply = (struct vault_reply){ 0 };
			return NULL;
		}
		err_free(err);
		clock_sleep_ms(i * WAIT_MS);
	}
}

KR_FALLIBLE vault_ask(struct vault *v, const struct vault_request *request,
		      struct vault_reply *out)
{
	kr_cleanup(vault_reply_release) struct vault_reply reply = { 0 };
	bool was_there = v->token != NULL;
	struct err *err = vault_need_token(v);

	if (!err)
		err = send_patiently(v, request, &reply);
	/* It may have expired under a program that runs for an hour. */
	if (!err && reply.status == 403 && was_there) {
		vault_reply_release(&reply);
		secret_free(v->token);
		v->token = NULL;
		err = vault_need_token(v);
		if (!err)
			err = send_patiently(v, request, &reply);
	}
	if (!err)
		err = vault_judge(v, request, &reply);
	if (err)
		return err;
	*out = reply;
	reply = (struct vault_reply){ 0 };
	return NULL;
}

static void free_calls(struct http_call **calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		http_call_free(calls[i]);
}

static struct err *get_batch(struct vault *v, const char *const *paths,
			     size_t n, struct vault_reply *out)
{
	struct http_call *calls[BATCH] = { NULL };
	struct err *err = NULL;

	for (size_t i = 0; !err && i < n; i++) {
		const struct vault_request request = { .method = "GET",
						       .path = paths[i] };

		err = vault_call(v, &request, &calls[i]);
		if (!err)
			err = http_start(calls[i]);
	}
	if (!err)
		err = http_wait(v->http, calls, n);
	for (size_t i = 0; !err && i < n; i++)
		err = take_reply(calls[i], &out[i]);
	free_calls(calls, n);
	/* The odd one that failed is asked again by itself. */
	for (size_t i = 0; i < n; i++) {
		const struct vault_request request = { .method = "GET",
						       .path = paths[i] };

		if (err && !err_is(err, KR_ESTORE))
			return err;
		if (out[i].status / 100 == 2 || out[i].status == 404)
			continue;
		err_free(err);
		vault_reply_release(&out[i]);
		err = vault_ask(v, &request, &out[i]);
		if (err)
			return err;
	}
	return err;
}

KR_FALLIBLE vault_get_all(struct vault *v, const char *const *paths, size_t n,
			  struct vault_reply *out)
{
	struct err *err = n ? vault_need_token(v) : NULL;

	for (size_t i = 0; !err && i < n; i += BATCH)
		err = get_batch(v, paths + i, n - i < BATCH ? n - i : BATCH,
				out + i);
	return err;
}
