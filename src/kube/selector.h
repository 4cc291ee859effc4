/*
 * Label selectors of workloads (spec.selector): matchLabels and
 * matchExpressions, matched here so that pods are listed only once.
 */
#ifndef KR_KUBE_SELECTOR_H
#define KR_KUBE_SELECTOR_H

#include <stddef.h>

#include "base/buf.h"

struct cJSON;

struct kube_requirement; /* of selector.c */

struct kube_selector {
	struct kube_requirement *requirements;
	size_t count; /* 0: matches nothing */
};

KR_FALLIBLE kube_selector_read(const struct cJSON *selector,
			       struct kube_selector *out);
/* `labels` is an object of strings, or NULL. An operator that is not known
 * matches nothing. */
bool kube_selector_matches(const struct kube_selector *selector,
			   const struct cJSON *labels);
/* Appends "labelSelector=..." as the API server reads it, or nothing where it
 * cannot be said so. */
void kube_selector_query(const struct kube_selector *selector, struct buf *out);
void kube_selector_release(struct kube_selector *selector);

#endif
