/*
 * The write: one server-side apply, and what its three outcomes mean.
 *
 * DONE is a 2xx answer. NOT DONE is a refusal, or a request that was never
 * sent. Everything else is UNKNOWN and settled by reading the Secret: our
 * rotation and fingerprint there mean done; the version that was read before
 * means not done, and only then is the same request sent again. That is safe
 * even where the first one lands later: the second is then refused as stale.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/str.h"
#include "kube/annotations.h"
#include "kube/path.h"
#include "kube/secretbody.h"

#define MAX_SENDS	 3
#define FIRST_BACKOFF_MS 500
#define MAX_WAIT_MS	 30000

static KR_FALLIBLE path_of(const struct kube_secret *s, bool force,
			   const char *more, char **out)
{
	char manager[KUBE_MANAGER_LEN];
	struct buf query = BUF_INIT(1024);
	struct err *err = kube_manager_of_entry(s->entry, manager);

	if (err)
		return err;
	buf_puts(&query, "fieldManager=");
	buf_url(&query, manager);
	buf_printf(&query, "&force=%s&fieldValidation=Strict%s",
		   force ? "true" : "false", more);
	*out = kube_path_sub(KIND_SECRET, s->ns, s->name, NULL,
			     buf_str(&query));
	buf_release(&query);
	return *out ? NULL : err_no_memory();
}

static KR_FALLIBLE changed_by_other(const struct kube_secret *s)
{
	struct err *err = err_new(
		KR_ECONFLICT,
		"Secret %s/%s was changed by someone else while this ran; nothing of theirs was overwritten",
		s->ns, s->name);

	err = err_set_reason(err, "ObjectModified");
	return err_hint(
		err,
		"look at it with kubectl keyrot status, then run this again");
}

/* What a read says about a write whose fate is not known. */
enum fate { FATE_DONE, FATE_NOT_DONE, FATE_FOREIGN };

static KR_FALLIBLE settle(struct kube *kube, const struct kube_secret *s,
			  const struct kube_secret_write *w, enum fate *out,
			  struct kube_secret_written *written)
{
	const struct kube_target target = { s->ns, s->name, s->entry, false };
	kr_cleanup(kube_secret_freep) struct kube_secret *now = NULL;
	const char *fingerprint = readback_key_fingerprint(w->key);
	struct err *err = kube_secret_get(kube, &target, &now);

	if (err)
		return err;
	if (!now->exists) {
		*out = s->exists ? FATE_FOREIGN : FATE_NOT_DONE;
		return NULL;
	}
	if (strcmp(now->live_fingerprint, fingerprint) == 0 &&
	    str_equal(now->facts.mark, w->mark)) {
		written->resource_version = strdup(now->facts.resource_version);
		written->found_by_reading = true;
		*out = FATE_DONE;
		return NULL;
	}
	*out = s->exists && strcmp(now->facts.resource_version,
				   s->facts.resource_version) == 0
		       ? FATE_NOT_DONE
		       : FATE_FOREIGN;
	return NULL;
}

static KR_FALLIBLE owned_by_other(const struct kube_secret *s,
				  const struct kube_request *r)
{
	const struct cJSON *cause =
		json_first(json_at(r->failure, "details.causes"));
	const char *text = json_str_or(cause, "message", "");
	const char *open = strchr(text, '"');
	int len = open ? (int)strcspn(open + 1, "\"") : 0;
	struct err *err = err_new(
		KR_EREFUSED,
		"a field of Secret %s/%s that this would write is owned by \"%.*s\"",
		s->ns, s->name, len > 128 ? 128 : len, open ? open + 1 : "");

	return err_set_reason(err, "FieldOwned");
}

/* After a refusal that was certainly not carried out. */
static KR_FALLIBLE refused(const struct kube *kube, const struct kube_secret *s,
			   struct kube_request *r)
{
	if (r->status == 409 && kube_failure_is_field_conflict(r))
		return owned_by_other(s, r);
	if (r->status == 403 && s->exists)
		return err_hint(take_ptr(&r->err),
				"kubectl keyrot doctor --context %s -n %s",
				kube_access_of(kube)->context, s->ns);
	if (r->status == 404 && !s->exists)
		return err_hint(take_ptr(&r->err),
				"--create makes the namespace, too");
	return take_ptr(&r->err);
}

static KR_FALLIBLE unknown(const struct kube_secret *s, struct err *take_cause)
{
	struct err *err = err_wrap(
		take_cause,
		"Secret %s/%s may or may not have been written, and reading it back failed",
		s->ns, s->name);

	err = err_set_reason(err, "Unknown");
	return err_hint(
		err,
		"run the same command again: it looks first and does not write twice");
}

static void wait_before_resend(const struct kube_request *r, int sends)
{
	int64_t ms = r->retry_after_s >= 0 ? r->retry_after_s * 1000
					   : FIRST_BACKOFF_MS << sends;

	clock_sleep_ms(ms > MAX_WAIT_MS ? MAX_WAIT_MS : ms);
}

static KR_FALLIBLE take_written(const struct kube_secret *s,
				const struct kube_request *r,
				struct kube_secret_written *written)
{
	const char *version = json_str(r->object, "metadata.resourceVersion");
	const char *uid = json_str_or(r->object, "metadata.uid", "");

	if (s->exists && strcmp(uid, s->facts.uid) != 0)
		return err_new(KR_ECLUSTER,
			       "the answer is about another Secret");
	written->resource_version = strdup(version ? version : "");
	written->created = r->status == 201;
	return written->resource_version ? NULL : err_no_memory();
}

/*
 * One answer judged. *out_again: proved not done, may be sent once more.
 */
static KR_FALLIBLE judge(struct kube *kube, const struct kube_secret *s,
			 const struct kube_secret_write *w,
			 struct kube_request *r,
			 struct kube_secret_written *written, bool *out_again)
{
	enum fate fate = FATE_NOT_DONE;
	bool stale = r->status == 409 && !kube_failure_is_field_conflict(r);
	struct err *err;

	*out_again = false;
	if (r->outcome == KUBE_DONE) {
		err = take_written(s, r, written);
		if (!err)
			return NULL;
		err_free(err);
	} else if (r->outcome == KUBE_REFUSED && !stale) {
		return refused(kube, s, r);
	} else if (r->outcome == KUBE_NOT_SENT) {
		*out_again = err_is(r->err, KR_ECLUSTER);
		return take_ptr(&r->err);
	}
	err = settle(kube, s, w, &fate, written);
	if (err)
		return unknown(s, err);
	if (fate == FATE_DONE)
		return NULL;
	if (fate == FATE_FOREIGN)
		return changed_by_other(s);
	*out_again = true;
	return r->err ? take_ptr(&r->err)
		      : err_new(KR_ECLUSTER, "the answer was not understood");
}

static KR_FALLIBLE send_until_known(struct kube *kube,
				    const struct kube_secret *s,
				    const struct kube_secret_write *w,
				    struct kube_request *r,
				    struct kube_secret_written *out)
{
	struct kube_secret_written written = { 0 };
	struct err *err = NULL;
	bool again = true;

	for (int sends = 0; again && sends < MAX_SENDS; sends++) {
		if (sends) {
			wait_before_resend(r, sends - 1);
			if (stop_requested())
				return err;
			err_free(err);
		}
		kube_request_release(r);
		err = kube_batch(kube, r, 1);
		if (err && !r->err && r->outcome != KUBE_UNKNOWN)
			return err;
		/* A stop request while it was under way: settle it first. */
		err_free(err);
		err = judge(kube, s, w, r, &written, &again);
	}
	if (!err)
		*out = written;
	return err;
}

static KR_FALLIBLE make_namespace(struct kube *kube, const char *ns)
{
	kr_cleanup(str_freep) char *path =
		kube_path(KIND_NAMESPACE, NULL, NULL);
	kr_cleanup(json_freep) struct cJSON *object = json_object();
	kr_cleanup(str_freep) char *body = NULL;
	struct kube_request r = {
		.method = "POST",
		.path = path,
		.what = ns,
		.expect_kind = "Namespace",
	};
	struct err *err;

	json_set_str(object, "apiVersion", "v1");
	json_set_str(object, "kind", "Namespace");
	json_set_str(json_add_object(object, "metadata"), "name", ns);
	err = json_print(object, &body);
	if (err)
		return err;
	r.body = body;
	err = kube_do(kube, &r);
	if (err && r.status == 409) {
		err_free(err);
		err = NULL;
	}
	kube_request_release(&r);
	return err_wrap(err, "create namespace");
}

KR_FALLIBLE kube_secret_apply(struct kube *kube, const struct kube_secret *s,
			      const struct kube_secret_write *write,
			      struct kube_secret_written *out)
{
	kr_cleanup(secret_freep) struct secret *body = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *what = NULL;
	struct kube_request r = {
		.method = "PATCH",
		.content_type = "application/apply-patch+yaml",
		.expect_kind = "PartialObjectMetadata",
		.flags = KUBE_KEY | KUBE_KEY_LAST | KUBE_METADATA,
	};
	struct err *err = kube_secret_body(s, write, &body);

	if (!err)
		err = path_of(s, write->force, "", &path);
	if (!err && asprintf(&what, "Secret %s/%s", s->ns, s->name) < 0) {
		what = NULL;
		err = err_no_memory();
	}
	if (err)
		return err;
	r.path = path;
	r.what = what;
	r.secret_body = body;
	err = send_until_known(kube, s, write, &r, out);
	if (err_is(err, KR_ENOTFOUND) && write->create && !s->exists) {
		err_free(err);
		err = make_namespace(kube, s->ns);
		if (!err)
			err = send_until_known(kube, s, write, &r, out);
		if (!err)
			out->made_namespace = true;
	}
	kube_request_release(&r);
	return err;
}

KR_FALLIBLE kube_secret_dry_run(struct kube *kube, const struct kube_secret *s,
				bool force, bool create)
{
	kr_cleanup(secret_freep) struct secret *body = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	struct kube_request r = {
		.method = "PATCH",
		.what = "Secret (server dry run)",
		.content_type = "application/apply-patch+yaml",
		.expect_kind = "PartialObjectMetadata",
		.flags = KUBE_KEY | KUBE_KEY_LAST | KUBE_METADATA,
	};
	struct err *err = kube_secret_dry_body(s, &body);

	if (!err)
		err = path_of(s, force, "&dryRun=All", &path);
	if (err)
		return err;
	r.path = path;
	r.secret_body = body;
	err = kube_batch(kube, &r, 1);
	if (!err && r.err && r.outcome == KUBE_REFUSED &&
	    !(create && !s->exists && r.status == 404))
		err = refused(kube, s, &r);
	else if (!err && r.outcome != KUBE_DONE && r.status != 404)
		err = take_ptr(&r.err);
	kube_request_release(&r);
	return err;
}

KR_FALLIBLE kube_secret_drop_last_applied(struct kube *kube,
					  const struct kube_secret *s,
					  char **out_version)
{
	static const char body[] =
		"{\"metadata\":{\"annotations\":{"
		"\"kubectl.kubernetes.io/last-applied-configuration\":null}}}";
	kr_cleanup(str_freep) char *path =
		kube_path_sub(KIND_SECRET, s->ns, s->name, NULL,
			      "fieldManager=" KUBE_MANAGER);
	struct kube_request r = {
		.method = "PATCH",
		.path = path,
		.what = "Secret's last-applied-configuration",
		.content_type = "application/merge-patch+json",
		.expect_kind = "PartialObjectMetadata",
		.body = body,
		/* Neither the request nor the metadata that come back hold
		 * a key any more. */
		.flags = KUBE_METADATA | KUBE_QUIET,
	};
	struct err *err;

	if (!path)
		return err_no_memory();
	err = kube_do(kube, &r);
	if (!err) {
		*out_version = strdup(
			json_str_or(r.object, "metadata.resourceVersion", ""));
		if (!*out_version)
			err = err_no_memory();
	}
	kube_request_release(&r);
	return err;
}
