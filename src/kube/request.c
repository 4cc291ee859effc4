/* Requests: sent together, judged one by one, read again within a budget. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/text.h"
#include "kube/client_internal.h"

#define MAX_TRIES	  4  /* of a read whose connection broke */
#define MAX_WAITS	  10 /* for a server that says Retry-After */
#define FIRST_BACKOFF_MS  250
#define MAX_RETRY_AFTER_S 30
/* A list that is given out as it comes may take long, but not be silent. */
#define LIST_IDLE_MS 30000
#define LIST_PAGE_MS 60000

static bool is_read(const struct kube_request *r)
{
	return strcmp(r->method, "GET") == 0;
}

static int64_t page_time_ms(const struct kube *kube,
			    const struct kube_request *r)
{
	if (r->timeout_ms > 0)
		return r->timeout_ms;
	if (kube->access->request_timeout_ms > 0)
		return kube->access->request_timeout_ms;
	return LIST_PAGE_MS;
}

static KR_FALLIBLE start(struct kube *kube, struct kube_request *r,
			 struct http_call **out)
{
	kr_cleanup(http_call_freep) struct http_call *call = NULL;
	int flags = r->flags | (is_read(r) ? 0 : KUBE_FINISH);
	struct err *err = kube_new_call(kube, r->method, r->path, flags, &call);

	if (!err && (r->body || r->secret_body))
		err = http_call_header(call, "Content-Type",
				       r->content_type ? r->content_type
						       : "application/json");
	if (err)
		return err;
	if (r->secret_body)
		http_call_body_secret(call, r->secret_body);
	else if (r->body)
		http_call_body(call, r->body, strlen(r->body));
	if (r->timeout_ms > 0)
		http_call_timeout(call, r->timeout_ms);
	if (r->on_item) {
		err = kube_items_new(r->on_item, r->item_user, &r->items);
		if (err)
			return err;
		if (r->on_begin)
			r->on_begin(r->item_user);
		http_call_stream(call, kube_items_on_data, r->items,
				 LIST_IDLE_MS);
		/* It has an end, unlike a watch. */
		http_call_timeout(call, page_time_ms(kube, r));
	}
	err = http_start(call);
	if (!err)
		*out = take_ptr(&call);
	return err;
}

/* A write's answer that does not say whether it was carried out. */
static bool leaves_open(long status)
{
	return status == 429 || status >= 500;
}

static KR_FALLIBLE take_object(struct kube_request *r,
			       const struct http_call *call)
{
	const struct buf *reply = http_call_reply(call);
	const char *kind;
	struct err *err;

	if (r->flags & KUBE_TEXT) {
		r->text = BUF_INIT(KUBE_MAX_REPLY);
		buf_append(&r->text, buf_str(reply), reply->len);
		return buf_check(&r->text, "the reply");
	}
	if (strcmp(http_call_content_type(call), "application/json") != 0)
		return err_new(
			KR_ECLUSTER,
			"the answer is not Kubernetes JSON: is this the API server?");
	if (r->items) {
		err = kube_items_end(r->items, &r->object);
		if (err)
			return err;
	} else {
		err = json_parse(buf_str(reply), reply->len, &r->object);
		if (err)
			return err_as(err, KR_ECLUSTER);
	}
	kind = json_str_or(r->object, "kind", "");
	if (!r->expect_kind || strcmp(kind, r->expect_kind) == 0)
		return NULL;
	json_free(r->object);
	r->object = NULL;
	return err_new(KR_ECLUSTER, "the answer is not a %s", r->expect_kind);
}

static const char *certificate_hint(const struct err *err)
{
	if (strstr(err_message(err), "mismatch"))
		return "the server's certificate has another name: --tls-server-name NAME, or tls-server-name in the kubeconfig";
	if (strstr(err_message(err), "expired"))
		return "it has to be renewed, unless the clock here is wrong (date)";
	return "whose certificate authority it is: --certificate-authority FILE, or certificate-authority-data in the kubeconfig";
}

static void judge(struct kube_request *r, const struct http_call *call)
{
	const char *what = r->what ? r->what : r->path;

	r->status = http_call_status(call);
	r->retry_after_s = http_call_retry_after_s(call);
	if (http_call_outcome(call) != HTTP_ANSWERED) {
		bool lost = http_call_outcome(call) == HTTP_UNKNOWN;

		r->outcome = lost ? KUBE_UNKNOWN : KUBE_NOT_SENT;
		r->status = 0;
		r->err = http_call_error(call);
		if (r->err && text_starts_with(err_message(r->err),
					       "SSL certificate problem"))
			r->err = err_hint(r->err, "%s",
					  certificate_hint(r->err));
	} else if (r->status >= 200 && r->status < 300) {
		r->err = take_object(r, call);
		r->outcome = r->err ? KUBE_UNKNOWN : KUBE_DONE;
	} else {
		r->outcome =
			leaves_open(r->status) ? KUBE_UNKNOWN : KUBE_REFUSED;
		r->err = kube_failure_err(r, call);
	}
	r->err = err_wrap(r->err, "%s %s", r->method, what);
}

void kube_request_release(struct kube_request *request)
{
	json_free(request->object);
	json_free(request->failure);
	kube_items_free(request->items);
	buf_release(&request->text);
	err_free(request->err);
	request->object = NULL;
	request->failure = NULL;
	request->items = NULL;
	request->err = NULL;
	request->outcome = KUBE_NOT_SENT;
	request->status = 0;
}

/* What is left of the budgets of one batch. */
struct budget {
	int tries;
	int waits;
	bool credentials_renewed;
	int64_t wait_ms;
};

/* Whether the request goes out once more; says how long to wait first. */
static bool again(struct kube *kube, struct kube_request *r,
		  struct budget *budget)
{
	int64_t wait_ms = 0;

	if (!r->err)
		return false;
	if (r->status == 401 && !budget->credentials_renewed)
		return kube_auth_rejected(kube->auth);
	if (!is_read(r) || err_is(r->err, KR_EINTERRUPTED))
		return false;
	/* Some of the items were given, and nobody can take them back. */
	if (r->items && !r->on_begin && kube_items_count(r->items))
		return false;
	if ((r->status == 429 || r->status >= 500) && r->retry_after_s >= 0) {
		if (budget->waits >= MAX_WAITS)
			return false;
		wait_ms = r->retry_after_s > MAX_RETRY_AFTER_S
				  ? MAX_RETRY_AFTER_S * 1000
				  : r->retry_after_s * 1000;
	} else {
		/* A broken connection or a cut reply; not: TLS, a refusal. */
		bool broken = (r->status == 0 || r->status == 200 ||
			       r->status == 429 || r->status >= 500) &&
			      err_is(r->err, KR_ECLUSTER);

		if (!broken || budget->tries >= MAX_TRIES)
			return false;
		wait_ms = FIRST_BACKOFF_MS << budget->tries;
	}
	if (wait_ms > budget->wait_ms)
		budget->wait_ms = wait_ms;
	return true;
}

/* Sends what has no result yet, all at once, and takes the results in. */
static KR_FALLIBLE one_round(struct kube *kube, struct kube_request *requests,
			     size_t n, struct http_call **calls,
			     const bool *pending)
{
	struct err *err = kube_make_ready(kube);

	for (size_t i = 0; !err && i < n; i++) {
		if (!pending[i])
			continue;
		kube_request_release(&requests[i]);
		err = start(kube, &requests[i], &calls[i]);
	}
	if (!err)
		err = http_wait(kube->http, calls, n);
	for (size_t i = 0; i < n; i++) {
		if (!calls[i])
			continue;
		kube_note_reply(kube, calls[i]);
		judge(&requests[i], calls[i]);
		http_call_free(calls[i]);
		calls[i] = NULL;
	}
	return err;
}

KR_FALLIBLE kube_batch(struct kube *kube, struct kube_request *requests,
		       size_t n)
{
	struct budget budget = { 0 };
	struct http_call **calls = calloc(n + 1, sizeof(*calls));
	bool *pending = calloc(n + 1, sizeof(*pending));
	struct err *err = NULL;
	size_t left = n;

	if (!calls || !pending)
		err = err_no_memory();
	for (size_t i = 0; pending && i < n; i++)
		pending[i] = requests[i].method != NULL;
	while (!err && left) {
		bool renewed = false;

		err = one_round(kube, requests, n, calls, pending);
		left = 0;
		budget.wait_ms = 0;
		for (size_t i = 0; !err && i < n; i++) {
			pending[i] = pending[i] &&
				     again(kube, &requests[i], &budget);
			left += pending[i];
			renewed |= pending[i] && requests[i].status == 401;
		}
		budget.credentials_renewed |= renewed;
		budget.tries++;
		budget.waits++;
		if (!err && left)
			clock_sleep_ms(budget.wait_ms);
		if (!err && left)
			err = stop_check();
	}
	free(calls);
	free(pending);
	return err;
}

KR_FALLIBLE kube_do(struct kube *kube, struct kube_request *request)
{
	struct err *err = kube_batch(kube, request, 1);

	return err ? err : take_ptr(&request->err);
}

KR_FALLIBLE kube_get(struct kube *kube, const char *path, const char *what,
		     struct cJSON **out)
{
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.what = what,
	};
	struct err *err = kube_do(kube, &request);

	if (!err)
		*out = take_ptr(&request.object);
	kube_request_release(&request);
	return err;
}
