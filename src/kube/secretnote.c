#include "kube/secretnote.h"

#include "base/json.h"
#include "kube/path.h"

static KR_FALLIBLE make_patch(const struct kube_target *target,
			      enum kube_note note, const char *value,
			      const char *version, char **out)
{
	kr_cleanup(json_freep) struct cJSON *patch = json_object();
	struct cJSON *metadata;
	char name[KUBE_NOTE_LEN];
	struct err *err = kube_note_on_secret(note, target->entry, name);

	if (err)
		return err;
	metadata = json_add_object(patch, "metadata");
	if (version)
		json_set_str(metadata, "resourceVersion", version);
	json_set_str(json_add_object(metadata, "annotations"), name, value);
	return json_print(patch, out);
}

KR_FALLIBLE kube_secret_note(struct kube *kube,
			     const struct kube_target *target,
			     enum kube_note note, const char *value,
			     const char *version)
{
	kr_cleanup(str_freep) char *body = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	struct kube_request request = {
		.method = "PATCH",
		.what = "Secret's annotation",
		.content_type = "application/merge-patch+json",
		.flags = KUBE_METADATA | KUBE_QUIET,
	};
	struct err *err = make_patch(target, note, value, version, &body);

	if (err)
		return err;
	path = kube_path_sub(KIND_SECRET, target->ns, target->secret, NULL,
			     "fieldManager=" KUBE_MANAGER);
	if (!path)
		return err_no_memory();
	request.path = path;
	request.body = body;
	err = kube_do(kube, &request);
	kube_request_release(&request);
	return err;
}

KR_FALLIBLE kube_secret_facts(struct kube *kube,
			      const struct kube_target *target,
			      struct kube_key_facts *out)
{
	kr_cleanup(str_freep) char *path =
		kube_path(KIND_SECRET, target->ns, target->secret);
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.what = target->secret,
		.expect_kind = "PartialObjectMetadata",
		.flags = KUBE_METADATA,
	};
	struct err *err;

	if (!path)
		return err_no_memory();
	err = kube_do(kube, &request);
	if (!err)
		err = kube_key_facts_read(request.object, target->entry, out);
	kube_request_release(&request);
	return err;
}
