/*
 * One annotation of ours on a Secret, beside what an apply writes; and what
 * all of them say, read without the key.
 */
#ifndef KR_KUBE_SECRETNOTE_H
#define KR_KUBE_SECRETNOTE_H

#include "kube/annotations.h"
#include "kube/client.h"
#include "kube/pod.h"
#include "kube/podkey.h"

/*
 * Sets the note of the target's entry. With `version` (may be NULL) only if
 * the Secret still has that resourceVersion: KR_ECONFLICT otherwise.
 */
KR_FALLIBLE kube_secret_note(struct kube *kube,
			     const struct kube_target *target,
			     enum kube_note note, const char *value,
			     const char *version);

/*
 * What the Secret's metadata say of the target's entry; the server sends
 * nothing else. KR_ENOTFOUND where there is no such Secret.
 */
KR_FALLIBLE kube_secret_facts(struct kube *kube,
			      const struct kube_target *target,
			      struct kube_key_facts *out);

#endif
