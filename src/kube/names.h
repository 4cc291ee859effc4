/*
 * Names of objects, for completion and for suggestions: metadata alone is
 * read, one page of it.
 */
#ifndef KR_KUBE_NAMES_H
#define KR_KUBE_NAMES_H

#include "kube/client.h"
#include "kube/path.h"

/* Sorted as the server has them; NULL ends. */
struct kube_names {
	char **items;
	size_t count;
};

/* ns NULL: what has no namespace. At most KUBE_PAGE_ITEMS names. */
KR_FALLIBLE kube_names_read(struct kube *kube, enum kube_kind kind,
			    const char *ns, struct kube_names *out);
void kube_names_release(struct kube_names *names);

/*
 * What may have been meant by `name`, malloc'd; NULL where nothing is near, or
 * where the user may not list the kind.
 */
char *kube_names_suggest(struct kube *kube, enum kube_kind kind, const char *ns,
			 const char *name);

#endif
