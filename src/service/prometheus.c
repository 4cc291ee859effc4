#include "service/prometheus.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "secret/base64.h"
#include "service/prometheus_internal.h"

#define TIMEOUT_MS 10000
#define MAX_PEM	   (256u * 1024)

void prometheus_free(struct prometheus *p)
{
	if (!p)
		return;
	http_free(p->http);
	secret_free(p->credential);
	secret_free(p->bare);
	secret_free(p->cert);
	secret_free(p->key);
	free(p->where);
	free(p->prefix);
	free(p->tenant);
	free(p->user);
	free(p->folder);
	free(p->secret_value);
	free(p);
}

/* user:password in base64 (RFC 7617). */
static KR_FALLIBLE set_basic(struct prometheus *p, const char *text, size_t len)
{
	kr_cleanup(secret_freep) struct secret *pair = NULL;
	struct err *err = secret_from_bytes(text, len, &pair);

	secret_free(p->credential);
	p->credential = NULL;
	p->basic = true;
	return err ? err : base64_encode(pair, &p->credential);
}

KR_FALLIBLE prometheus_read_credential(struct prometheus *p)
{
	struct ref ref = { .from = p->secret_from,
			   .value = p->secret_value,
			   .folder = p->folder };
	kr_cleanup(secret_freep) struct secret *found = NULL;
	struct buf pair = BUF_INIT(REF_MAX_BYTES + 1024);
	struct err *err;

	if (ref.from == REF_FROM_NOWHERE)
		return NULL;
	err = ref_read(&ref,
		       p->user ? "the password for Prometheus"
			       : "the token for Prometheus",
		       &found);
	if (err)
		return err;
	secret_free(p->bare);
	p->bare = take_ptr(&found);
	if (!p->user) {
		secret_free(p->credential);
		p->credential = NULL;
		return secret_from_bytes(secret_expose(p->bare),
					 secret_len(p->bare), &p->credential);
	}
	buf_printf(&pair, "%s:", p->user);
	buf_append(&pair, secret_expose(p->bare), secret_len(p->bare));
	err = buf_check(&pair, "credentials");
	if (!err)
		err = set_basic(p, buf_str(&pair), pair.len);
	if (pair.data)
		explicit_bzero(pair.data, pair.len);
	buf_release(&pair);
	return err;
}

static KR_FALLIBLE read_pem(const char *folder, const char *name,
			    struct buf *out)
{
	kr_cleanup(str_freep) char *path =
		file_join(folder ? folder : ".", name);

	*out = BUF_INIT(MAX_PEM);
	if (!path)
		return err_no_memory();
	return err_wrap(err_as(file_read(path, out), KR_ECONFIG),
			"certificates for Prometheus");
}

static KR_FALLIBLE read_pem_secret(const char *folder, const char *name,
				   struct secret **out)
{
	struct buf text;
	struct err *err = read_pem(folder, name, &text);

	if (!err)
		err = secret_from_bytes(buf_str(&text), text.len, out);
	if (text.data)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	return err;
}

/* The connection. */
static KR_FALLIBLE open_http(struct prometheus *p,
			     const struct prometheus_options *o,
			     const char *origin)
{
	kr_cleanup(buf_release) struct buf ca = BUF_INIT(MAX_PEM);
	struct http_origin h = {
		.url = origin,
		.tls_server_name = o->server_name,
		.proxy_url = o->proxy_url,
		.user_agent = "kubectl-keyrot/" KR_VERSION,
		.connect_timeout_ms = TIMEOUT_MS,
	};
	struct err *err = NULL;

	if (!o->cert != !o->key)
		return err_new(KR_ECONFIG, "a client certificate for "
					   "Prometheus needs cert and key");
	if (o->ca)
		err = read_pem(o->folder, o->ca, &ca);
	if (!err && o->cert)
		err = read_pem_secret(o->folder, o->cert, &p->cert);
	if (!err && o->key)
		err = read_pem_secret(o->folder, o->key, &p->key);
	if (err)
		return err;
	if (o->ca) {
		h.ca_pem = buf_str(&ca);
		h.ca_pem_len = ca.len;
	}
	h.client_cert_pem = p->cert;
	h.client_key_pem = p->key;
	return http_new(&h, &p->http);
}

static KR_FALLIBLE check_options(const struct prometheus_options *o,
				 const struct url *url)
{
	int ways = (o->token.from != REF_FROM_NOWHERE) + (o->user != NULL) +
		   (url->user.len > 0);

	if (ways > 1)
		return err_new(KR_ECONFIG,
			       "Prometheus gets a token or a user, not both");
	if (o->user && o->password.from == REF_FROM_NOWHERE)
		return err_new(KR_ECONFIG,
			       "a user for Prometheus needs a password");
	if (o->user && strchr(o->user, ':'))
		return err_new(KR_ECONFIG,
			       "a user for Prometheus cannot hold a colon");
	if (!ways || !url->plain || url->loopback || o->allow_plain_http)
		return NULL;
	return err_hint(err_set_reason(err_new(KR_EREFUSED,
					       "credentials for Prometheus "
					       "would go over plain http"),
				       "PlainHTTP"),
			"Use https://, or set allowPlainHTTP: true beside the "
			"url");
}

static KR_FALLIBLE keep_options(struct prometheus *p,
				const struct prometheus_options *o,
				struct url *url)
{
	const struct ref *ref = o->user ? &o->password : &o->token;

	p->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
	p->secret_from = ref->from;
	p->prefix = take_ptr(&url->prefix);
	if (asprintf(&p->where, "%s%s", url->origin, p->prefix) < 0)
		p->where = NULL;
	if (!p->where || !str_keep(&p->tenant, o->tenant) ||
	    !str_keep(&p->user, o->user) || !str_keep(&p->folder, o->folder) ||
	    !str_keep(&p->secret_value, ref->value))
		return err_no_memory();
	return NULL;
}

static KR_FALLIBLE open_at(struct prometheus *p,
			   const struct prometheus_options *o, struct url *url)
{
	struct err *err = check_options(o, url);

	if (!err)
		err = keep_options(p, o, url);
	if (!err)
		err = open_http(p, o, url->origin);
	if (!err && url->user.len)
		err = secret_from_bytes(buf_str(&url->user), url->user.len,
					&p->bare);
	if (!err && url->user.len)
		err = set_basic(p, buf_str(&url->user), url->user.len);
	if (!err)
		err = prometheus_read_credential(p);
	return err;
}

KR_FALLIBLE prometheus_parse_url(const char *text, struct url *out)
{
	struct err *err = url_parse(text, "Prometheus", out);

	if (err)
		return err;
	/* Some paste the address of the API itself. */
	if (text_ends_with(out->prefix, "/api/v1"))
		out->prefix[strlen(out->prefix) - strlen("/api/v1")] = '\0';
	return NULL;
}

/* The URL may itself be kept elsewhere, since it may hold a password. */
static KR_FALLIBLE parse_address(const struct prometheus_options *o,
				 struct url *out)
{
	kr_cleanup(secret_freep) struct secret *text = NULL;
	struct ref ref;
	struct err *err;

	if (!ref_parse(o->url, &ref))
		return prometheus_parse_url(o->url, out);
	ref.folder = o->folder;
	err = ref_read(&ref, "the address of Prometheus", &text);
	if (err)
		return err;
	return prometheus_parse_url((const char *)secret_expose(text), out);
}

KR_FALLIBLE prometheus_new(const struct prometheus_options *o,
			   struct prometheus **out)
{
	kr_cleanup(prometheus_freep) struct prometheus *p =
		calloc(1, sizeof(*p));
	struct url url;
	struct err *err;

	if (!p)
		return err_no_memory();
	err = parse_address(o, &url);
	if (err)
		return err;
	err = open_at(p, o, &url);
	url_release(&url);
	if (err)
		return err;
	*out = take_ptr(&p);
	return NULL;
}

const char *prometheus_where(const struct prometheus *p)
{
	return p->where;
}

void prometheus_set_timeout(struct prometheus *p, int64_t timeout_ms)
{
	p->timeout_ms = timeout_ms;
}

void prometheus_set_trace(struct prometheus *p, http_on_trace *on_trace,
			  void *user)
{
	http_set_trace(p->http, on_trace, user);
}
