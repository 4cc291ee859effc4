/* gitops: Git without keys, and rotations through Git and Argo CD. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/gitops.h"
#include "cli/gitopsknown.h"
#include "cli/target.h"
#include "config/config.h"
#include "runbook/gitops_check.h"

KR_FALLIBLE cli_gitops_repo(const struct cli_context *context,
			    struct result *result, struct gitrepo *out)
{
	const char *path = context->config->path;
	kr_cleanup(str_freep) char *folder = NULL;
	struct err *err;

	if (context->options.folder)
		folder = strdup(context->options.folder);
	else
		folder = path ? file_dirname(path) : strdup(".");
	if (!folder)
		return err_no_memory();
	err = gitrepo_open(folder, out);
	if (!err)
		json_set_str(result->document, "repository", out->root);
	return err;
}

KR_FALLIBLE cli_gitops_path(const struct config *config, const char *name,
			    char **out)
{
	kr_cleanup(str_freep) char *folder =
		config->path ? file_dirname(config->path) : strdup(".");

	*out = folder ? file_join(folder, name) : NULL;
	return *out ? NULL : err_no_memory();
}

KR_FALLIBLE cli_gitops_look(const struct cli_context *context,
			    const struct gitrepo *repo, struct result *result,
			    struct gitops_check *out, char **out_manifest)
{
	const struct config *config = context->config;

	*out = (struct gitops_check){
		.repo = repo,
		.secret = context->options.secret ? context->options.secret
						  : config->secret.name,
		.entry = cli_entry(context),
		.spec = config->secret.format,
		.harmless = (const char *const *)config->gitops.harmless,
		.result = result,
	};
	struct err *err = config->manifest
				  ? cli_gitops_path(config, config->manifest,
						    out_manifest)
				  : NULL;

	out->manifest = *out_manifest;
	return err;
}

/* "COMMIT PATH:LINE  what it is". */
static void say_finding(struct buf *text, const struct cJSON *row)
{
	const char *commit = json_str(row, "commit");
	const char *path = json_str(row, "path");
	const char *rule = json_str_or(row, "rule", "");
	long long line = json_int(row, "line", 0);

	if (commit)
		buf_printf(text, "%.12s ", commit);
	else if (!json_str(row, "object"))
		buf_puts(text, "(working tree) ");
	if (path)
		buf_puts(text, path);
	else
		buf_printf(text, "object %.12s",
			   json_str_or(row, "object", "?"));
	if (line)
		buf_printf(text, ":%lld", line);
	if (strcmp(rule, "manifest") == 0)
		buf_puts(text, "  the manifest has the key's entry");
	else
		buf_printf(text, "  %s %s...",
			   strcmp(rule, "known-key") == 0
				   ? "key"
				   : "looks like a key: value",
			   json_str_or(row, "fingerprint", "?"));
	if (!json_bool(row, "reachable", true))
		buf_puts(text, "  (in no branch or tag: git gc --prune=now)");
	buf_putc(text, '\n');
}

static void say(struct result *result, const struct err *err)
{
	const struct cJSON *document = result->document;
	const struct cJSON *row = json_first(json_at(document, "findings"));

	for (; row; row = json_next(row))
		say_finding(&result->text, row);
	if (!err)
		buf_printf(&result->text,
			   "no key in %lld objects and %lld changed files of "
			   "%s; %lld known keys were looked for\n",
			   json_int(document, "objects", 0),
			   json_int(document, "files", 0),
			   json_str_or(document, "repository", "?"),
			   json_int(document, "knownKeys", 0));
}

static bool was_found(const struct result *result, const char *rule)
{
	const struct cJSON *row =
		json_first(json_at(result->document, "findings"));

	for (; row; row = json_next(row))
		if (strcmp(json_str_or(row, "rule", ""), rule) == 0)
			return true;
	return false;
}

/* A key that Git had is burnt; an entry in the manifest only comes back. */
static void say_next(struct result *result)
{
	if (was_found(result, "known-key"))
		result_next(result, "kubectl keyrot rotate");
	if (was_found(result, "manifest"))
		result_next(result, "kubectl keyrot gitops manifest");
}

static KR_FALLIBLE check(struct cli_context *context, struct result *result)
{
	kr_cleanup(gitrepo_release) struct gitrepo repo = { 0 };
	kr_cleanup(gitops_known_release) struct gitops_known known = { 0 };
	kr_cleanup(str_freep) char *manifest = NULL;
	struct gitops_check look;
	struct err *err = cli_gitops_repo(context, result, &repo);

	if (!err)
		err = cli_gitops_look(context, &repo, result, &look, &manifest);
	if (!err)
		err = gitops_known_find(context, result, &known);
	if (err)
		return err;
	look.known = (const char *const *)known.items;
	if (!known.count)
		result_warn(result, "no key is known: only values that look "
				    "like one are found");
	err = gitops_check(&look);
	say(result, err);
	say_next(result);
	return err;
}

KR_FALLIBLE cmd_gitops(struct cli_context *context, struct result *result)
{
	static const struct verb {
		const char *name;
		cli_run *run;
	} verbs[] = {
		{ "check", check },
		{ "manifest", gitops_manifest },
		{ "request", gitops_request },
		{ "run", gitops_run },
		{ "hook", gitops_hook },
	};
	const char *name = context->n_args ? context->args[0] : "";

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		json_set_str(result->document, "verb", name);
		return verbs[i].run(context, result);
	}
	return err_hint(
		err_new(KR_EUSAGE,
			"gitops does one of: check, manifest, request, run, hook"),
		"kubectl keyrot gitops --help");
}
