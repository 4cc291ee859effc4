#include "runbook/gitops_request.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/tempdir.h"
#include "base/yaml.h"
#include "ledger/ledger.h"

#define MAX_REQUEST ((size_t)64 * 1024)

void gitops_request_release(struct gitops_request *request)
{
	free(request->reason);
	free(request->requested_by);
	free(request->requested_at);
	*request = (struct gitops_request){ 0 };
}

static KR_FALLIBLE of_another(const char *path, const char *what)
{
	struct err *err = err_new(KR_EREFUSED, "%s %s", path, what);

	return err_set_reason(err, "RequestOfAnother");
}

/* In the order of keyrot.yaml, and all of them: what was agreed to is what is
 * done. */
static bool same_environments(const struct cJSON *list,
			      const struct config *config)
{
	const struct cJSON *item = json_first(list);

	for (size_t i = 0; i < config->n_environments; i++) {
		if (!str_same(json_text(item), config->environments[i].name))
			return false;
		item = json_next(item);
	}
	return !item;
}

static KR_FALLIBLE check_form(const struct yaml_doc *doc)
{
	const struct cJSON *root = yaml_root(doc);
	const char *id = json_str(root, "rotation");

	if (!str_same(json_str(root, "kind"), "RotationRequest") ||
	    !str_same(json_str(root, "apiVersion"), "keyrot.dev/v1"))
		return yaml_err(doc, root,
				"is no RotationRequest of keyrot.dev/v1");
	if (!id || !rotation_is_valid(id))
		return yaml_err(doc, json_at(root, "rotation"),
				"rotation wants an id, such as "
				"kr-20261122-7f3a9c");
	if (!json_str(root, "reason"))
		return yaml_err(doc, root, "a reason is missing");
	return NULL;
}

KR_FALLIBLE gitops_request_read(const char *path, const struct config *config,
				struct gitops_request *out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_REQUEST);
	kr_cleanup(yaml_freep) struct yaml_doc *doc = NULL;
	struct gitops_request request = { 0 };
	const struct cJSON *root;
	struct err *err = file_read(path, &text);

	if (err)
		return err_is(err, KR_ENOMEM) ? err : err_as(err, KR_ECONFIG);
	err = yaml_parse(path, buf_str(&text), text.len,
			 YAML_UNIQUE_KEYS | YAML_ONE_DOCUMENT, &doc);
	if (!err)
		err = check_form(doc);
	if (err)
		return err;
	root = yaml_root(doc);
	if (!str_same(json_str(root, "service"), config->service))
		return of_another(path, "is for another service");
	if (!same_environments(json_at(root, "environments"), config))
		return of_another(path, "is for other environments than those "
					"of keyrot.yaml now");
	(void)snprintf(request.rotation, sizeof(request.rotation), "%s",
		       json_str(root, "rotation"));
	if (!str_keep(&request.reason, json_str(root, "reason")) ||
	    !str_keep(&request.requested_by, json_str(root, "requestedBy")) ||
	    !str_keep(&request.requested_at, json_str(root, "requestedAt"))) {
		gitops_request_release(&request);
		return err_no_memory();
	}
	*out = request;
	return NULL;
}

KR_FALLIBLE gitops_request_folder(const struct config *config, char **out)
{
	const char *name =
		config->gitops.requests ? config->gitops.requests : "rotations";
	kr_cleanup(str_freep) char *folder =
		config->path ? file_dirname(config->path) : strdup(".");

	*out = folder ? file_join(folder, name) : NULL;
	return *out ? NULL : err_no_memory();
}

/* "100644,OID,PATH" for update-index. */
static KR_FALLIBLE add_blob(const struct gitrepo *repo,
			    const struct gitops_commit *commit,
			    const char *file)
{
	kr_cleanup(str_freep) char *oid = NULL;
	kr_cleanup(str_freep) char *entry = NULL;
	struct err *err = gitrepo_run(
		repo,
		(const char *const[]){ "hash-object", "-w", "--no-filters",
				       "--", file, NULL },
		GITREPO_LOOK_MS, &oid);

	if (err)
		return err;
	if (asprintf(&entry, "100644,%s,%s", oid, commit->path) < 0)
		return err_no_memory();
	return gitrepo_run(repo,
			   (const char *const[]){ "update-index", "--add",
						  "--cacheinfo", entry, NULL },
			   GITREPO_LOOK_MS, NULL);
}

/* commit-tree does not look whether the user signs what they commit. */
static KR_FALLIBLE make_commit(const struct gitrepo *repo,
			       const struct gitops_commit *commit,
			       const char *base, char **out)
{
	kr_cleanup(str_freep) char *tree = NULL;
	kr_cleanup(str_freep) char *sign = NULL;
	int code;
	struct err *err =
		gitrepo_run(repo, (const char *const[]){ "write-tree", NULL },
			    GITREPO_LOOK_MS, &tree);

	if (!err)
		err = gitrepo_ask(
			repo,
			(const char *const[]){ "config", "--type=bool", "--get",
					       "commit.gpgSign", NULL },
			&code, &sign);
	if (err)
		return err;
	return gitrepo_run(repo,
			   (const char *const[]){
				   "commit-tree", "-p", base, "-m",
				   commit->message, tree,
				   str_same(sign, "true") ? "-S" : NULL, NULL },
			   5 * GITREPO_LOOK_MS, out);
}

static KR_FALLIBLE commit_in(const struct gitrepo *repo,
			     const struct gitops_commit *commit,
			     const char *file, char **out_commit)
{
	kr_cleanup(str_freep) char *base = NULL;
	kr_cleanup(str_freep) char *rev = NULL;
	kr_cleanup(str_freep) char *ref = NULL;
	struct err *err;

	if (asprintf(&rev, "%s^{commit}",
		     commit->base ? commit->base : "HEAD") < 0 ||
	    asprintf(&ref, "refs/heads/%s", commit->branch) < 0)
		return err_no_memory();
	err = gitrepo_run(repo,
			  (const char *const[]){ "rev-parse", "--verify",
						 "--quiet", "--end-of-options",
						 rev, NULL },
			  GITREPO_LOOK_MS, &base);
	if (err)
		return err_as(err, KR_EUSAGE);
	err = gitrepo_run(repo,
			  (const char *const[]){ "read-tree", base, NULL },
			  GITREPO_LOOK_MS, NULL);
	if (!err)
		err = add_blob(repo, commit, file);
	if (!err)
		err = make_commit(repo, commit, base, out_commit);
	/* "": it must not be there yet. */
	if (!err)
		err = gitrepo_run(repo,
				  (const char *const[]){ "update-ref", ref,
							 *out_commit, "",
							 NULL },
				  GITREPO_LOOK_MS, NULL);
	return err;
}

KR_FALLIBLE gitops_request_commit(const struct gitrepo *repo,
				  const struct gitops_commit *commit,
				  char **out_commit)
{
	kr_cleanup(tempdir_freep) struct tempdir *folder = NULL;
	kr_cleanup(str_freep) char *index = NULL;
	kr_cleanup(str_freep) char *file = NULL;
	struct gitrepo apart = *repo;
	struct err *err = tempdir_new(&folder);

	if (err)
		return err;
	index = tempdir_file(folder, "index");
	if (!index)
		return err_no_memory();
	apart.index = index;
	err = tempdir_write(folder, "request", commit->text,
			    strlen(commit->text), &file);
	return err ? err : commit_in(&apart, commit, file, out_commit);
}

struct outcome {
	const char *rotation;
	char *found;
};

static KR_FALLIBLE on_line(void *user, const struct cJSON *line)
{
	struct outcome *o = user;
	const char *outcome = json_member_str(line, "outcome");

	/* What failed is gone on with, and ends another time. */
	if (!str_same(outcome, "done") && !str_same(outcome, "rolled-back"))
		return NULL;
	if (str_same(json_member_str(line, "rotation"), o->rotation) &&
	    str_same(json_member_str(line, "step"), LEDGER_STEP_END) &&
	    !str_keep(&o->found, outcome))
		return err_no_memory();
	return NULL;
}

KR_FALLIBLE gitops_request_outcome(struct ledger *ledger, const char *rotation,
				   char **out)
{
	struct outcome o = { .rotation = rotation };
	struct err *err = NULL;

	if (ledger && ledger_exists(ledger))
		err = ledger_each(ledger, on_line, &o);
	if (err) {
		free(o.found);
		return err;
	}
	*out = o.found;
	return NULL;
}
