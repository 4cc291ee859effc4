/*
 * Looks through a repository for keys, for gitops_check.c alone.
 */
#ifndef KR_RUNBOOK_GITOPS_SEARCH_H
#define KR_RUNBOOK_GITOPS_SEARCH_H

#include "runbook/gitops_check.h"
#include "secret/keyhunt.h"

#define GITOPS_OID_MAX	 64 /* hex digits of SHA-256 */
#define GITOPS_FOUND_MAX 200

struct gitops_find {
	enum keyhunt_rule rule;
	char object[GITOPS_OID_MAX + 1];
	bool is_commit;
	bool reachable;
	size_t line;
	char fingerprint[SECRET_FINGERPRINT_LEN];
	char *commit;
	char *path;
};

struct gitops_search;

KR_FALLIBLE gitops_search_new(const struct gitops_check *check,
			      struct gitops_search **out);
void gitops_search_free(struct gitops_search *search);
KR_DEFINE_FREEP(gitops_search)

/*
 * Every object that Git keeps, then which of them a branch, a tag or the index
 * reaches, then the files that differ from the index. What cannot be read is a
 * warning of the result, and is counted.
 */
KR_FALLIBLE gitops_search_run(struct gitops_search *search);

struct gitops_counts {
	long long objects, bytes, files;
	long long missing, unreadable;
	size_t known;
	size_t more; /* findings beyond GITOPS_FOUND_MAX */
};
struct gitops_counts gitops_search_counts(const struct gitops_search *search);
/* Borrowed; path and commit may be filled in. */
struct gitops_find *gitops_search_found(struct gitops_search *search,
					size_t *out_n);

#endif
