/*
 * Does a Git repository hold the key? Its whole history, what is not committed
 * yet, and the Secret's manifest.
 */
#ifndef KR_RUNBOOK_GITOPS_CHECK_H
#define KR_RUNBOOK_GITOPS_CHECK_H

#include "runbook/gitrepo.h"
#include "runbook/result.h"
#include "secret/keyspec.h"

/* Borrowed for the call. */
struct gitops_check {
	const struct gitrepo *repo;
	const char *secret; /* the Secret's name, and its entry */
	const char *entry;
	struct keyspec spec;
	const char *manifest;	     /* path; NULL: secret-NAME.yaml */
	const char *const *known;    /* fingerprints, NULL-terminated */
	const char *const *harmless; /* of values that are no keys; NULL */
	struct result *result;	     /* findings, and what was looked at */
};

/*
 * KR_EGATE: reason "KeyInGit" where it does, "HistoryIncomplete" where not all
 * of the history could be looked at (a shallow or partial clone, an object that
 * cannot be read), "ManifestUnreadable". Of what is found the document tells
 * commit, path, line and the fingerprint's beginning, never a character of it.
 */
KR_FALLIBLE gitops_check(const struct gitops_check *check);

/*
 * The manifest alone, as it is in the working tree: how many of the key's
 * entries stand in it. *out_path is the file from the root on, malloc'd; NULL:
 * there is none. Findings go into the document where `findings` is not NULL.
 */
struct cJSON;
KR_FALLIBLE gitops_manifest_look(const struct gitops_check *check,
				 struct cJSON *findings, char **out_path,
				 size_t *out_entries);

/* One finding of the document; strings may be NULL. */
struct gitops_found {
	const char *rule; /* "known-key", "key-shaped", "manifest" */
	const char *object;
	const char *commit;
	const char *path;
	size_t line;
	const char *fingerprint; /* its first 12 digits are told; NULL */
	bool reachable;		 /* from a branch, a tag or the tree */
};
void gitops_found_add(struct cJSON *findings, const struct gitops_found *found);

#endif
