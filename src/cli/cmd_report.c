/* report: one rotation as a page, or as a document. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/text.h"
#include "cli/ledgerfile.h"
#include "report/model.h"
#include "runbook/journal.h"
#include "runbook/rotation.h"
#include "ui/term.h"

#ifdef __APPLE__
#define OPENER "open"
#else
#define OPENER "xdg-open"
#endif
#define MAX_PAGE ((size_t)64 * 1024 * 1024)

/* By -o, else by the file's ending; --open wants a page. */
static const char *form_of(const struct cli_options *o)
{
	static const char *const endings[][2] = { { ".html", "html" },
						  { ".htm", "html" },
						  { ".json", "json" },
						  { ".yaml", "yaml" } };

	if (strcmp(o->output, "text") != 0)
		return o->output;
	if (o->open)
		return "html";
	for (size_t i = 0; o->file && i < 4; i++) {
		if (text_ends_with(o->file, endings[i][0]))
			return endings[i][1];
	}
	return "markdown";
}

static KR_FALLIBLE check(const struct cli_context *context, const char *form)
{
	if (context->n_args && !rotation_is_valid(context->args[0]))
		return err_new(KR_EUSAGE, "that is no rotation's id: it looks "
					  "like kr-20261122-7f3a9c");
	if (!context->options.open)
		return NULL;
	if (strcmp(form, "html") != 0)
		return err_new(KR_EUSAGE, "--open shows HTML: leave -o out");
	if (!term_is_live(STDERR_FILENO))
		return err_hint(err_new(KR_EUSAGE, "--open is for a terminal"),
				"--file PATH writes the page to a file");
	return NULL;
}

/* A file of one's own, beside the journals, for what is only looked at. */
static KR_FALLIBLE own_file(const struct cli_context *context,
			    const struct result *result, char **out)
{
	kr_cleanup(str_freep) char *folder = NULL;
	struct err *err = journal_folder(context->config->service, &folder);

	if (!err)
		err = file_make_dirs(folder);
	if (!err &&
	    asprintf(out, "%s/%s.report.html", folder,
		     json_str_or(result->document, "rotation", "?")) < 0)
		err = err_no_memory();
	return err;
}

/* The document as it will be printed, but here. */
static KR_FALLIBLE write_document(struct result *result,
				  const struct err *broken, const char *path)
{
	struct result copy = { .document = json_copy(result->document) };
	kr_cleanup(str_freep) char *text = NULL;
	struct err *err;

	(void)result_finish(&copy, broken);
	err = json_print_pretty(copy.document, &text);
	result_release(&copy);
	return err ? err : file_write_atomic(path, text, strlen(text));
}

static KR_FALLIBLE show_page(const char *path)
{
	static const char *const wanted[] = {
		"DISPLAY",	   "WAYLAND_DISPLAY",
		"XAUTHORITY",	   "DBUS_SESSION_BUS_ADDRESS",
		"DESKTOP_SESSION", "BROWSER",
	};
	const char *const argv[] = { OPENER, path, NULL };
	struct proc_spec spec = {
		.argv = argv,
		.stdin_mode = PROC_STDIN_INHERIT,
		.stderr_mode = PROC_STDERR_INHERIT,
		.max_stdout_bytes = 1024 * 1024,
		.timeout_ms = -1,
	};
	struct proc_result done = { 0 };
	struct proc_env env = { 0 };
	struct err *err;

	proc_env_base(&env);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		proc_env_inherit(&env, wanted[i]);
	err = proc_env_vars(&env, &spec.envp);
	if (!err)
		err = proc_run(&spec, &done);
	if (!err && done.exit_code != 0)
		err = err_new(KR_EUNEXPECTED, OPENER " ended with %d",
			      done.exit_code);
	proc_result_release(&done);
	proc_env_release(&env);
	return err_hint(err, "the page is in %s", path);
}

/* `broken` is what the report says as well: it does not end it. */
static KR_FALLIBLE hand_out(struct cli_context *context, struct result *result,
			    const char *form, const struct err *broken)
{
	kr_cleanup(str_freep) char *own = NULL;
	kr_cleanup(buf_release) struct buf page = BUF_INIT(MAX_PAGE);
	const char *path = context->options.file;
	struct err *err = NULL;

	if (!path && context->options.open)
		err = own_file(context, result, &own);
	path = path ? path : own;
	if (err)
		return err;
	if (strcmp(form, "html") == 0)
		report_html(result->document, &page);
	else if (strcmp(form, "markdown") == 0)
		report_markdown(result->document, &page);
	else if (path)
		return write_document(result, broken, path);
	err = buf_check(&page, "report");
	if (err || !path) {
		buf_append(&result->text, page.data, page.len);
		return err;
	}
	err = file_write_atomic(path, page.data, page.len);
	if (!err)
		buf_printf(&result->text, "%s: the report of rotation %s\n",
			   path,
			   json_str_or(result->document, "rotation", "?"));
	if (!err && context->options.open)
		err = show_page(path);
	return err;
}

KR_FALLIBLE cmd_report(struct cli_context *context, struct result *result)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	kr_cleanup(cli_anchors_release) struct cli_anchors anchors = { 0 };
	struct ledger_trust trust = { .signers = context->options.signers };
	struct report_options options = {
		.config = context->config,
		.book = context->runbook,
		.rotation = context->n_args ? context->args[0] : NULL,
		.trust = &trust,
	};
	const char *form = form_of(&context->options);
	struct err *err = check(context, form), *failed;

	if (!err)
		err = cli_ledger_open(context, NULL, &ledger);
	if (!err && ledger && ledger_exists(ledger))
		err = cli_anchors_find(context, result, &anchors);
	if (err)
		return err;
	trust.anchors = anchors.items;
	trust.n_anchors = anchors.count;
	options.ledger = ledger;
	err = report_gather(&options, result);
	if (err && !err_is(err, KR_EGATE))
		return err;
	failed = hand_out(context, result, form, err);
	if (!failed)
		return err;
	err_free(err);
	return failed;
}
