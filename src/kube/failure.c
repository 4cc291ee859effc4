/*
 * Refusals put into words. A server's message can quote the object that it
 * refused (merge patches that do not decode, admission policies with a
 * messageExpression), so for requests that carry a key nothing of it is shown
 * but the name of the policy, webhook or quota that said no.
 */
#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "kube/client_internal.h"

#define MAX_MESSAGE 600
#define MAX_NAME    63

static enum err_kind kind_of(long status)
{
	if (status == 401)
		return KR_EAUTH;
	if (status == 403)
		return KR_EFORBIDDEN;
	if (status == 404)
		return KR_ENOTFOUND;
	if (status == 409)
		return KR_ECONFLICT;
	if (status == 400 || status == 413 || status == 415 || status == 422)
		return KR_EINVALID;
	return KR_ECLUSTER;
}

static const char *word_of(long status)
{
	static const struct {
		long status;
		const char *word;
	} words[] = {
		{ 400, "BadRequest" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "NotFound" },
		{ 405, "MethodNotAllowed" },
		{ 409, "Conflict" },
		{ 410, "Expired" },
		{ 413, "RequestEntityTooLarge" },
		{ 415, "UnsupportedMediaType" },
		{ 422, "Invalid" },
		{ 429, "TooManyRequests" },
		{ 500, "InternalError" },
		{ 502, "BadGateway" },
		{ 503, "ServiceUnavailable" },
		{ 504, "Timeout" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (words[i].status == status)
			return words[i].word;
	}
	return "";
}

/* A DNS name right behind `before`, or nothing. */
static bool name_after(const char *message, const char *before, char *out)
{
	const char *at = strstr(message, before);
	size_t n = 0;

	if (!at)
		return false;
	at += strlen(before);
	while (islower((unsigned char)at[n]) || isdigit((unsigned char)at[n]) ||
	       (at[n] && strchr("-.", at[n])))
		n++;
	if (n == 0 || n > MAX_NAME)
		return false;
	memcpy(out, at, n);
	out[n] = '\0';
	return true;
}

/* Our own sentence about who refused a request that carried a key. */
static void say_who(const char *message, long status, struct buf *text)
{
	static const struct {
		const char *before, *noun;
	} deniers[] = {
		{ "ValidatingAdmissionPolicy '", "the admission policy" },
		{ "admission webhook \"", "the admission webhook" },
		{ "exceeded quota: ", "the quota" },
	};
	char name[MAX_NAME + 1];

	for (size_t i = 0; i < sizeof(deniers) / sizeof(*deniers); i++) {
		if (message && name_after(message, deniers[i].before, name)) {
			buf_printf(text, ": %s \"%s\" denied it",
				   deniers[i].noun, name);
			return;
		}
	}
	if (message && strstr(message, "field is immutable when `immutable`"))
		buf_puts(text, ": the Secret is immutable");
	else if (status == 401)
		buf_puts(text, ": the cluster does not accept the credentials");
	else if (status == 403)
		buf_puts(text, ": the user may not do this");
	else
		buf_puts(
			text,
			" (the server's words are not shown, because they can quote the Secret)");
}

static bool is_clean_word(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]))
		n++;
	return n > 0 && n < 64 && !text[n];
}

struct err *kube_failure_err(struct kube_request *request,
			     const struct http_call *call)
{
	const struct buf *reply = http_call_reply(call);
	bool quiet = request->flags & (KUBE_KEY | KUBE_QUIET);
	struct buf text = BUF_INIT(4096);
	const char *message = NULL, *reason;
	struct err *err =
		json_parse(buf_str(reply), reply->len, &request->failure);

	/* No Status: a proxy or load balancer spoke; the code is enough. */
	err_free(err);
	reason = json_str_or(request->failure, "reason", "");
	if (!is_clean_word(reason))
		reason = word_of(request->status);
	message = json_str(request->failure, "message");
	buf_printf(&text, "%ld %s", request->status, reason);
	if (quiet) {
		say_who(message, request->status, &text);
	} else if (message) {
		kr_cleanup(str_freep) char *clean =
			text_clean(message, strlen(message), MAX_MESSAGE);

		buf_printf(&text, ": %s", clean ? clean : "");
	}
	err = err_new(kind_of(request->status), "%s", buf_str(&text));
	buf_release(&text);
	if (*reason)
		err = err_set_reason(err, reason);
	return err;
}

const char *kube_failure_reason(const struct kube_request *request)
{
	return json_str_or(request->failure, "reason", "");
}

bool kube_failure_is_field_conflict(const struct kube_request *request)
{
	const struct cJSON *causes =
		json_at(request->failure, "details.causes");
	const struct cJSON *cause;

	for (cause = json_first(causes); cause; cause = json_next(cause)) {
		if (strcmp(json_str_or(cause, "reason", ""),
			   "FieldManagerConflict") == 0)
			return true;
	}
	return false;
}
