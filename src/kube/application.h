/*
 * Argo CD's Application, as a resource of the cluster that Argo CD runs in: no
 * API of Argo CD is needed to have it synced and to see how it goes.
 *
 * Source: argoproj.io/v1alpha1, types.go of Argo CD 2.x and 3.x. `operation`
 * is a request: the controller reports in `status.operationState`, and takes it
 * away when it has ended. `status.sync` and `status.health` are of the last
 * comparison, which may have been before. Messages there are never quoted: an
 * error of a sync may hold what stands in a manifest.
 */
#ifndef KR_KUBE_APPLICATION_H
#define KR_KUBE_APPLICATION_H

#include "kube/client.h"

/* What an Application says of itself; "" or NULL where it does not. */
struct kube_application {
	char *name;
	char *resource_version;
	char *sync;	 /* "Synced", "OutOfSync", "Unknown" */
	char *health;	 /* "Healthy", "Progressing", "Degraded", ... */
	char *phase;	 /* of the last operation: "Succeeded", ... */
	char *asked_by;	 /* our mark in it: a rotation's id; NULL */
	bool pending;	 /* an operation is asked for, and not begun */
	bool refreshing; /* a refresh is asked for */
	bool automated, self_heal;
	/* Sync leaves alone what is ignored. */
	bool respects_ignored;
	struct cJSON *tree; /* as it came, for kube_application_ignores() */
};

/* From an Application of either way; nothing of `tree` is kept by reference. */
KR_FALLIBLE kube_application_read(const struct cJSON *tree,
				  struct kube_application **out);
void kube_application_free(struct kube_application *app);
KR_DEFINE_FREEP(kube_application)

KR_FALLIBLE kube_application_get(struct kube *kube, const char *ns,
				 const char *name,
				 struct kube_application **out);

/* Whether a sync leaves the Secret's entry as it is in the cluster, by
 * ignoreDifferences (jsonPointers, managedFieldsManagers of ours) and
 * RespectIgnoreDifferences. */
bool kube_application_spares(const struct kube_application *app, const char *ns,
			     const char *secret, const char *entry);

/*
 * Asks for a sync (the whole Application, without pruning, with its own sync
 * options and retries), marked with the rotation's id; or for a refresh, which
 * with automated sync has the same effect. Fenced by the resourceVersion that
 * was read: KR_ECONFLICT where it changed since. A lost answer is an error of
 * kind KR_ECLUSTER; whether it got there is seen by reading again.
 */
KR_FALLIBLE kube_application_sync(struct kube *kube, const char *ns,
				  const struct kube_application *app,
				  const char *rotation);
KR_FALLIBLE kube_application_refresh(struct kube *kube, const char *ns,
				     const struct kube_application *app);

#define KUBE_APPLICATION_MARK "keyrot.dev/rotation"

#endif
