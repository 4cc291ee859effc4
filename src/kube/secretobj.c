#include "kube/secretobj.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "kube/annotations.h"
#include "kube/path.h"
#include "kube/uses.h"
#include "secret/base64.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

KR_FALLIBLE kube_secret_plan_read(const struct kube_target *target,
				  struct kube_secret_read *out)
{
	struct kube_secret_read read = { 0 };

	read.path = kube_path(KIND_SECRET, target->ns, target->secret);
	if (!read.path || asprintf(&read.what, "Secret %s/%s", target->ns,
				   target->secret) < 0) {
		free(read.path);
		return err_no_memory();
	}
	read.request = (struct kube_request){
		.method = "GET",
		.path = read.path,
		.what = read.what,
		.expect_kind = "Secret",
		.flags = KUBE_KEY | KUBE_FINISH,
	};
	*out = read;
	return NULL;
}

void kube_secret_read_release(struct kube_secret_read *read)
{
	kube_request_release(&read->request);
	free(read->path);
	free(read->what);
	memset(read, 0, sizeof(*read));
}

void kube_secret_forget(struct kube_secret *secret)
{
	secret_free(take_ptr(&secret->live));
	for (size_t i = 0; i < RING_COUNT; i++)
		secret_free(take_ptr(&secret->ring[i].live));
}

void kube_secret_free(struct kube_secret *secret)
{
	if (!secret)
		return;
	kube_secret_forget(secret);
	free(secret->ns);
	free(secret->name);
	free(secret->entry);
	kube_key_facts_release(&secret->facts);
	free(secret->type);
	for (size_t i = 0; i < secret->owner_count; i++)
		free(secret->owners[i].manager);
	free(secret->owners);
	for (size_t i = 0; i < secret->entry_count; i++)
		free(secret->entries[i]);
	free(secret->entries);
	for (size_t i = 0; i < RING_COUNT; i++) {
		free(secret->ring[i].name);
		free(secret->ring[i].foreign);
	}
	free(secret);
}

static bool name_ring(struct kube_secret *s)
{
	static const char *const suffixes[] = {
		[RING_NEXT] = KUBE_NEXT_SUFFIX,
		[RING_PREVIOUS] = KUBE_PREVIOUS_SUFFIX,
	};

	for (size_t i = 0; i < RING_COUNT; i++) {
		if (asprintf(&s->ring[i].name, "%s%s", s->entry, suffixes[i]) <
		    0) {
			s->ring[i].name = NULL;
			return false;
		}
	}
	return true;
}

static KR_FALLIBLE new_for(const struct kube_target *target,
			   struct kube_secret **out)
{
	kr_cleanup(kube_secret_freep) struct kube_secret *s =
		calloc(1, sizeof(*s));

	if (!s)
		return err_no_memory();
	s->ns = strdup(target->ns);
	s->name = strdup(target->secret);
	s->entry = strdup(target->entry);
	if (!s->ns || !s->name || !s->entry || !name_ring(s))
		return err_no_memory();
	*out = take_ptr(&s);
	return NULL;
}

static bool is_kubectl_manager(const char *manager)
{
	static const char *const own[] = {
		"kubectl-client-side-apply",
		"kubectl-create",
		"kubectl-edit",
		"kubectl-patch",
		"kubectl",
		"before-first-apply",
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		if (strcmp(manager, own[i]) == 0)
			return true;
	}
	return false;
}

static KR_FALLIBLE add_owner(struct kube_secret *s, const char *manager,
			     bool is_controller)
{
	struct kube_owner owner = { .is_controller = is_controller };
	struct kube_owner *grown;

	for (size_t i = 0; i < s->owner_count; i++) {
		if (strcmp(s->owners[i].manager, manager) == 0)
			return NULL;
	}
	owner.manager = text_clean(manager, strlen(manager), 128);
	grown = realloc(s->owners, (s->owner_count + 1) * sizeof(*grown));
	if (grown)
		s->owners = grown;
	if (!grown || !owner.manager) {
		free(owner.manager);
		return err_no_memory();
	}
	if (!is_controller) {
		owner.is_ours = strcmp(manager, KUBE_MANAGER) == 0 ||
				text_starts_with(manager, KUBE_MANAGER ".");
		owner.is_kubectl = is_kubectl_manager(manager);
	}
	grown[s->owner_count++] = owner;
	return NULL;
}

/* {"f:data":{"f:ENTRY":{}}}, or stringData, which leaves its mark apart. */
static bool owns_entry(const struct cJSON *fields, const char *entry)
{
	kr_cleanup(str_freep) char *name = NULL;

	if (asprintf(&name, "f:%s", entry) < 0) {
		name = NULL;
		return true;
	}
	return json_member(json_member(fields, "f:data"), name) ||
	       json_member(json_member(fields, "f:stringData"), name);
}

/* Whose the other entries of the keyring are. */
static KR_FALLIBLE take_ring_owner(struct kube_secret *s,
				   const struct cJSON *managed)
{
	const char *manager = json_str_or(managed, "manager", "");
	const char *operation = json_str_or(managed, "operation", "");
	char own[KUBE_MANAGER_LEN];
	struct err *err = kube_manager_of_entry(s->entry, own);

	for (size_t i = 0; !err && i < RING_COUNT; i++) {
		struct kube_ring_entry *entry = &s->ring[i];

		if (!owns_entry(json_member(managed, "fieldsV1"), entry->name))
			continue;
		if (strcmp(manager, own) == 0 &&
		    strcmp(operation, "Apply") == 0) {
			entry->ours = true;
		} else if (!entry->foreign) {
			entry->foreign =
				text_clean(manager, strlen(manager), 128);
			if (!entry->foreign)
				err = err_no_memory();
		}
	}
	return err;
}

static KR_FALLIBLE take_owners(struct kube_secret *s,
			       const struct cJSON *metadata)
{
	const struct cJSON *m =
		json_first(json_member(metadata, "managedFields"));
	const struct cJSON *ref =
		json_first(json_member(metadata, "ownerReferences"));
	struct err *err = NULL;

	for (; !err && m; m = json_next(m)) {
		if (owns_entry(json_member(m, "fieldsV1"), s->entry))
			err = add_owner(s, json_str_or(m, "manager", ""),
					false);
		if (!err)
			err = take_ring_owner(s, m);
	}
	for (; !err && ref; ref = json_next(ref)) {
		kr_cleanup(str_freep) char *name = NULL;

		if (!json_bool(ref, "controller", false))
			continue;
		if (asprintf(&name, "%s/%s", json_str_or(ref, "kind", "?"),
			     json_str_or(ref, "name", "?")) < 0) {
			name = NULL;
			return err_no_memory();
		}
		err = add_owner(s, name, true);
	}
	return err;
}

static KR_FALLIBLE take_key(const struct cJSON *data, const char *name,
			    struct secret **live, char *fingerprint)
{
	const char *value = json_member_str(data, name);
	struct err *err;

	if (!value)
		return NULL;
	err = base64_decode(value, strlen(value), live);
	if (err)
		return err_wrap(err_as(err, KR_ECLUSTER), "data.%s", name);
	return secret_fingerprint(*live, fingerprint);
}

static KR_FALLIBLE take_entries(struct kube_secret *s, const struct cJSON *data)
{
	const struct cJSON *item = json_first(data);
	struct err *err;

	s->entries = calloc(json_length(data) + 1, sizeof(*s->entries));
	if (!s->entries)
		return err_no_memory();
	for (; item; item = json_next(item)) {
		s->entries[s->entry_count] = strdup(json_name(item));
		if (!s->entries[s->entry_count])
			return err_no_memory();
		s->entry_count++;
	}
	err = take_key(data, s->entry, &s->live, s->live_fingerprint);
	for (size_t i = 0; !err && i < RING_COUNT; i++)
		err = take_key(data, s->ring[i].name, &s->ring[i].live,
			       s->ring[i].fingerprint);
	return err;
}

/* Leaves an annotation without data alone: it is a Git manifest's. */
static bool last_applied_has_data(const char *text)
{
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	kr_cleanup(err_freep) struct err *err = NULL;

	if (!text)
		return false;
	err = json_parse(text, strlen(text), &tree);
	return err || json_length(json_member(tree, "data")) > 0 ||
	       json_length(json_member(tree, "stringData")) > 0;
}

static KR_FALLIBLE read_object(struct kube_secret *s,
			       const struct cJSON *object)
{
	const struct cJSON *metadata = json_member(object, "metadata");
	struct err *err;

	if (strcmp(json_str_or(metadata, "name", ""), s->name) != 0 ||
	    strcmp(json_str_or(metadata, "namespace", ""), s->ns) != 0)
		return err_new(KR_ECLUSTER,
			       "the answer is about another Secret than %s/%s",
			       s->ns, s->name);
	s->exists = true;
	s->type = strdup(json_str_or(object, "type", "Opaque"));
	if (!s->type)
		return err_no_memory();
	s->has_last_applied =
		last_applied_has_data(kube_annotation(object, LAST_APPLIED));
	kube_secret_signs(object, &s->signs);
	err = kube_key_facts_read(object, s->entry, &s->facts);
	if (!err)
		err = take_owners(s, metadata);
	if (!err)
		err = take_entries(s, json_member(object, "data"));
	return err_wrap(err, "Secret %s/%s", s->ns, s->name);
}

KR_FALLIBLE kube_secret_take(const struct kube_target *target,
			     struct kube_request *answered,
			     struct kube_secret **out)
{
	kr_cleanup(kube_secret_freep) struct kube_secret *s = NULL;
	struct err *err = new_for(target, &s);

	if (err)
		return err;
	if (answered->err && answered->status != 404)
		return take_ptr(&answered->err);
	if (!answered->err)
		err = read_object(s, answered->object);
	json_free(answered->object);
	answered->object = NULL;
	if (!err)
		*out = take_ptr(&s);
	return err;
}

KR_FALLIBLE kube_secret_get(struct kube *kube, const struct kube_target *target,
			    struct kube_secret **out)
{
	struct kube_secret_read read;
	struct err *err = kube_secret_plan_read(target, &read);

	if (err)
		return err;
	err = kube_batch(kube, &read.request, 1);
	if (!err)
		err = kube_secret_take(target, &read.request, out);
	kube_secret_read_release(&read);
	return err;
}
