/* gitops manifest: what Argo CD may own of the Secret, and what it may not. */
#include <string.h>

#include "base/json.h"
#include "cli/gitops.h"
#include "cli/target.h"
#include "cli/yamlout.h"
#include "config/config.h"

struct names {
	const char *secret;
	const char *ns;
};

static void field(struct buf *text, const char *before, const char *value)
{
	buf_puts(text, before);
	yamlout_word(value, text);
	buf_putc(text, '\n');
}

static void print_secret(const struct names *n, struct buf *text)
{
	buf_puts(
		text,
		"# The Secret without its key: Argo CD owns what stands here, keyrot owns the\n"
		"# entry in data. No data: and no stringData: with the entry, not even an empty\n"
		"# one: Argo CD would put it back with every sync. Rotate once before its first\n"
		"# sync of this: a key that kubectl apply had written would be taken away by it.\n"
		"apiVersion: v1\n"
		"kind: Secret\n"
		"metadata:\n");
	field(text, "  name: ", n->secret);
	if (n->ns)
		field(text, "  namespace: ", n->ns);
	buf_puts(
		text,
		"  annotations:\n"
		"    # Neither pruned nor deleted with the Application: the key is in there.\n"
		"    argocd.argoproj.io/sync-options: ServerSideApply=true,Prune=false,Delete=false\n"
		"type: Opaque\n");
}

static void print_application(struct buf *text)
{
	buf_puts(
		text,
		"# Of the Application that has the Secret. No ignoreDifferences for the key: what\n"
		"# does not stand in Git is no difference, and with RespectIgnoreDifferences=true\n"
		"# Argo CD would apply the key, too, and so come to own it.\n"
		"spec:\n"
		"  syncPolicy:\n"
		"    syncOptions:\n"
		"    # Fields that do not stand in Git are left alone; those that do are taken\n"
		"    # by force: Argo CD never asks whose they are.\n"
		"    - ServerSideApply=true\n"
		"    # Else the first sync takes away what kubectl apply had written and Git has\n"
		"    # not: the other entries of the Secret.\n"
		"    - ClientSideApplyMigration=false\n");
}

/* The same as a comment, so that all of it can be applied as it is. */
static void print_commented(struct buf *text, const char *lines)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		buf_printf(text, "#%s%.*s\n", n ? " " : "", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

KR_FALLIBLE gitops_manifest(struct cli_context *context, struct result *result)
{
	const struct config *config = context->config;
	kr_cleanup(buf_release) struct buf application = BUF_INIT(64 * 1024);
	struct buf *text = &result->text;
	struct cli_target target;
	struct names n = { 0 };
	bool alone = context->n_args > 1;
	struct err *err;

	if (alone && strcmp(context->args[1], "application") != 0)
		return err_hint(err_new(KR_EUSAGE, "manifest prints the Secret "
						   "or the application"),
				"kubectl keyrot gitops manifest application");
	err = cli_target_resolve(context, &target);
	if (err)
		return err;
	n.secret = target.secret;
	n.ns = context->options.kube.namespace_;
	if (!n.ns && config->n_environments)
		n.ns = config->environments[0].targets[0].namespace_;
	print_application(&application);
	if (alone) {
		buf_puts(text, buf_str(&application));
	} else {
		print_secret(&n, text);
		print_commented(text, buf_str(&application));
	}
	err = buf_check(text, "the manifest");
	if (!err)
		json_set_str(result->document, "manifest", buf_str(text));
	return err;
}
