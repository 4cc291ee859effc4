/*
 * The Git repository that holds the manifests: by the program git, as a child.
 *
 * Nothing of the user's Git environment but its configuration and its
 * credentials is handed on: a hook's GIT_DIR names another folder than the one
 * that is meant. Replacement objects are not followed and missing ones are not
 * fetched: what is looked at is what is there.
 */
#ifndef KR_RUNBOOK_GITREPO_H
#define KR_RUNBOOK_GITREPO_H

#include <stdint.h>

#include "base/proc.h"

#define GITREPO_LOOK_MS 60000

struct gitrepo {
	char *root; /* of the working tree; absolute */
	bool shallow;
	const char *index; /* borrowed; NULL: the repository's own */
};

/* The repository of a folder. KR_EUSAGE, reason "NoRepository". */
KR_FALLIBLE gitrepo_open(const char *folder, struct gitrepo *out);
void gitrepo_release(struct gitrepo *repo);

/*
 * Runs git in the root; words end with NULL. An exit code other than 0 is
 * KR_EUNEXPECTED with git's last words. *out_text (NULL allowed) is malloc'd,
 * without the newline at its end; more than 4 MiB is KR_ENOMEM.
 */
KR_FALLIBLE gitrepo_run(const struct gitrepo *repo, const char *const *words,
			int64_t timeout_ms, char **out_text);

/* Gives what git prints in pieces, without a limit of size or time. */
KR_FALLIBLE gitrepo_stream(const struct gitrepo *repo, const char *const *words,
			   proc_on_output *on_output, void *user);

/* git's exit code for a question that is answered by it. */
KR_FALLIBLE gitrepo_ask(const struct gitrepo *repo, const char *const *words,
			int *out_code, char **out_text);

/* The path from the root on, as Git has it; malloc'd. KR_EUSAGE where the path
 * is outside of the repository. The path's folder must be there. */
KR_FALLIBLE gitrepo_relative(const struct gitrepo *repo, const char *path,
			     char **out);

#endif
