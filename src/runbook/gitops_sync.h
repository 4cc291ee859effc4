/*
 * An Application of Argo CD brought up to date, and waited for.
 */
#ifndef KR_RUNBOOK_GITOPS_SYNC_H
#define KR_RUNBOOK_GITOPS_SYNC_H

#include <stdint.h>

#include "kube/application.h"
#include "service/argocd.h"

/* One of kube and argocd is there. All borrowed. */
struct gitops_application {
	struct kube *kube;
	struct argocd *argocd;
	const char *ns;
	const char *name;
	bool by_refresh;
};

KR_FALLIBLE gitops_application_get(const struct gitops_application *app,
				   struct kube_application **out);

/*
 * Asks for a sync that is marked with the rotation's id, unless that was done
 * already, and waits until it has ended and the Application is Synced and
 * Healthy. KR_EGATE: reason "SyncFailed" (the operation ended otherwise),
 * "SyncTimeout" (what was not reached is said). *out_asked: it was asked for
 * now. *out_seen (NULL allowed, set also by a failure) is how it was last.
 */
KR_FALLIBLE gitops_sync(const struct gitops_application *app,
			const char *rotation, int64_t timeout_ms,
			bool *out_asked, struct kube_application **out_seen);

#define GITOPS_SYNC_TIMEOUT_MS ((int64_t)10 * 60 * 1000)

#endif
