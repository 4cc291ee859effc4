/* The bytes of the write: built around the key, in pages of their own. */
#include "kube/secretbody.h"

#include <string.h>

#include "base/json.h"
#include "kube/annotations.h"
#include "secret/base64.h"

#define DRY_KEY_BYTES 44 /* a 32-byte key in base64 */

/* Text before and after the key, in pages of their own. */
static KR_FALLIBLE enclose(const char *before, const struct secret *key,
			   const char *after, struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *body = NULL;
	size_t b = strlen(before), a = strlen(after);
	size_t k = base64_encoded_len(secret_len(key));
	struct err *err = secret_new(b + k + a, &body);

	if (err)
		return err;
	memcpy(secret_bytes(body), before, b);
	base64_encode_to(secret_expose(key), secret_len(key),
			 (char *)secret_bytes(body) + b);
	memcpy(secret_bytes(body) + b + k, after, a);
	*out = take_ptr(&body);
	return NULL;
}

static KR_FALLIBLE note(struct cJSON *annotations, enum kube_note which,
			const char *entry, const char *value)
{
	char name[KUBE_NOTE_LEN];
	struct err *err = kube_note_on_secret(which, entry, name);

	if (!err && value)
		json_set_str(annotations, name, value);
	return err;
}

/*
 * previous.keyrot.dev names the rotation whose value is replaced, where that
 * is certain: nobody else wrote the entry since.
 */
static const char *replaced_rotation(const struct kube_secret *s,
				     const char *rotation)
{
	if (!s->facts.owned || !s->facts.rotation)
		return NULL;
	if (strcmp(s->facts.rotation, rotation) == 0)
		return s->facts.previous;
	return s->facts.rotation;
}

/* What a roll-back puts back: the key before, also after a second write of
 * the same rotation. */
static const char *replaced_key(const struct kube_secret *s,
				const char *fingerprint)
{
	if (!s->live)
		return NULL;
	if (strcmp(s->live_fingerprint, fingerprint) == 0)
		return s->facts.replaced;
	return s->live_fingerprint;
}

static KR_FALLIBLE add_notes(const struct kube_secret *s,
			     const struct kube_secret_write *w,
			     struct cJSON *notes)
{
	struct err *err = note(notes, NOTE_FINGERPRINT, s->entry,
			       readback_key_fingerprint(w->key));

	if (!err)
		err = note(notes, NOTE_ROTATION, s->entry, w->rotation);
	if (!err)
		err = note(notes, NOTE_PREVIOUS, s->entry,
			   replaced_rotation(s, w->rotation));
	if (!err)
		err = note(notes, NOTE_REPLACED, s->entry,
			   replaced_key(s, readback_key_fingerprint(w->key)));
	if (!err)
		err = note(notes, NOTE_OPERATOR, s->entry, w->operator_);
	if (!err)
		err = note(notes, NOTE_ROTATED_AT, s->entry, w->rotated_at);
	return err;
}

/* w NULL: without annotations. */
static KR_FALLIBLE metadata_of(const struct kube_secret *s,
			       const struct kube_secret_write *w, char **out)
{
	kr_cleanup(json_freep) struct cJSON *metadata = json_object();
	struct err *err = NULL;

	json_set_str(metadata, "name", s->name);
	json_set_str(metadata, "namespace", s->ns);
	if (s->exists) {
		json_set_str(metadata, "uid", s->facts.uid);
		json_set_str(metadata, "resourceVersion",
			     s->facts.resource_version);
	} else {
		/* Made where it is not there; where somebody else was faster
		 * no version is this one, and it is a conflict. */
		json_set_str(metadata, "resourceVersion", "1");
	}
	if (w)
		err = add_notes(s, w, json_add_object(metadata, "annotations"));
	return err ? err : json_print(metadata, out);
}

static KR_FALLIBLE body_around(const struct kube_secret *s,
			       const struct kube_secret_write *w,
			       const struct secret *key, struct secret **out)
{
	kr_cleanup(str_freep) char *metadata = NULL;
	struct buf before = BUF_INIT(64 * 1024);
	struct err *err = metadata_of(s, w, &metadata);

	if (err)
		return err;
	buf_printf(&before,
		   "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":%s,"
		   "\"data\":{\"%s\":\"",
		   metadata, s->entry);
	err = buf_check(&before, "the Secret's metadata");
	if (!err)
		err = enclose(buf_str(&before), key, "\"}}", out);
	buf_release(&before);
	return err;
}

KR_FALLIBLE kube_secret_body(const struct kube_secret *s,
			     const struct kube_secret_write *w,
			     struct secret **out)
{
	return body_around(s, w, readback_key_secret(w->key), out);
}

KR_FALLIBLE kube_secret_dry_body(const struct kube_secret *s,
				 struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *random = NULL;
	struct err *err = secret_random(DRY_KEY_BYTES, &random);

	return err ? err : body_around(s, NULL, random, out);
}

KR_FALLIBLE kube_secret_manifest(const struct kube_target *target,
				 const struct secret *key,
				 struct secret **out_yaml)
{
	struct buf before = BUF_INIT(4096);
	struct buf after = BUF_INIT(4096);
	struct err *err;

	/* Quoted: a name may read as a number or a boolean. */
	buf_printf(&before, "apiVersion: v1\ndata:\n  \"%s\": ", target->entry);
	buf_printf(&after, "\nkind: Secret\nmetadata:\n  name: \"%s\"\n",
		   target->secret);
	if (target->ns)
		buf_printf(&after, "  namespace: \"%s\"\n", target->ns);
	buf_puts(&after, "type: Opaque\n");
	err = enclose(buf_str(&before), key, buf_str(&after), out_yaml);
	buf_release(&before);
	buf_release(&after);
	return err;
}
