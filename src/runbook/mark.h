/*
 * The proof that the next environment asks for: the key that a Secret holds
 * passed every gate, then.
 */
#ifndef KR_RUNBOOK_MARK_H
#define KR_RUNBOOK_MARK_H

#include "kube/annotations.h"
#include "kube/client.h"
#include "kube/pod.h"

/*
 * Writes "FINGERPRINT TIME" on the Secret, if it (still) holds that key:
 * KR_ECONFLICT, reason "ObjectModified", where it does not.
 */
KR_FALLIBLE mark_validated(struct kube *kube, const struct kube_target *target,
			   const char *fingerprint);
/* The same for another note: NOTE_REENCRYPTED. */
KR_FALLIBLE mark_key(struct kube *kube, const struct kube_target *target,
		     enum kube_note note, const char *fingerprint);

/*
 * Whether the mark (NULL: none) is of this key, and not older than within_ms
 * (< 0: any age). One from the future is a wrong clock's, and no proof.
 */
bool mark_is_proof(const char *validated, const char *fingerprint,
		   int64_t within_ms);

#endif
