#include "service/argocd.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "net/url.h"

#define MAX_CA	   ((size_t)1024 * 1024)
#define TIMEOUT_MS 20000

struct argocd {
	struct http *http;
	struct secret *token;
	char *prefix;
};

/* The address may be kept elsewhere. */
static KR_FALLIBLE parse_address(const struct argocd_options *o,
				 struct url *out)
{
	kr_cleanup(secret_freep) struct secret *text = NULL;
	struct ref ref;
	struct err *err;

	if (!ref_parse(o->url, &ref))
		return url_parse(o->url, "argocd", out);
	ref.folder = o->folder;
	err = ref_read(&ref, "the address of Argo CD", &text);
	if (err)
		return err;
	return url_parse((const char *)secret_expose(text), "argocd", out);
}

static KR_FALLIBLE read_ca(const struct argocd_options *o, struct buf *out)
{
	kr_cleanup(str_freep) char *path =
		o->folder ? file_join(o->folder, o->ca) : strdup(o->ca);
	struct err *err = path ? file_read(path, out) : err_no_memory();

	return err_is(err, KR_ENOMEM) ? err : err_as(err, KR_ECONFIG);
}

static KR_FALLIBLE open_http(const struct argocd_options *o,
			     const struct url *url, struct argocd *argocd)
{
	kr_cleanup(buf_release) struct buf ca = BUF_INIT(MAX_CA);
	struct http_origin origin = {
		.url = url->origin,
		.user_agent = "kubectl-keyrot/" KR_VERSION,
	};
	struct err *err = o->ca ? read_ca(o, &ca) : NULL;

	if (err)
		return err;
	if (o->ca) {
		origin.ca_pem = buf_str(&ca);
		origin.ca_pem_len = ca.len;
	}
	return http_new(&origin, &argocd->http);
}

KR_FALLIBLE argocd_new(const struct argocd_options *options,
		       struct argocd **out)
{
	kr_cleanup(argocd_freep) struct argocd *argocd =
		calloc(1, sizeof(*argocd));
	struct url url = { 0 };
	struct err *err;

	if (!argocd)
		return err_no_memory();
	err = parse_address(options, &url);
	if (err)
		return err;
	if (url.plain && !url.loopback)
		err = err_set_reason(
			err_new(KR_EREFUSED,
				"the token of Argo CD would go over plain "
				"http"),
			"PlainHTTP");
	if (!err)
		err = ref_read(&options->token, "the token of Argo CD",
			       &argocd->token);
	if (!err)
		err = open_http(options, &url, argocd);
	argocd->prefix = take_ptr(&url.prefix);
	url_release(&url);
	if (err)
		return err;
	*out = take_ptr(&argocd);
	return NULL;
}

void argocd_free(struct argocd *argocd)
{
	if (!argocd)
		return;
	http_free(argocd->http);
	secret_free(argocd->token);
	free(argocd->prefix);
	free(argocd);
}

static KR_FALLIBLE judge(long status)
{
	if (status >= 200 && status < 300)
		return NULL;
	if (status == 401)
		return err_new(KR_EAUTH, "the token is not accepted");
	if (status == 403)
		return err_new(KR_EFORBIDDEN, "the token is not allowed to");
	if (status == 404)
		return err_new(KR_ENOTFOUND, "there is no such Application");
	return err_new(KR_ECLUSTER, "HTTP status %ld", status);
}

static KR_FALLIBLE run(struct argocd *argocd, const char *method,
		       const char *target, const char *body, struct cJSON **out)
{
	kr_cleanup(http_call_freep) struct http_call *call = NULL;
	const struct buf *reply;
	struct err *err = http_call_new(argocd->http, method, target, 0, &call);

	if (!err)
		err = http_call_header(call, "Accept", "application/json");
	if (!err)
		err = http_call_header_secret(call, "Authorization", "Bearer ",
					      argocd->token);
	if (!err && body)
		err = http_call_header(call, "Content-Type",
				       "application/json");
	if (err)
		return err;
	if (body)
		http_call_body(call, body, strlen(body));
	http_call_timeout(call, TIMEOUT_MS);
	err = http_run(call);
	if (!err)
		err = http_call_error(call);
	if (!err)
		err = judge(http_call_status(call));
	if (err || !out)
		return err;
	reply = http_call_reply(call);
	err = json_parse(buf_str(reply), reply->len, out);
	return err ? err_as(err, KR_ECLUSTER) : NULL;
}

static char *target_of(const struct argocd *argocd, const char *ns,
		       const char *name, const char *verb, bool refresh)
{
	struct buf target = BUF_INIT(4096);

	buf_printf(&target, "%s/api/v1/applications/", argocd->prefix);
	buf_url(&target, name);
	buf_puts(&target, verb);
	buf_puts(&target, "?appNamespace=");
	buf_url(&target, ns);
	if (refresh)
		buf_puts(&target, "&refresh=normal");
	return buf_take(&target);
}

KR_FALLIBLE argocd_get(struct argocd *argocd, const char *ns, const char *name,
		       bool refresh, struct cJSON **out)
{
	kr_cleanup(str_freep) char *target =
		target_of(argocd, ns, name, "", refresh);
	struct err *err;

	if (!target)
		return err_no_memory();
	err = run(argocd, "GET", target, NULL, out);
	return err_wrap(err, "Argo CD, Application %s", name);
}

KR_FALLIBLE argocd_sync(struct argocd *argocd, const char *ns, const char *name,
			const char *mark, const char *value)
{
	kr_cleanup(str_freep) char *target =
		target_of(argocd, ns, name, "/sync", false);
	kr_cleanup(json_freep) struct cJSON *body = json_object();
	kr_cleanup(str_freep) char *text = NULL;
	struct cJSON *info;
	struct err *err;

	if (!target)
		return err_no_memory();
	json_set_str(body, "name", name);
	json_set_str(body, "appNamespace", ns);
	json_set_bool(body, "prune", false);
	info = json_append_object(json_add_array(body, "infos"));
	json_set_str(info, "name", mark);
	json_set_str(info, "value", value);
	err = json_print(body, &text);
	if (!err)
		err = run(argocd, "POST", target, text, NULL);
	return err_wrap(err, "Argo CD, sync of Application %s", name);
}
