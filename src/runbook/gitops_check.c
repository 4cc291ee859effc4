#include "runbook/gitops_check.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "runbook/gitops_search.h"

#define PREFIX 12

void gitops_found_add(struct cJSON *findings, const struct gitops_found *found)
{
	struct cJSON *row = json_append_object(findings);
	char prefix[PREFIX + 1] = "";

	if (found->fingerprint)
		(void)snprintf(prefix, sizeof(prefix), "%.*s", PREFIX,
			       found->fingerprint);
	json_set_str(row, "rule", found->rule);
	json_set_str(row, "commit", found->commit);
	json_set_str(row, "path", found->path);
	if (found->line)
		json_set_int(row, "line", (long long)found->line);
	else
		json_set_null(row, "line");
	json_set_str(row, "object", found->object);
	json_set_str(row, "fingerprint", *prefix ? prefix : NULL);
	json_set_bool(row, "reachable", found->reachable);
}

/* The commit that brought it in: the last that `git log` names. */
static KR_FALLIBLE find_commit(const struct gitrepo *repo,
			       struct gitops_find *f)
{
	kr_cleanup(str_freep) char *text = NULL;
	kr_cleanup(str_freep) char *option = NULL;
	struct err *err;
	const char *last;

	if (asprintf(&option, "--find-object=%s", f->object) < 0)
		return err_no_memory();
	err = gitrepo_run(repo,
			  (const char *const[]){ "log", "--all", "-m",
						 "--format=%H", "--no-patch",
						 option, NULL },
			  -1, &text);
	if (err_is(err, KR_EINTERRUPTED))
		return err;
	/* Where it cannot be told, that it is there is enough. */
	err_free(err);
	if (!text || !*text)
		return NULL;
	last = strrchr(text, '\n');
	f->commit = strdup(last ? last + 1 : text);
	return f->commit ? NULL : err_no_memory();
}

static KR_FALLIBLE find_commits(const struct gitrepo *repo,
				struct gitops_search *search)
{
	struct err *err = NULL;
	size_t n;
	struct gitops_find *found = gitops_search_found(search, &n);

	for (size_t i = 0; i < n && !err; i++) {
		struct gitops_find *f = &found[i];
		size_t same = 0;

		if (f->commit || !*f->object || !f->reachable)
			continue;
		while (same < i && strcmp(found[same].object, f->object) != 0)
			same++;
		if (same == i)
			err = find_commit(repo, f);
		else if (found[same].commit)
			f->commit = strdup(found[same].commit);
	}
	return err;
}

static void fill(const struct gitops_check *check, struct gitops_search *search,
		 struct cJSON *findings)
{
	const struct gitops_counts c = gitops_search_counts(search);
	struct cJSON *document = check->result->document;
	size_t n;
	const struct gitops_find *found = gitops_search_found(search, &n);

	for (size_t i = 0; i < n; i++) {
		const struct gitops_find *f = &found[i];

		gitops_found_add(
			findings,
			&(struct gitops_found){
				.rule = f->rule == KEYHUNT_KNOWN ? "known-key"
								 : "key-shaped",
				.object = *f->object ? f->object : NULL,
				.commit = f->commit,
				.path = f->path,
				.line = f->line,
				.fingerprint = f->fingerprint,
				.reachable = f->reachable,
			});
	}
	json_set_int(document, "objects", c.objects);
	json_set_int(document, "bytes", c.bytes);
	json_set_int(document, "files", c.files);
	json_set_int(document, "missing", c.missing);
	json_set_int(document, "knownKeys", (long long)c.known);
	if (c.more)
		result_warn(check->result, "%zu more findings are not listed",
			    c.more);
}

static KR_FALLIBLE verdict(const struct gitrepo *repo,
			   const struct gitops_counts *c, size_t findings)
{
	struct err *err;

	if (findings) {
		err = err_new(KR_EGATE,
			      "Git holds what must not be there: %zu finding%s",
			      findings, findings == 1 ? "" : "s");
		return err_set_reason(err, "KeyInGit");
	}
	if (!repo->shallow && !c->missing && !c->unreadable)
		return NULL;
	err = err_new(KR_EGATE, "not all of the history could be looked at: %s",
		      repo->shallow ? "the clone is shallow"
		      : c->missing  ? "objects are missing (a partial clone?)"
				    : "not everything could be read");
	err = err_set_reason(err, "HistoryIncomplete");
	return err_hint(err, "%s",
			repo->shallow ? "git fetch --unshallow"
			: c->missing  ? "git clone without --filter, and check "
					"that clone"
				      : "git fsck");
}

KR_FALLIBLE gitops_check(const struct gitops_check *check)
{
	kr_cleanup(gitops_search_freep) struct gitops_search *search = NULL;
	kr_cleanup(str_freep) char *manifest = NULL;
	struct cJSON *findings =
		json_add_array(check->result->document, "findings");
	struct gitops_counts counts;
	size_t entries = 0, n;
	struct err *err = gitops_search_new(check, &search);

	if (!err)
		err = gitops_manifest_look(check, findings, &manifest,
					   &entries);
	if (err)
		return err;
	json_set_str(check->result->document, "manifest", manifest);
	err = gitops_search_run(search);
	if (!err)
		err = find_commits(check->repo, search);
	if (err)
		return err;
	fill(check, search, findings);
	counts = gitops_search_counts(search);
	(void)gitops_search_found(search, &n);
	return verdict(check->repo, &counts, n + counts.more + entries);
}
