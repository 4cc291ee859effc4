/*
 * The ledger's file into Git: this file alone, and no further than the
 * operator's own repository, unless a push is asked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "ledger/file.h"
#include "ledger/signkey.h"

#define LOOK_TIMEOUT_MS 30000
/* Hooks run, and the commit may be signed. */
#define COMMIT_TIMEOUT_MS (5 * 60 * 1000)

static const char *name_of(const struct ledger *ledger)
{
	const char *slash = strrchr(ledger->path, '/');

	return slash ? slash + 1 : ledger->path;
}

static KR_FALLIBLE no_repository(const char *folder)
{
	return err_new(KR_ECONFIG,
		       "%s is in no Git repository, and git: commit is "
		       "configured for the ledger",
		       folder);
}

static KR_FALLIBLE ignored(const char *folder, const char *name)
{
	return err_new(KR_ECONFIG, "Git is told to ignore the ledger %s/%s",
		       folder, name);
}

static KR_FALLIBLE is_changed(const char *folder, const char *name,
			      bool *out_changed)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct err *err = signkey_run(
		(const char *const[]){ "git", "-C", folder, "status",
				       "--porcelain", "--ignored", "--", name,
				       NULL },
		"", LOOK_TIMEOUT_MS, &result);

	if (err)
		return err;
	if (result.exit_code != 0)
		return no_repository(folder);
	if (strncmp(buf_str(&result.out), "!!", 2) == 0)
		return ignored(folder, name);
	*out_changed = result.out.len > 0;
	return NULL;
}

static KR_FALLIBLE commit(const char *folder, const char *name,
			  const char *message)
{
	struct err *err =
		signkey_run((const char *const[]){ "git", "-C", folder, "add",
						   "--", name, NULL },
			    NULL, LOOK_TIMEOUT_MS, NULL);
	if (!err)
		err = signkey_run((const char *const[]){ "git", "-C", folder,
							 "commit", "--quiet",
							 "-m", message, "--",
							 name, NULL },
				  NULL, COMMIT_TIMEOUT_MS, NULL);
	return err_wrap(err, "commit the ledger");
}

KR_FALLIBLE ledger_git_check(const struct ledger *ledger)
{
	kr_cleanup(proc_result_release) struct proc_result look = { 0 };
	kr_cleanup(proc_result_release) struct proc_result who = { 0 };
	kr_cleanup(str_freep) char *folder = file_dirname(ledger->path);
	const char *name = name_of(ledger);
	struct err *err;

	if (!folder)
		return err_no_memory();
	err = signkey_run((const char *const[]){ "git", "-C", folder,
						 "check-ignore", "-q", "--",
						 name, NULL },
			  "", LOOK_TIMEOUT_MS, &look);
	if (!err && look.exit_code == 0)
		return ignored(folder, name);
	if (!err && look.exit_code != 1)
		return no_repository(folder);
	if (!err)
		err = signkey_run(
			(const char *const[]){ "git", "-C", folder, "var",
					       "GIT_COMMITTER_IDENT", NULL },
			"", LOOK_TIMEOUT_MS, &who);
	if (!err && who.exit_code != 0)
		err = err_hint(err_new(KR_ECONFIG,
				       "Git knows no name to commit the ledger "
				       "under"),
			       "git config user.email YOU@EXAMPLE.COM");
	return err;
}

KR_FALLIBLE ledger_git_commit(const struct ledger *ledger, uint64_t size)
{
	kr_cleanup(str_freep) char *folder = file_dirname(ledger->path);
	const char *name = name_of(ledger);
	bool changed = false;
	char message[128];
	struct err *err;

	if (!folder)
		return err_no_memory();
	(void)snprintf(message, sizeof(message),
		       "Rotation ledger: %" PRIu64 " lines", size);
	err = is_changed(folder, name, &changed);
	if (!err && changed)
		err = commit(folder, name, message);
	/* Also what an earlier run could not push. */
	if (!err && ledger->git_push)
		err = err_wrap(
			signkey_run((const char *const[]){ "git", "-C", folder,
							   "push", "--quiet",
							   NULL },
				    NULL, COMMIT_TIMEOUT_MS, NULL),
			"push the ledger");
	return err;
}
