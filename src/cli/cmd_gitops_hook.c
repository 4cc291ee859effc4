/* gitops hook: Jobs that Argo CD runs before and after a sync. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/gitops.h"
#include "cli/target.h"
#include "cli/yamlout.h"
#include "config/config.h"
#include "runbook/jobmanifest.h"

#define DEADLINE_S (10 * 60)
#define MAX_NAME   264

#define HOOK	      "argocd.argoproj.io/hook"
#define DELETE_POLICY "argocd.argoproj.io/hook-delete-policy"
#define WAVE	      "argocd.argoproj.io/sync-wave"

/* Before: the Secret holds a key, since its manifest brings none, and pods
 * without it would not start. After: the pods run it, and say so. */
static const struct hook {
	const char *phase;
	const char *suffix;
	const char *word;
	unsigned uses;
} hooks[] = {
	{ "PreSync", "before-sync", "status", PERMIT_STATUS },
	{ "PostSync", "after-sync", "verify", PERMIT_VERIFY },
};

#define HOOKS (sizeof(hooks) / sizeof(*hooks))

struct made {
	struct jobmanifest manifest;
	char name[MAX_NAME];
	const char *entry;
	struct cJSON *list; /* owned */
};

static void annotate(struct cJSON *object, const char *phase, const char *wave,
		     const char *policy)
{
	struct cJSON *notes = json_add_object(
		json_member_mut(object, "metadata"), "annotations");

	json_set_str(notes, HOOK, phase);
	json_set_str(notes, DELETE_POLICY, policy);
	if (wave)
		json_set_str(notes, WAVE, wave);
}

static void add_job(struct made *made, const struct hook *hook)
{
	const char *const args[] = {
		hook->word, "--secret",	 made->manifest.secret,
		"--entry",  made->entry, NULL
	};
	struct jobmanifest job = made->manifest;
	char name[MAX_NAME + 16];
	struct cJSON *object;

	(void)snprintf(name, sizeof(name), "%s-%s", made->manifest.name,
		       hook->suffix);
	/* Its own name, under the account of all of them. */
	job.name = name;
	object = jobmanifest_object(&job, "batch/v1", "Job", made->list);
	/* What failed stays to be looked at, until the next one. */
	annotate(object, hook->phase, NULL, "BeforeHookCreation,HookSucceeded");
	job.name = made->manifest.name;
	job.args = args;
	jobmanifest_job_spec(&job, DEADLINE_S, object);
}

/*
 * The account has to be there before the first Job: where one runs before the
 * sync, so does this, one wave earlier.
 */
static void add_access(struct made *made, bool before_sync)
{
	struct cJSON *access = json_array();
	const struct cJSON *item;

	jobmanifest_access(&made->manifest, access);
	for (item = json_first(access); item; item = json_next(item)) {
		struct cJSON *copy = json_copy(item);

		if (copy && before_sync)
			annotate(copy, "PreSync", "-1", "BeforeHookCreation");
		json_append(made->list, copy);
	}
	json_free(access);
}

static KR_FALLIBLE find_namespace(const struct cli_context *context,
				  const char **out)
{
	const struct config *config = context->config;

	*out = context->options.kube.namespace_;
	if (!*out && config->n_environments)
		*out = config->environments[0].targets[0].namespace_;
	return *out ? NULL
		    : err_hint(err_new(KR_EUSAGE, "which namespace?"),
			       "name it: -n NAMESPACE");
}

static KR_FALLIBLE build(struct cli_context *context, const char *phase,
			 struct made *made)
{
	const struct cli_options *o = &context->options;
	bool before = false;
	struct err *err;

	(void)snprintf(made->name, sizeof(made->name), "keyrot-%s",
		       context->config->service);
	made->entry = cli_entry(context);
	made->manifest.name = made->name;
	made->manifest.image = o->image;
	made->manifest.secret =
		o->secret ? o->secret : context->config->secret.name;
	for (size_t i = 0; i < HOOKS; i++) {
		if (phase && strcmp(phase, hooks[i].phase) != 0)
			continue;
		made->manifest.uses |= hooks[i].uses;
		before = before || i == 0;
	}
	if (!made->manifest.uses)
		return err_new(KR_EUSAGE,
			       "a hook is PreSync or PostSync, or both");
	err = find_namespace(context, &made->manifest.ns);
	if (!err)
		err = jobmanifest_check(&made->manifest);
	if (err)
		return err;
	add_access(made, before);
	for (size_t i = 0; i < HOOKS; i++)
		if (!phase || strcmp(phase, hooks[i].phase) == 0)
			add_job(made, &hooks[i]);
	return NULL;
}

KR_FALLIBLE gitops_hook(struct cli_context *context, struct result *result)
{
	struct made made = { .list = json_array() };
	struct err *err = build(
		context, context->n_args > 1 ? context->args[1] : NULL, &made);

	if (!err && strcmp(context->options.output, "text") == 0)
		yamlout_print_all(made.list, context->out);
	if (!err)
		json_set(result->document, "manifests", take_ptr(&made.list));
	json_free(made.list);
	return err;
}
