/* The bytes of the write: built around the key, in pages of their own. */
#include "kube/secretbody.h"

#include <string.h>

#include "base/json.h"
#include "kube/annotations.h"
#include "secret/base64.h"

#define DRY_KEY_BYTES 44 /* a 32-byte key in base64 */

/* A key, and the text before it. */
struct piece {
	const char *before;
	const struct secret *key;
};

/* Keys between texts, in pages of their own. */
static KR_FALLIBLE enclose(const struct piece *pieces, size_t n,
			   const char *after, struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *body = NULL;
	size_t len = strlen(after), at = 0;
	struct err *err;

	for (size_t i = 0; i < n; i++)
		len += strlen(pieces[i].before) +
		       base64_encoded_len(secret_len(pieces[i].key));
	err = secret_new(len, &body);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		const struct secret *key = pieces[i].key;
		size_t b = strlen(pieces[i].before);

		memcpy(secret_bytes(body) + at, pieces[i].before, b);
		base64_encode_to(secret_expose(key), secret_len(key),
				 (char *)secret_bytes(body) + at + b);
		at += b + base64_encoded_len(secret_len(key));
	}
	memcpy(secret_bytes(body) + at, after, strlen(after));
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
				     const char *mark)
{
	if (!s->facts.owned || !s->facts.mark)
		return NULL;
	if (strcmp(s->facts.mark, mark) == 0)
		return s->facts.previous;
	return s->facts.mark;
}

/* What a roll-back puts back: the key before, also after a second write of
 * the same rotation. */
static const char *replaced_key(const struct kube_secret *s,
				const char *fingerprint)
{
	if (!kube_secret_has_entry(s))
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
		err = note(notes, NOTE_ROTATION, s->entry, w->mark);
	if (!err)
		err = note(notes, NOTE_PREVIOUS, s->entry,
			   replaced_rotation(s, w->mark));
	if (!err)
		err = note(notes, NOTE_REPLACED, s->entry,
			   replaced_key(s, readback_key_fingerprint(w->key)));
	if (!err)
		err = note(notes, NOTE_OPERATOR, s->entry, w->operator_);
	if (!err)
		err = note(notes, NOTE_ROTATED_AT, s->entry, w->rotated_at);
	if (!err && w->next)
		err = note(notes, NOTE_NEXT, s->entry,
			   readback_key_fingerprint(w->next));
	if (!err && w->previous)
		err = note(notes, NOTE_KEPT, s->entry,
			   readback_key_fingerprint(w->previous));
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

/* `","ENTRY_NEXT":"`, between two keys. */
static void add_piece(const struct kube_secret *s, enum kube_ring which,
		      const struct readback_key *key, struct buf *before,
		      struct piece *pieces, size_t *n)
{
	if (!key)
		return;
	buf_printf(before, "\",\"%s\":\"", s->ring[which].name);
	pieces[(*n)++] =
		(struct piece){ buf_str(before), readback_key_secret(key) };
}

static KR_FALLIBLE body_around(const struct kube_secret *s,
			       const struct kube_secret_write *w,
			       const struct secret *key, struct secret **out)
{
	kr_cleanup(str_freep) char *metadata = NULL;
	kr_cleanup(buf_release) struct buf before = BUF_INIT(64 * 1024);
	kr_cleanup(buf_release) struct buf next = BUF_INIT(1024);
	kr_cleanup(buf_release) struct buf previous = BUF_INIT(1024);
	struct piece pieces[1 + RING_COUNT];
	size_t n = 1;
	struct err *err = metadata_of(s, w, &metadata);

	if (err)
		return err;
	buf_printf(&before,
		   "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":%s,"
		   "\"data\":{\"%s\":\"",
		   metadata, s->entry);
	err = buf_check(&before, "the Secret's metadata");
	if (err)
		return err;
	pieces[0] = (struct piece){ buf_str(&before), key };
	if (w) {
		add_piece(s, RING_NEXT, w->next, &next, pieces, &n);
		add_piece(s, RING_PREVIOUS, w->previous, &previous, pieces, &n);
	}
	err = buf_check(&next, "the entry's name");
	if (!err)
		err = buf_check(&previous, "the entry's name");
	return err ? err : enclose(pieces, n, "\"}}", out);
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
	err = enclose(&(struct piece){ buf_str(&before), key }, 1,
		      buf_str(&after), out_yaml);
	buf_release(&before);
	buf_release(&after);
	return err;
}
