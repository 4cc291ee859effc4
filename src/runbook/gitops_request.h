/*
 * A rotation that is asked for in Git: a file for a pull request. It names the
 * rotation that it is going to be, so that what was done about it is known to
 * ledger, store and clusters, and is done once.
 *
 *	apiVersion: keyrot.dev/v1
 *	kind: RotationRequest
 *	rotation: kr-20261122-7f3a9c
 *	service: secrets-service
 *	reason: quarterly
 *	requestedBy: operator@example.com
 *	requestedAt: 2026-11-22T21:50:46Z
 *	environments: [staging, production]
 */
#ifndef KR_RUNBOOK_GITOPS_REQUEST_H
#define KR_RUNBOOK_GITOPS_REQUEST_H

#include "config/config.h"
#include "runbook/gitrepo.h"
#include "runbook/rotation.h"

struct gitops_request {
	char rotation[ROTATION_LEN];
	char *reason;
	char *requested_by;
	char *requested_at;
};
void gitops_request_release(struct gitops_request *request);

/*
 * Reads one, and holds it against the configuration: KR_ECONFIG with file and
 * line where it is none; KR_EREFUSED, reason "RequestOfAnother", where it is
 * for another service or other environments than keyrot.yaml has now.
 */
KR_FALLIBLE gitops_request_read(const char *path, const struct config *config,
				struct gitops_request *out);

/* The folder of requests; malloc'd. */
KR_FALLIBLE gitops_request_folder(const struct config *config, char **out);

/*
 * Commits `text` as a new file at `path` (from the root on) to the new branch,
 * upon `base` (NULL: HEAD). Nothing in the working tree or the index changes.
 * *out_commit is malloc'd.
 */
struct gitops_commit {
	const char *branch;
	const char *base;
	const char *path;
	const char *text;
	const char *message;
};
KR_FALLIBLE gitops_request_commit(const struct gitrepo *repo,
				  const struct gitops_commit *commit,
				  char **out_commit);

/* How the ledger says that a rotation ended; malloc'd, NULL: it has not. */
struct ledger;
KR_FALLIBLE gitops_request_outcome(struct ledger *ledger, const char *rotation,
				   char **out);

#endif
