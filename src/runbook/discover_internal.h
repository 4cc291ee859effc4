/*
 * Between the files of discover: one cluster that is looked at.
 */
#ifndef KR_RUNBOOK_DISCOVER_INTERNAL_H
#define KR_RUNBOOK_DISCOVER_INTERNAL_H

#include "kube/client.h"
#include "runbook/discover.h"

struct discover_look {
	const struct discover_options *options;
	struct kube *kube;
	const struct kube_access *access;
	struct cJSON *seen;
};

/*
 * What could not be looked at becomes a note that begins with `what`; an
 * interruption and no memory stay errors.
 */
struct err *discover_pass(struct discover_look *look, struct err *take_err,
			  const char *what) __attribute__((warn_unused_result));

KR_FALLIBLE discover_keys(struct discover_look *look);
KR_FALLIBLE discover_prometheus(struct discover_look *look);
KR_FALLIBLE discover_argocd(struct discover_look *look);

#endif
