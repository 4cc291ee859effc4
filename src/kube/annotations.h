/*
 * What the program writes beside a key: the names of its annotations and of
 * its field managers, and the patch that restarts a workload.
 *
 * On the Secret, per entry:
 *	fingerprint.keyrot.dev/ENTRY	64 hex digits, SHA-256 of the key's text
 *	rotation.keyrot.dev/ENTRY	the id of the rotation that wrote it
 *	previous.keyrot.dev/ENTRY	the rotation before, where the value
 *					that was replaced was that rotation's
 *	replaced.keyrot.dev/ENTRY	fingerprint of the key that was replaced
 *	validated.keyrot.dev/ENTRY	"FINGERPRINT TIME": this key passed
 *every gate of its environment then operator.keyrot.dev/ENTRY	who
 *	rotated-at.keyrot.dev/ENTRY	when, RFC 3339
 *	ledger.keyrot.dev/ENTRY		size and root of the ledger then
 *	next.keyrot.dev/ENTRY		keyring: fingerprint of ENTRY_NEXT
 *	kept.keyrot.dev/ENTRY		keyring: fingerprint of ENTRY_PREVIOUS
 *	reencrypted.keyrot.dev/ENTRY	"FINGERPRINT TIME": data are encrypted
 *anew
 *
 * On the Lease:
 *	open.keyrot.dev/ENTRY		the rotation that has not ended
 *
 * On pod templates, and so on pods:
 *	fingerprint.keyrot.dev/SECRET.ENTRY
 *	rotation.keyrot.dev/SECRET.ENTRY
 *	next.keyrot.dev/SECRET.ENTRY	keyring, as above
 *	kept.keyrot.dev/SECRET.ENTRY
 *
 * A keyring goes through several states by one rotation, and pods are started
 * for each: "ROTATION+next" where the new key was added beside the current one,
 * "ROTATION" where it became the current one, "ROTATION+retired" where the
 * previous one was dropped.
 *
 * A part after the slash that is no valid name there (63 characters of
 * [-A-Za-z0-9_.], a letter or digit at both ends) is replaced by "x-" and the
 * first 40 hex digits of its SHA-256, so that every entry has a name.
 */
#ifndef KR_KUBE_ANNOTATIONS_H
#define KR_KUBE_ANNOTATIONS_H

#include "base/err.h"

struct cJSON;

enum kube_note {
	NOTE_FINGERPRINT,
	NOTE_ROTATION,
	NOTE_PREVIOUS,
	NOTE_OPERATOR,
	NOTE_ROTATED_AT,
	NOTE_LEDGER,
	NOTE_REPLACED,
	NOTE_VALIDATED,
	NOTE_OPEN,
	NOTE_NEXT,
	NOTE_KEPT,
	NOTE_REENCRYPTED,
};

/* The longest name and its NUL: prefix, slash, 63 characters. */
#define KUBE_NOTE_LEN	 128
#define KUBE_MANAGER_LEN 129

KR_FALLIBLE kube_note_on_secret(enum kube_note note, const char *entry,
				char out[KUBE_NOTE_LEN]);
KR_FALLIBLE kube_note_on_pod(enum kube_note note, const char *secret,
			     const char *entry, char out[KUBE_NOTE_LEN]);

/*
 * The field manager that applies one entry: "keyrot.ENTRY", so that rotating
 * one entry never deletes another. Server-side apply allows 128 bytes.
 */
KR_FALLIBLE kube_manager_of_entry(const char *entry,
				  char out[KUBE_MANAGER_LEN]);
/* The field manager of everything else (restarts, leases). */
#define KUBE_MANAGER "keyrot"

/* The annotation's value in an object (or pod template), or NULL. */
const char *kube_annotation(const struct cJSON *object, const char *name);

/* Fingerprints of the other entries of a keyring; NULL: none there. */
struct kube_ring_notes {
	const char *next, *kept;
};

/*
 * The merge patch that restarts a workload: the annotations of its pod
 * template (`ring` NULL: two of them), and nothing that changes from run to
 * run. Sent twice it does not restart twice. malloc'd JSON.
 */
KR_FALLIBLE kube_restart_patch(const char *secret, const char *entry,
			       const char *rotation, const char *fingerprint,
			       const struct kube_ring_notes *ring,
			       char **out_json);

#endif
