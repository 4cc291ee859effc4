#include "kube/podkey.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/annotations.h"

/* Starts are told by the node's clock, writes by the API server's, both in
 * whole seconds: nearer than this tells nothing. */
#define CLOCK_MARGIN_MS 2000

static int64_t time_at(const struct cJSON *tree, const char *path)
{
	const char *text = json_str(tree, path);
	int64_t ms;

	return text && clock_parse_rfc3339(text, &ms) ? ms : 0;
}

/* managedFields (API reference, FieldsV1): "f:data" holds "f:ENTRY". */
static bool owns_entry(const struct cJSON *managed, const char *member)
{
	return json_member(json_at(managed, "fieldsV1.f:data"), member) != NULL;
}

/*
 * Managers own a field together only while they agree on its value: whoever
 * changes it takes it from the others. So where the entry's own manager is
 * among the owners the value is what it applied, at the time it applied it.
 */
static bool read_owner(struct kube_key_facts *facts, const struct cJSON *secret,
		       const char *member, const char *own)
{
	const struct cJSON *managed =
		json_first(json_at(secret, "metadata.managedFields"));

	for (; managed && !facts->owned; managed = json_next(managed)) {
		const char *manager = json_member_str(managed, "manager");
		int64_t at = time_at(managed, "time");

		if (!manager || !owns_entry(managed, member))
			continue;
		facts->owned = strcmp(manager, own) == 0 &&
			       str_equal(json_member_str(managed, "operation"),
					 "Apply");
		if (facts->owner && at < facts->written_ms && !facts->owned)
			continue;
		facts->written_ms = at;
		if (!str_keep(&facts->owner, manager))
			return false;
	}
	return true;
}

const char *kube_ring_suffix(enum kube_ring_state state)
{
	static const char *const suffixes[] = {
		[RING_CURRENT] = "",
		[RING_ADDED] = "+next",
		[RING_RETIRED] = "+retired",
	};

	return suffixes[state];
}

KR_FALLIBLE kube_key_facts_mark(struct kube_key_facts *facts, const char *mark)
{
	size_t n = mark ? strcspn(mark, "+") : 0;
	char *copy = mark ? strdup(mark) : NULL;
	char *rotation = mark ? strndup(mark, n) : NULL;

	if (mark && (!copy || !rotation)) {
		free(copy);
		free(rotation);
		return err_no_memory();
	}
	free(facts->mark);
	free(facts->rotation);
	facts->mark = copy;
	facts->rotation = rotation;
	facts->state = RING_CURRENT;
	for (int i = RING_ADDED; mark && i <= RING_RETIRED; i++) {
		if (strcmp(mark + n,
			   kube_ring_suffix((enum kube_ring_state)i)) == 0)
			facts->state = (enum kube_ring_state)i;
	}
	return NULL;
}

static struct err *read_notes(struct kube_key_facts *facts,
			      const struct cJSON *secret, const char *entry)
{
	const struct {
		enum kube_note note;
		char **field;
	} notes[] = {
		{ NOTE_FINGERPRINT, &facts->fingerprint },
		{ NOTE_PREVIOUS, &facts->previous },
		{ NOTE_OPERATOR, &facts->operator_ },
		{ NOTE_ROTATED_AT, &facts->rotated_at },
		{ NOTE_REPLACED, &facts->replaced },
		{ NOTE_VALIDATED, &facts->validated },
		{ NOTE_REENCRYPTED, &facts->reencrypted },
	};
	char name[KUBE_NOTE_LEN];
	struct err *err = kube_note_on_secret(NOTE_ROTATION, entry, name);

	if (!err)
		err = kube_key_facts_mark(facts, kube_annotation(secret, name));
	if (err)
		return err;

	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
		err = kube_note_on_secret(notes[i].note, entry, name);
		if (err)
			return err;
		if (!str_keep(notes[i].field, kube_annotation(secret, name)))
			return err_no_memory();
	}
	return NULL;
}

static struct err *read_all(struct kube_key_facts *facts,
			    const struct cJSON *secret, const char *entry)
{
	struct buf member = BUF_INIT(512);
	char own[KUBE_MANAGER_LEN];
	struct err *err;
	bool ok = true;

	facts->immutable = json_bool(secret, "immutable", false);
	facts->deleting = json_str(secret, "metadata.deletionTimestamp");
	facts->created_ms = time_at(secret, "metadata.creationTimestamp");
	buf_printf(&member, "f:%s", entry);
	err = buf_check(&member, "the entry's name");
	if (!err)
		err = kube_manager_of_entry(entry, own);
	if (!err)
		err = read_notes(facts, secret, entry);
	if (!err)
		ok = read_owner(facts, secret, buf_str(&member), own) &&
		     str_keep(&facts->uid, json_str(secret, "metadata.uid")) &&
		     str_keep(&facts->resource_version,
			      json_str(secret, "metadata.resourceVersion"));
	buf_release(&member);
	if (!err && !ok)
		err = err_no_memory();
	return err;
}

KR_FALLIBLE kube_key_facts_read(const struct cJSON *secret, const char *entry,
				struct kube_key_facts *out)
{
	struct kube_key_facts facts = { 0 };
	struct err *err = read_all(&facts, secret, entry);

	if (err) {
		kube_key_facts_release(&facts);
		return err;
	}
	*out = facts;
	return NULL;
}

void kube_key_facts_release(struct kube_key_facts *facts)
{
	free(facts->uid);
	free(facts->resource_version);
	free(facts->fingerprint);
	free(facts->rotation);
	free(facts->mark);
	free(facts->previous);
	free(facts->operator_);
	free(facts->rotated_at);
	free(facts->replaced);
	free(facts->validated);
	free(facts->reencrypted);
	free(facts->owner);
	*facts = (struct kube_key_facts){ 0 };
}

bool kube_pod_is_older(const struct kube_pod *pod,
		       const struct kube_key_facts *facts)
{
	return pod->started && pod->started_ms && facts->written_ms &&
	       pod->started_ms + CLOCK_MARGIN_MS < facts->written_ms;
}

const char *kube_pod_fingerprint(const struct kube_pod *pod,
				 const struct kube_key_facts *facts)
{
	if (!pod->entry_how || pod->finished || !pod->started ||
	    !pod->rotation || !pod->fingerprint || !facts->owned)
		return NULL;
	if (str_equal(pod->rotation, facts->mark))
		return str_equal(pod->fingerprint, facts->fingerprint)
			       ? pod->fingerprint
			       : NULL;
	if (str_equal(pod->rotation, facts->previous) &&
	    !(pod->entry_how & ~(USE_FIXED_AT_START | USE_OPTIONAL)) &&
	    kube_pod_is_older(pod, facts))
		return pod->fingerprint;
	return NULL;
}
