#include "service/caldav.h"

#include <string.h>

#include "net/http.h"
#include "net/url.h"
#include "secret/base64.h"
#include "service/calendar.h"

#define TIMEOUT_MS 30000
#define MAX_REPLY  ((size_t)1024 * 1024)
#define MAX_LOGIN  256
#define TRIES	   3

struct dav {
	const struct caldav_object *object;
	struct http *http;
	char *target;		   /* path of the object */
	struct secret *credential; /* NULL: none */
	const char *scheme;	   /* "Basic ", "Bearer " */
};

static KR_FALLIBLE read_basic(struct dav *dav)
{
	const struct caldav_object *o = dav->object;
	kr_cleanup(secret_freep) struct secret *password = NULL;
	kr_cleanup(secret_freep) struct secret *pair = NULL;
	size_t n = strlen(o->login);
	struct err *err;

	if (n > MAX_LOGIN || strchr(o->login, ':'))
		return err_new(KR_EUSAGE, "--login holds a colon, or is too "
					  "long");
	err = ref_read(&o->password, "the calendar's password", &password);
	if (!err)
		err = secret_new(n + 1 + secret_len(password), &pair);
	if (err)
		return err;
	memcpy(secret_bytes(pair), o->login, n);
	secret_bytes(pair)[n] = ':';
	memcpy(secret_bytes(pair) + n + 1, secret_expose(password),
	       secret_len(password));
	dav->scheme = "Basic ";
	return base64_encode(pair, &dav->credential);
}

static KR_FALLIBLE read_credential(struct dav *dav)
{
	const struct caldav_object *o = dav->object;

	if (o->token.from != REF_FROM_NOWHERE) {
		dav->scheme = "Bearer ";
		return ref_read(&o->token, "the calendar's token",
				&dav->credential);
	}
	return o->login ? read_basic(dav) : NULL;
}

static KR_FALLIBLE check_url(const struct url *url)
{
	if (url->user.len)
		return err_new(KR_EUSAGE, "user and password do not belong "
					  "into the calendar's address");
	if (url->plain && !url->loopback)
		return err_set_reason(
			err_new(KR_EREFUSED,
				"the calendar's password would go over plain "
				"http; use https://"),
			"PlainHTTP");
	return NULL;
}

static KR_FALLIBLE open_origin(struct dav *dav, const struct url *url)
{
	const struct http_origin origin = {
		.url = url->origin,
		.ca_pem = dav->object->ca_pem,
		.ca_pem_len = dav->object->ca_pem_len,
		.user_agent = "kubectl-keyrot/" KR_VERSION,
		.connect_timeout_ms = TIMEOUT_MS,
	};
	struct buf target = BUF_INIT(8192);
	struct err *err;

	buf_printf(&target, "%s/", url->prefix);
	buf_url(&target, dav->object->name);
	err = buf_check(&target, "the calendar's address");
	if (!err)
		dav->target = buf_take(&target);
	buf_release(&target);
	return err ? err : http_new(&origin, &dav->http);
}

static KR_FALLIBLE open_dav(struct dav *dav)
{
	struct url url = { 0 };
	struct err *err = url_parse(dav->object->url, "the calendar", &url);

	if (!err)
		err = check_url(&url);
	if (!err)
		err = open_origin(dav, &url);
	url_release(&url);
	return err ? err : read_credential(dav);
}

static void close_dav(struct dav *dav)
{
	secret_free(dav->credential);
	http_free(dav->http);
	free(dav->target);
}

static KR_FALLIBLE start(const struct dav *dav, const char *method,
			 struct http_call **out)
{
	struct err *err = http_call_new(dav->http, method, dav->target, 0, out);

	if (!err && dav->credential)
		err = http_call_header_secret(*out, "Authorization",
					      dav->scheme, dav->credential);
	if (err)
		return err;
	http_call_timeout(*out, TIMEOUT_MS);
	http_call_max_reply(*out, MAX_REPLY);
	http_call_keep(*out, "ETag");
	return NULL;
}

static KR_FALLIBLE no_credentials(const struct dav *dav)
{
	if (dav->credential)
		return err_hint(err_new(KR_EAUTH, "the calendar's server does "
						  "not accept the login and "
						  "password or token"),
				"look at --login and what --password-from "
				"names");
	return err_hint(err_new(KR_EAUTH, "the calendar's server wants to "
					  "know who asks"),
			"--login NAME --password-from file:PATH");
}

/* What no second try changes. */
static KR_FALLIBLE judge(const struct dav *dav, const struct http_call *call)
{
	long status = http_call_status(call);

	if (status == 401)
		return no_credentials(dav);
	if (status == 403)
		return err_new(KR_EFORBIDDEN, "the calendar's server does not "
					      "allow it");
	if (status == 404 || status == 409 || status == 405) {
		if (strstr(buf_str(http_call_reply(call)), "no-uid-conflict"))
			return err_new(KR_ECONFLICT,
				       "the calendar holds this event under "
				       "another name: delete that one");
		return err_new(KR_ENOTFOUND, "there is no such calendar at "
					     "that address");
	}
	if (status >= 300 && status < 400)
		return err_new(KR_ECLUSTER, "the calendar's server says that "
					    "it is elsewhere: give that "
					    "address");
	return err_new(KR_ECLUSTER,
		       "the calendar's server answered with "
		       "status %ld",
		       status);
}

/* *out_etag: malloc'd, "*" where the server names none, NULL: not there. */
static KR_FALLIBLE look(const struct dav *dav, char **out_etag, bool *out_same)
{
	kr_cleanup(http_call_freep) struct http_call *call = NULL;
	struct err *err = start(dav, "GET", &call);
	const char *etag;

	if (!err)
		err = http_run(call);
	if (!err)
		err = http_call_error(call);
	if (err)
		return err;
	if (http_call_status(call) == 404 || http_call_status(call) == 410)
		return NULL;
	if (http_call_status(call) != 200)
		return judge(dav, call);
	etag = http_call_kept(call);
	*out_etag = strdup(etag ? etag : "*");
	*out_same = calendar_equal(buf_str(http_call_reply(call)),
				   dav->object->text);
	return *out_etag ? NULL : err_no_memory();
}

/* *out_lost: somebody else was quicker. */
static KR_FALLIBLE put(const struct dav *dav, const char *etag, bool *out_lost)
{
	kr_cleanup(http_call_freep) struct http_call *call = NULL;
	struct err *err = start(dav, "PUT", &call);

	if (!err)
		err = http_call_header(call, "Content-Type",
				       "text/calendar; charset=utf-8");
	if (!err)
		err = http_call_header(call,
				       etag ? "If-Match" : "If-None-Match",
				       etag ? etag : "*");
	if (err)
		return err;
	http_call_body(call, dav->object->text, strlen(dav->object->text));
	err = http_run(call);
	if (!err)
		err = http_call_error(call);
	if (err)
		return err;
	*out_lost = http_call_status(call) == 412;
	if (*out_lost ||
	    (http_call_status(call) >= 200 && http_call_status(call) < 300))
		return NULL;
	return judge(dav, call);
}

static KR_FALLIBLE settle(const struct dav *dav, enum caldav_change *out)
{
	for (int i = 0; i < TRIES; i++) {
		kr_cleanup(str_freep) char *etag = NULL;
		bool same = false, lost = false;
		struct err *err = look(dav, &etag, &same);

		if (err)
			return err;
		if (same) {
			*out = CALDAV_UNCHANGED;
			return NULL;
		}
		err = put(dav, etag, &lost);
		if (err)
			return err;
		if (!lost) {
			*out = etag ? CALDAV_UPDATED : CALDAV_CREATED;
			return NULL;
		}
	}
	return err_new(KR_ECONFLICT, "someone else goes on changing the event "
				     "in the calendar");
}

KR_FALLIBLE caldav_put(const struct caldav_object *object,
		       enum caldav_change *out)
{
	struct dav dav = { .object = object };
	struct err *err = open_dav(&dav);

	if (!err)
		err = settle(&dav, out);
	close_dav(&dav);
	return err;
}
