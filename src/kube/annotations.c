#include "kube/annotations.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

/* API reference: the name part of a qualified name. */
#define NAME_PART_MAX 63
#define HASH_DIGITS   40

static const char *const prefixes[] = {
	[NOTE_FINGERPRINT] = "fingerprint.keyrot.dev",
	[NOTE_ROTATION] = "rotation.keyrot.dev",
	[NOTE_PREVIOUS] = "previous.keyrot.dev",
	[NOTE_OPERATOR] = "operator.keyrot.dev",
	[NOTE_ROTATED_AT] = "rotated-at.keyrot.dev",
	[NOTE_LEDGER] = "ledger.keyrot.dev",
	[NOTE_REPLACED] = "replaced.keyrot.dev",
	[NOTE_VALIDATED] = "validated.keyrot.dev",
	[NOTE_OPEN] = "open.keyrot.dev",
	[NOTE_NEXT] = "next.keyrot.dev",
	[NOTE_KEPT] = "kept.keyrot.dev",
	[NOTE_REENCRYPTED] = "reencrypted.keyrot.dev",
};

static bool is_name_part(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > NAME_PART_MAX ||
	    !isalnum((unsigned char)text[0]) ||
	    !isalnum((unsigned char)text[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return false;
	}
	return true;
}

/* "x-" and 40 hex digits of the SHA-256 of text. */
static struct err *hashed_part(const char *text, char out[NAME_PART_MAX + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL) !=
		    1 ||
	    len < HASH_DIGITS / 2)
		return err_new(KR_EUNEXPECTED, "SHA-256 is not available");
	out[0] = 'x';
	out[1] = '-';
	for (size_t i = 0; i < HASH_DIGITS / 2; i++)
		(void)snprintf(out + 2 + 2 * i, 3, "%02x", digest[i]);
	return NULL;
}

static struct err *note_name(enum kube_note note, const char *part,
			     char out[KUBE_NOTE_LEN])
{
	char hashed[NAME_PART_MAX + 1];

	if (!is_name_part(part)) {
		struct err *err = hashed_part(part, hashed);

		if (err)
			return err;
		part = hashed;
	}
	(void)snprintf(out, KUBE_NOTE_LEN, "%s/%s", prefixes[note], part);
	return NULL;
}

KR_FALLIBLE kube_note_on_secret(enum kube_note note, const char *entry,
				char out[KUBE_NOTE_LEN])
{
	return note_name(note, entry, out);
}

KR_FALLIBLE kube_note_on_pod(enum kube_note note, const char *secret,
			     const char *entry, char out[KUBE_NOTE_LEN])
{
	/* Both are at most 253 characters by the API's own rules. */
	struct buf part = BUF_INIT(1024);
	struct err *err;

	buf_printf(&part, "%s.%s", secret, entry);
	err = buf_check(&part, "the name of Secret and entry");
	if (!err)
		err = note_name(note, buf_str(&part), out);
	buf_release(&part);
	return err;
}

KR_FALLIBLE kube_manager_of_entry(const char *entry, char out[KUBE_MANAGER_LEN])
{
	char hashed[NAME_PART_MAX + 1];

	if (strlen(entry) + sizeof(KUBE_MANAGER ".") > KUBE_MANAGER_LEN) {
		struct err *err = hashed_part(entry, hashed);

		if (err)
			return err;
		entry = hashed;
	}
	(void)snprintf(out, KUBE_MANAGER_LEN, KUBE_MANAGER ".%s", entry);
	return NULL;
}

const char *kube_annotation(const struct cJSON *object, const char *name)
{
	return json_member_str(json_at(object, "metadata.annotations"), name);
}

/* NULL takes the annotation away. */
static struct err *put_note(struct cJSON *at, enum kube_note note,
			    const char *secret, const char *entry,
			    const char *value)
{
	char name[KUBE_NOTE_LEN];
	struct err *err = kube_note_on_pod(note, secret, entry, name);

	if (!err)
		json_set_str(at, name, value);
	return err;
}

KR_FALLIBLE kube_restart_patch(const char *secret, const char *entry,
			       const char *rotation, const char *fingerprint,
			       const struct kube_ring_notes *ring,
			       char **out_json)
{
	kr_cleanup(json_freep) struct cJSON *patch = json_object();
	struct cJSON *at = patch;
	struct err *err;

	at = json_add_object(at, "spec");
	at = json_add_object(at, "template");
	at = json_add_object(at, "metadata");
	at = json_add_object(at, "annotations");
	err = put_note(at, NOTE_FINGERPRINT, secret, entry, fingerprint);
	if (!err)
		err = put_note(at, NOTE_ROTATION, secret, entry, rotation);
	if (!err && ring)
		err = put_note(at, NOTE_NEXT, secret, entry, ring->next);
	if (!err && ring)
		err = put_note(at, NOTE_KEPT, secret, entry, ring->kept);
	return err ? err : json_print(patch, out_json);
}
