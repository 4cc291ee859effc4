#include "kube/application.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/annotations.h"

#define REFRESH "argocd.argoproj.io/refresh"

/* The rotation that an operation is marked with. */
static const char *mark_of(const struct cJSON *operation)
{
	const struct cJSON *info = json_first(json_at(operation, "info"));

	for (; info; info = json_next(info))
		if (str_same(json_str(info, "name"), KUBE_APPLICATION_MARK))
			return json_str(info, "value");
	return NULL;
}

static bool has_option(const struct cJSON *tree, const char *option)
{
	const struct cJSON *item =
		json_first(json_at(tree, "spec.syncPolicy.syncOptions"));

	for (; item; item = json_next(item))
		if (str_same(json_text(item), option))
			return true;
	return false;
}

static bool keep_texts(struct kube_application *app, const struct cJSON *tree)
{
	const char *mark = mark_of(json_at(tree, "operation"));

	if (!mark)
		mark = mark_of(
			json_at(tree, "status.operationState.operation"));
	return str_keep(&app->name, json_str(tree, "metadata.name")) &&
	       str_keep(&app->resource_version,
			json_str(tree, "metadata.resourceVersion")) &&
	       str_keep(&app->sync, json_str(tree, "status.sync.status")) &&
	       str_keep(&app->health, json_str(tree, "status.health.status")) &&
	       str_keep(&app->phase,
			json_str(tree, "status.operationState.phase")) &&
	       str_keep(&app->asked_by, mark);
}

KR_FALLIBLE kube_application_read(const struct cJSON *tree,
				  struct kube_application **out)
{
	kr_cleanup(kube_application_freep) struct kube_application *app =
		calloc(1, sizeof(*app));
	const struct cJSON *automated =
		json_at(tree, "spec.syncPolicy.automated");

	if (!app)
		return err_no_memory();
	if (!str_same(json_str(tree, "kind"), "Application") &&
	    !json_str(tree, "metadata.name"))
		return err_new(KR_ECLUSTER, "the answer is no Application");
	app->tree = json_copy(tree);
	if (!app->tree || !keep_texts(app, tree))
		return err_no_memory();
	app->pending = json_is_object(json_at(tree, "operation"));
	app->refreshing = kube_annotation(tree, REFRESH) != NULL;
	app->automated = json_is_object(automated) &&
			 json_bool(automated, "enabled", true);
	app->self_heal =
		app->automated && json_bool(automated, "selfHeal", false);
	app->respects_ignored =
		has_option(tree, "RespectIgnoreDifferences=true");
	*out = take_ptr(&app);
	return NULL;
}

void kube_application_free(struct kube_application *app)
{
	if (!app)
		return;
	free(app->name);
	free(app->resource_version);
	free(app->sync);
	free(app->health);
	free(app->phase);
	free(app->asked_by);
	json_free(app->tree);
	free(app);
}

static char *path_of(const char *ns, const char *name)
{
	struct buf path = BUF_INIT(4096);

	buf_puts(&path, "/apis/argoproj.io/v1alpha1/namespaces/");
	buf_url(&path, ns);
	buf_puts(&path, "/applications/");
	buf_url(&path, name);
	return buf_take(&path);
}

KR_FALLIBLE kube_application_get(struct kube *kube, const char *ns,
				 const char *name,
				 struct kube_application **out)
{
	kr_cleanup(str_freep) char *path = path_of(ns, name);
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	struct err *err;

	if (!path)
		return err_no_memory();
	err = kube_get(kube, path, "Application", &tree);
	if (!err)
		err = kube_application_read(tree, out);
	return err_wrap(err, "Application %s/%s", ns, name);
}

/* NULL matches everything, as in Argo CD. */
static bool fits(const struct cJSON *rule, const char *member,
		 const char *value)
{
	const char *said = json_str(rule, member);

	return !said || !*said || strcmp(said, "*") == 0 ||
	       strcmp(said, value) == 0;
}

static bool has_pointer(const struct cJSON *rule, const char *entry)
{
	const struct cJSON *item = json_first(json_at(rule, "jsonPointers"));

	for (; item; item = json_next(item)) {
		const char *text = json_text(item);

		if (str_same(text, "/data") ||
		    (text && text_starts_with(text, "/data/") &&
		     strcmp(text + 6, entry) == 0))
			return true;
	}
	return false;
}

static bool has_manager(const struct cJSON *rule, const char *entry)
{
	const struct cJSON *item =
		json_first(json_at(rule, "managedFieldsManagers"));
	char manager[KUBE_MANAGER_LEN];
	struct err *err = kube_manager_of_entry(entry, manager);
	bool found = false;

	for (; item && !err && !found; item = json_next(item))
		found = str_same(json_text(item), manager);
	err_free(err);
	return found;
}

bool kube_application_spares(const struct kube_application *app, const char *ns,
			     const char *secret, const char *entry)
{
	const struct cJSON *rule =
		json_first(json_at(app->tree, "spec.ignoreDifferences"));

	if (!app->respects_ignored)
		return false;
	for (; rule; rule = json_next(rule))
		if (fits(rule, "group", "") && fits(rule, "kind", "Secret") &&
		    fits(rule, "name", secret) && fits(rule, "namespace", ns) &&
		    (has_pointer(rule, entry) || has_manager(rule, entry)))
			return true;
	return false;
}

static KR_FALLIBLE patch(struct kube *kube, const char *ns,
			 const struct kube_application *app,
			 struct cJSON *take_body)
{
	kr_cleanup(json_freep) struct cJSON *body = take_body;
	kr_cleanup(str_freep) char *path = path_of(ns, app->name);
	kr_cleanup(str_freep) char *text = NULL;
	struct kube_request request = {
		.method = "PATCH",
		.path = path,
		.what = "Application",
		.expect_kind = "Application",
		.content_type = "application/merge-patch+json",
		.flags = KUBE_QUIET,
	};
	struct cJSON *metadata = json_member_mut(body, "metadata");
	struct err *err;

	if (!path)
		return err_no_memory();
	json_set_str(metadata, "resourceVersion", app->resource_version);
	err = json_print(body, &text);
	request.body = text;
	if (!err)
		err = kube_do(kube, &request);
	kube_request_release(&request);
	return err_wrap(err, "Application %s/%s", ns, app->name);
}

static void copy_member(struct cJSON *to, const char *name,
			const struct cJSON *from)
{
	if (from)
		json_set(to, name, json_copy(from));
}

KR_FALLIBLE kube_application_sync(struct kube *kube, const char *ns,
				  const struct kube_application *app,
				  const char *rotation)
{
	struct cJSON *body = json_object();
	struct cJSON *operation, *by, *info, *sync;

	(void)json_add_object(body, "metadata");
	operation = json_add_object(body, "operation");
	by = json_add_object(operation, "initiatedBy");
	json_set_str(by, "username", "keyrot");
	info = json_append_object(json_add_array(operation, "info"));
	json_set_str(info, "name", KUBE_APPLICATION_MARK);
	json_set_str(info, "value", rotation);
	sync = json_add_object(operation, "sync");
	/* As Argo CD itself does for a sync that a person asks for. */
	copy_member(sync, "syncOptions",
		    json_at(app->tree, "spec.syncPolicy.syncOptions"));
	copy_member(operation, "retry",
		    json_at(app->tree, "spec.syncPolicy.retry"));
	return patch(kube, ns, app, body);
}

KR_FALLIBLE kube_application_refresh(struct kube *kube, const char *ns,
				     const struct kube_application *app)
{
	struct cJSON *body = json_object();
	struct cJSON *metadata = json_add_object(body, "metadata");

	json_set_str(json_add_object(metadata, "annotations"), REFRESH,
		     "normal");
	return patch(kube, ns, app, body);
}
