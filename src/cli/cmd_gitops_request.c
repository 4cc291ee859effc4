/* gitops request: a rotation is asked for, on a branch for a pull request. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/gitops.h"
#include "cli/yamlout.h"
#include "config/config.h"
#include "runbook/gitops_request.h"

#define MAX_REASON 200
#define PUSH_MS	   (5 * 60 * 1000)

/* One line that can be shown, and stand in a commit message. */
static KR_FALLIBLE check_reason(const char *reason)
{
	size_t n = reason ? strlen(reason) : 0;

	if (!n)
		return err_new(KR_EUSAGE, "a rotation is asked for with a "
					  "reason: --reason TEXT");
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)reason[i]) || n > MAX_REASON)
			return err_new(KR_EUSAGE,
				       "a reason is one line of at most %d "
				       "characters",
				       MAX_REASON);
	return NULL;
}

static KR_FALLIBLE who(const struct cli_context *context,
		       const struct gitrepo *repo, char **out)
{
	const char *name = context->options.operator_;
	int code;

	if (!name)
		name = context->config->operator_;
	if (!name)
		return gitrepo_ask(repo,
				   (const char *const[]){ "config", "--get",
							  "user.email", NULL },
				   &code, out);
	*out = strdup(name);
	return *out ? NULL : err_no_memory();
}

static void line(struct buf *text, const char *name, const char *value)
{
	buf_printf(text, "%s: ", name);
	yamlout_word(value, text);
	buf_putc(text, '\n');
}

static void write_text(const struct config *config, const char *id,
		       const char *reason, const char *by, struct buf *text)
{
	char now[CLOCK_RFC3339_LEN];

	clock_rfc3339(clock_wall_ms(), now);
	buf_puts(text, "# Merged, it is carried out, once, by:\n"
		       "#   kubectl keyrot gitops run\n"
		       "apiVersion: keyrot.dev/v1\n"
		       "kind: RotationRequest\n");
	line(text, "rotation", id);
	line(text, "service", config->service);
	line(text, "reason", reason);
	line(text, "requestedBy", by && *by ? by : "unknown");
	line(text, "requestedAt", now);
	buf_puts(text, "environments:\n");
	for (size_t i = 0; i < config->n_environments; i++) {
		buf_puts(text, "- ");
		yamlout_word(config->environments[i].name, text);
		buf_putc(text, '\n');
	}
}

static KR_FALLIBLE commit(const struct cli_context *context,
			  struct result *result, const struct gitrepo *repo,
			  const char *id, const struct gitops_commit *request)
{
	kr_cleanup(str_freep) char *made = NULL;
	struct err *err = gitops_request_commit(repo, request, &made);

	if (err)
		return err;
	result_set_rotation(result, id);
	json_set_str(result->document, "request", request->path);
	json_set_str(result->document, "branch", request->branch);
	json_set_str(result->document, "commit", made);
	buf_printf(&result->text, "%s asks for rotation %s, on branch %s\n",
		   request->path, id, request->branch);
	if (!context->options.push) {
		result_next(result, "git push origin %s", request->branch);
		return NULL;
	}
	return gitrepo_run(repo,
			   (const char *const[]){ "push", "--quiet", "origin",
						  request->branch, NULL },
			   PUSH_MS, NULL);
}

/* PATH of the request, from the root on. */
static KR_FALLIBLE find_path(const struct config *config,
			     const struct gitrepo *repo, const char *id,
			     char **out)
{
	kr_cleanup(str_freep) char *folder = NULL;
	kr_cleanup(str_freep) char *inside = NULL;
	struct err *err = gitops_request_folder(config, &folder);

	/* It need not be there yet. */
	if (!err)
		err = gitrepo_relative(repo, folder, &inside);
	if (err)
		return err;
	return asprintf(out, "%s/%s.yaml", inside, id) < 0 ? err_no_memory()
							   : NULL;
}

KR_FALLIBLE gitops_request(struct cli_context *context, struct result *result)
{
	const struct config *config = context->config;
	const struct cli_options *o = &context->options;
	kr_cleanup(gitrepo_release) struct gitrepo repo = { 0 };
	kr_cleanup(buf_release) struct buf text = BUF_INIT(64 * 1024);
	kr_cleanup(str_freep) char *by = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	char id[ROTATION_LEN], branch[64], message[MAX_REASON + 512];
	struct err *err = check_reason(o->reason);

	if (!err && !config->n_environments)
		err = err_new(KR_ECONFIG, "keyrot.yaml names no environments "
					  "to rotate through");
	if (!err)
		err = cli_gitops_repo(context, result, &repo);
	if (!err)
		err = rotation_new(id);
	if (!err)
		err = who(context, &repo, &by);
	if (!err)
		err = find_path(config, &repo, id, &path);
	if (err)
		return err;
	write_text(config, id, o->reason, by, &text);
	err = buf_check(&text, "the request");
	if (err)
		return err;
	(void)snprintf(branch, sizeof(branch), "keyrot/%s", id);
	(void)snprintf(message, sizeof(message),
		       "Rotate the key of %s: %s\n\nRotation: %s\n",
		       config->service, o->reason, id);
	return commit(context, result, &repo, id,
		      &(struct gitops_commit){
			      .branch = branch,
			      .base = o->base,
			      .path = path,
			      .text = buf_str(&text),
			      .message = message,
		      });
}
