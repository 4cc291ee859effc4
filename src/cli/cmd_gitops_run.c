/*
 * gitops run: a request that was merged is carried out, once, and Argo CD is
 * brought to where it agrees.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/begin.h"
#include "cli/gitops.h"
#include "cli/gitopsapps.h"
#include "cli/ledgerfile.h"
#include "config/config.h"
#include "runbook/gitops_request.h"

struct running {
	struct cli_context *context;
	struct result *result;
	struct ledger *ledger; /* NULL */
	struct gitops_request request;
	char *outcome; /* as the ledger has it; NULL: it has not ended */
	struct cli_apps apps;
};

static void running_release(struct running *r)
{
	ledger_free(r->ledger);
	gitops_request_release(&r->request);
	free(r->outcome);
	cli_apps_release(&r->apps);
}

/* Requests are called ID.yaml; false where the name is another one. */
static bool id_of(const char *name, char out[ROTATION_LEN])
{
	if (strlen(name) != ROTATION_LEN - 1 + strlen(".yaml") ||
	    !text_ends_with(name, ".yaml"))
		return false;
	(void)snprintf(out, ROTATION_LEN, "%s", name);
	return rotation_is_valid(out);
}

static KR_FALLIBLE several(struct result *result, const char *folder,
			   const char *one, const char *other)
{
	struct err *err = err_new(
		KR_EREFUSED, "several requests in %s have not ended", folder);

	result_next(result, "kubectl keyrot gitops run %s/%s", folder, one);
	result_next(result, "kubectl keyrot gitops run %s/%s", folder, other);
	return err_set_reason(err, "SeveralRequests");
}

/* The one that the ledger has no end of; *out NULL: none. */
static KR_FALLIBLE find_pending(const struct running *r, const char *folder,
				const struct file_list *list, char **out)
{
	const char *found = NULL;
	struct err *err = NULL;

	for (size_t i = 0; i < list->count && !err; i++) {
		kr_cleanup(str_freep) char *outcome = NULL;
		char id[ROTATION_LEN];

		if (!id_of(list->names[i], id))
			continue;
		err = gitops_request_outcome(r->ledger, id, &outcome);
		if (err || outcome)
			continue;
		if (found)
			err = several(r->result, folder, found, list->names[i]);
		found = list->names[i];
	}
	if (err || !found)
		return err;
	*out = file_join(folder, found);
	return *out ? NULL : err_no_memory();
}

static KR_FALLIBLE find_request(struct running *r, char **out)
{
	kr_cleanup(str_freep) char *folder = NULL;
	struct file_list list = { 0 };
	struct err *err;

	if (r->context->n_args > 1) {
		*out = strdup(r->context->args[1]);
		return *out ? NULL : err_no_memory();
	}
	if (!r->ledger)
		return err_new(KR_EUSAGE,
			       "which requests have ended is what the ledger "
			       "knows, and none is configured: name the file");
	err = gitops_request_folder(r->context->config, &folder);
	/* Git keeps no empty folder; elsewhere there are no requests to find.
	 */
	if (!err && !file_exists(folder)) {
		kr_cleanup(gitrepo_release) struct gitrepo repo = { 0 };

		err = cli_gitops_repo(r->context, r->result, &repo);
	}
	if (!err)
		err = file_list_dir(folder, &list);
	if (!err)
		err = find_pending(r, folder, &list, out);
	file_list_release(&list);
	return err;
}

static KR_FALLIBLE read_request(struct running *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	char id[ROTATION_LEN];
	struct err *err =
		gitops_request_read(path, r->context->config, &r->request);

	if (err)
		return err;
	json_set_str(r->result->document, "request", path);
	result_set_rotation(r->result, r->request.rotation);
	/* Copied under another name, it would be looked for under that one. */
	if (id_of(slash ? slash + 1 : path, id) &&
	    strcmp(id, r->request.rotation) != 0)
		return err_set_reason(
			err_new(KR_EREFUSED,
				"%s is about rotation %s: its name says "
				"another one",
				path, r->request.rotation),
			"RequestOfAnother");
	return gitops_request_outcome(r->ledger, r->request.rotation,
				      &r->outcome);
}

static KR_FALLIBLE rotate(struct running *r)
{
	const char *id = r->request.rotation;
	bool done = str_same(r->outcome, "done");

	json_set_bool(r->result->document, "ran", !done && !r->outcome);
	if (done) {
		buf_printf(&r->result->text,
			   "rotation %s has ended already: nothing is done "
			   "twice\n",
			   id);
		return NULL;
	}
	if (r->outcome)
		return err_hint(
			err_set_reason(err_new(KR_EREFUSED,
					       "rotation %s has ended as %s: "
					       "ask for another one",
					       id, r->outcome),
				       "RotationEnded"),
			"kubectl keyrot gitops request --reason TEXT");
	return cli_rotate_named(r->context, r->result, id);
}

static KR_FALLIBLE carry_out(struct running *r)
{
	struct err *err = cli_apps_open(r->context, r->result, &r->apps);

	if (!err && !r->outcome)
		err = cli_apps_check(&r->apps);
	if (!err)
		err = rotate(r);
	if (!err)
		err = cli_apps_sync(&r->apps, r->request.rotation);
	if (!err)
		err = cli_apps_check_keys(&r->apps, r->request.rotation,
					  !r->outcome);
	cli_apps_fill(&r->apps);
	return err;
}

KR_FALLIBLE gitops_run(struct cli_context *context, struct result *result)
{
	kr_cleanup(running_release) struct running r = {
		.context = context,
		.result = result,
	};
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err = cli_ledger_open(context, NULL, &r.ledger);

	json_set_bool(result->document, "ran", false);
	if (!err)
		err = find_request(&r, &path);
	if (err)
		return err;
	if (!path) {
		buf_puts(&result->text,
			 "no request is open: nothing is to be done\n");
		return NULL;
	}
	err = read_request(&r, path);
	return err ? err : carry_out(&r);
}
