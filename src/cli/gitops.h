/*
 * What the verbs of `gitops` share.
 */
#ifndef KR_CLI_GITOPS_H
#define KR_CLI_GITOPS_H

#include "cli/command.h"
#include "runbook/gitops_check.h"
#include "runbook/gitrepo.h"

/* The repository of --repository, of keyrot.yaml, else of the current folder;
 * its root goes into the document. */
KR_FALLIBLE cli_gitops_repo(const struct cli_context *context,
			    struct result *result, struct gitrepo *out);

/* What the command line and keyrot.yaml say of a look at the repository;
 * *out_manifest owns a path that *out borrows. */
KR_FALLIBLE cli_gitops_look(const struct cli_context *context,
			    const struct gitrepo *repo, struct result *result,
			    struct gitops_check *out, char **out_manifest);

/* Where a file that keyrot.yaml names is: of its own folder; malloc'd. */
KR_FALLIBLE cli_gitops_path(const struct config *config, const char *name,
			    char **out);

/* The verbs of files of their own. */
cli_run gitops_manifest, gitops_request, gitops_run, gitops_hook;

#endif
