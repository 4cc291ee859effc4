/* What a refusal of the API server is called, and what of it is shown. */
#include <string.h>

#include "kube/client_internal.h"
#include "net/http_internal.h"
#include "unit.h"

static struct kube_request answered(long status, int flags, const char *text,
				    struct err **out)
{
	struct kube_request request = { .status = status, .flags = flags };
	struct http_call call = { .reply = BUF_INIT(4096) };

	buf_puts(&call.reply, text);
	*out = kube_failure_err(&request, &call);
	buf_release(&call.reply);
	return request;
}

/* Kind, reason, and words that the message has. */
static void is(long status, int flags, const char *text, enum err_kind kind,
	       const char *reason, const char *words)
{
	struct err *err = NULL;
	struct kube_request request = answered(status, flags, text, &err);

	CU_ASSERT_TRUE(err_is(err, kind));
	UNIT_STR(err_reason(err), reason);
	if (!strstr(err_message(err), words))
		UNIT_STR(err_message(err), words);
	err_free(err);
	kube_request_release(&request);
}

static void hides(const char *text, const char *part)
{
	struct err *err = NULL;
	struct kube_request request = answered(422, KUBE_KEY, text, &err);

	CU_ASSERT_PTR_NULL(strstr(err_message(err), part));
	err_free(err);
	kube_request_release(&request);
}

static void by_status(void)
{
	is(400, 0, "", KR_EINVALID, "BadRequest", "400 BadRequest");
	is(401, 0, "", KR_EAUTH, "Unauthorized", "401");
	is(403, 0, "", KR_EFORBIDDEN, "Forbidden", "403");
	is(404, 0, "", KR_ENOTFOUND, "NotFound", "404");
	is(405, 0, "", KR_ECLUSTER, "MethodNotAllowed", "405");
	is(409, 0, "", KR_ECONFLICT, "Conflict", "409");
	is(410, 0, "", KR_ECLUSTER, "Expired", "410");
	is(413, 0, "", KR_EINVALID, "RequestEntityTooLarge", "413");
	is(415, 0, "", KR_EINVALID, "UnsupportedMediaType", "415");
	is(422, 0, "", KR_EINVALID, "Invalid", "422");
	is(429, 0, "", KR_ECLUSTER, "TooManyRequests", "429");
	is(500, 0, "", KR_ECLUSTER, "InternalError", "500");
	is(502, 0, "<html>bad gateway", KR_ECLUSTER, "BadGateway", "502");
	is(503, 0, "[]", KR_ECLUSTER, "ServiceUnavailable", "503");
	is(504, 0, "", KR_ECLUSTER, "Timeout", "504");
	/* Of no name: that of its kind. */
	is(418, 0, "", KR_ECLUSTER, "Cluster", "418");
}

static void by_status_object(void)
{
	is(409, 0, "{\"reason\":\"AlreadyExists\",\"message\":\"x exists\"}",
	   KR_ECONFLICT, "AlreadyExists", ": x exists");
	/* A word that is none is not repeated. */
	is(409, 0, "{\"reason\":\"not a word\"}", KR_ECONFLICT, "Conflict",
	   "409 Conflict");
	is(500, 0, "{\"reason\":\"\"}", KR_ECLUSTER, "InternalError", "500");
	is(403, 0, "{\"message\":\"a\\u001b[31mb\"}", KR_EFORBIDDEN,
	   "Forbidden", ": a");
}

static void with_a_key(void)
{
	is(422, KUBE_KEY,
	   "{\"message\":\"ValidatingAdmissionPolicy 'no.keys' with x\"}",
	   KR_EINVALID, "Invalid", "the admission policy \"no.keys\" denied");
	is(400, KUBE_KEY,
	   "{\"message\":\"admission webhook \\\"w.example\\\" said\"}",
	   KR_EINVALID, "BadRequest", "the admission webhook \"w.example\"");
	is(403, KUBE_QUIET, "{\"message\":\"exceeded quota: full, x\"}",
	   KR_EFORBIDDEN, "Forbidden", "the quota \"full\" denied it");
	is(422, KUBE_KEY,
	   "{\"message\":\"field is immutable when `immutable` is set\"}",
	   KR_EINVALID, "Invalid", "the Secret is immutable");
	is(401, KUBE_KEY, "{\"message\":\"no\"}", KR_EAUTH, "Unauthorized",
	   "does not accept the credentials");
	is(403, KUBE_KEY, "{\"message\":\"no\"}", KR_EFORBIDDEN, "Forbidden",
	   "the user may not do this");
	is(422, KUBE_KEY, "{}", KR_EINVALID, "Invalid", "words are not shown");
	hides("{\"message\":\"the value c2VjcmV0 is bad\"}", "c2VjcmV0");
	/* No name of a policy has such letters, or so many. */
	hides("{\"message\":\"exceeded quota: C2VjcmV0\"}", "C2VjcmV0");
	hides("{\"message\":\"exceeded quota: "
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "\"}",
	      "aaaa");
}

static void owns(const char *text, bool wanted)
{
	struct err *err = NULL;
	struct kube_request request = answered(409, 0, text, &err);

	CU_ASSERT_EQUAL(kube_failure_is_field_conflict(&request), wanted);
	err_free(err);
	kube_request_release(&request);
}

static void of_field_owners(void)
{
	owns("", false);
	owns("{\"reason\":\"Conflict\"}", false);
	owns("{\"details\":{\"causes\":[]}}", false);
	owns("{\"details\":{\"causes\":[{\"reason\":\"Other\"}]}}", false);
	owns("{\"details\":{\"causes\":[{},"
	     "{\"reason\":\"FieldManagerConflict\"}]}}",
	     true);
}

const struct unit_suite unit_failure = {
	.tests = {
			{ "by its status", by_status },
			{ "by its Status object", by_status_object },
			{ "nothing of it beside a key", with_a_key },
			{ "fields of another owner", of_field_owners },
			{ NULL, NULL },
},
};
