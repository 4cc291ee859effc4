#include "service/probe.h"

#include <string.h>

#include "base/file.h"
#include "net/http.h"
#include "service/notify_internal.h"

#define MAX_CA ((size_t)1024 * 1024)

static KR_FALLIBLE read_ca(const struct probe_question *q, struct buf *out)
{
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err;

	if (!q->ca)
		return NULL;
	path = q->folder ? file_join(q->folder, q->ca) : strdup(q->ca);
	if (!path)
		return err_no_memory();
	err = file_read(path, out);
	return err_as(err_wrap(err, "ca"), KR_ECONFIG);
}

static KR_FALLIBLE add_headers(const struct probe_question *q,
			       struct http_call *call)
{
	kr_cleanup(secret_freep) struct secret *token = NULL;
	struct err *err =
		http_call_header(call, "Accept", "application/json, text/*");

	if (!err && q->token.from != REF_FROM_NOWHERE)
		err = ref_read(&q->token, "the probe's token", &token);
	if (!err && token)
		err = http_call_header_secret(call, "Authorization", "Bearer ",
					      token);
	return err;
}

static KR_FALLIBLE take_answer(const struct probe_question *q,
			       const struct http_call *call, char **out)
{
	long status = http_call_status(call);
	const char *text = q->header ? http_call_kept(call)
				     : buf_str(http_call_reply(call));

	if (status < 200 || status > 299)
		return err_new(KR_ECLUSTER, "status %ld", status);
	if (!text)
		return err_new(KR_ECLUSTER, "the reply has no header %s",
			       q->header);
	*out = strdup(text);
	return *out ? NULL : err_no_memory();
}

static KR_FALLIBLE ask(const struct probe_question *q,
		       const struct notify_address *address, char **out)
{
	kr_cleanup(buf_release) struct buf ca = BUF_INIT(MAX_CA);
	struct http_origin origin = {
		.url = address->origin,
		.tls_server_name = q->server_name,
		.user_agent = "kubectl-keyrot/" KR_VERSION,
		.connect_timeout_ms = q->timeout_ms,
	};
	kr_cleanup(http_freep) struct http *http = NULL;
	kr_cleanup(http_call_freep) struct http_call *call = NULL;
	struct err *err = read_ca(q, &ca);

	if (q->ca && !err) {
		origin.ca_pem = buf_str(&ca);
		origin.ca_pem_len = ca.len;
	}
	if (!err)
		err = http_new(&origin, &http);
	if (!err)
		err = http_call_new(
			http, "GET",
			(const char *)secret_expose(address->target), 0, &call);
	if (!err)
		err = add_headers(q, call);
	if (err)
		return err;
	http_call_keep(call, q->header);
	http_call_timeout(call, q->timeout_ms);
	http_call_max_reply(call, PROBE_MAX_REPLY);
	err = http_run(call);
	if (!err)
		err = http_call_error(call);
	return err ? err : take_answer(q, call, out);
}

KR_FALLIBLE probe_ask(const struct probe_question *q, char **out_text)
{
	struct notify_address address = { 0 };
	struct err *err = notify_address_read(q->url, q->folder, &address);

	if (err)
		return err;
	err = err_wrap(ask(q, &address, out_text), "%s", address.host);
	notify_address_release(&address);
	return err;
}
