/*
 * docs/runbook.md, made from the tables of steps: the hidden command
 * __runbook.
 */
#include <string.h>

#include "base/buf.h"
#include "cli/command.h"
#include "runbook/rotate.h"

#define MAX_LINE 4096

/*
 * The section of the procedure, as teams have it on paper, that a step carries
 * out. NULL: what a person could not do by hand, or did not.
 */
static const struct {
	const char *id, *section;
} sections[] = {
	{ "preflight", "Preconditions" },
	{ "read", "Preconditions" },
	{ "check", "Preconditions" },
	{ "new-key", "Generate a Replacement Key, 1 and 2" },
	{ "prove-previous", "Generate a Replacement Key, 2" },
	{ "prove-again", "Generate a Replacement Key, 2" },
	{ "admit", "Preconditions; Promote to Production, 1" },
	{ "write-secret", "Update the Kubernetes Secret, 2" },
	{ "restart", "Update the Kubernetes Secret, 2" },
	{ "rollout", "Update the Kubernetes Secret, 2" },
	{ "apply",
	  "Update the Kubernetes Secret, 2; Promote to Production, 1" },
	{ "verify", "Update the Kubernetes Secret, 3" },
	{ "validate", "Post-Rotation Validation" },
	{ "mark", "Promote to Production, 1" },
	{ "soak", "Promote to Production, 2" },
	{ "dependents", "Post-Rotation Validation" },
	{ "ledger", "Post-Rotation Validation" },
	{ "notify-start", "Rollback Plan" },
	{ "notify", "Rollback Plan" },
	{ "find-previous", "Rollback Plan" },
	{ "previous-key", "Rollback Plan" },
};

static const char *section_of(const char *id)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (strcmp(sections[i].id, id) == 0)
			return sections[i].section;
	return "";
}

static void kubectl_line(struct out *out, const char *line)
{
	static const struct step_names words = {
		.context = "CONTEXT",
		.ns = "NAMESPACE",
		.secret = "SECRET",
		.entry = "ENTRY",
		.workload = "WORKLOAD",
	};
	struct buf text = BUF_INIT(MAX_LINE);

	step_kubectl(line, &words, &text);
	out_puts(out, "`");
	for (const char *p = buf_str(&text); *p; p++) {
		if (*p == '|')
			out_puts(out, "\\");
		out_write(out, p, 1);
	}
	out_puts(out, "`");
	buf_release(&text);
}

static void row(struct out *out, const char *id, const char *title,
		const char *kubectl, const char *mode, bool is_part)
{
	out_printf(out, "| %s`%s` | %s%s | ", is_part ? "&nbsp;&nbsp;" : "", id,
		   title, mode);
	if (kubectl)
		kubectl_line(out, kubectl);
	out_printf(out, " | %s |\n", section_of(id));
}

static const char *step_mode(int flags)
{
	return flags & STEP_SINGLE    ? " (single mode)"
	       : flags & STEP_KEYRING ? " (keyring mode)"
				      : "";
}

/* The rows of one target's tables that a row of a rotation stands for. */
static void parts(struct out *out, const struct runbook *book,
		  const struct rotate_step *s)
{
	const struct step *rows = step_rows(book, s->from);

	for (; rows && rows->id; rows++) {
		if (strcmp(rows->id, s->id) != 0)
			row(out, rows->id, rows->title, rows->kubectl,
			    step_mode(rows->flags), true);
		if (strcmp(rows->id, s->to) == 0)
			return;
	}
}

static void head(struct out *out, const char *title, const char *text)
{
	out_printf(
		out,
		"\n## %s\n\n%s\n\n| step | what is done | the kubectl command it stands for | section of the procedure |\n|---|---|---|---|\n",
		title, text);
}

static const char *rotate_mode(int flags)
{
	return flags & ROTATE_KEYRING		 ? " (keyring mode)"
	       : flags & ROTATE_EACH_WAVE	 ? " (each wave)"
	       : flags & ROTATE_EACH_ENVIRONMENT ? " (each environment)"
						 : "";
}

static void rotation(struct out *out, const struct runbook *book,
		     const struct rotate_step *s)
{
	for (; s->id; s++) {
		row(out, s->id, s->title, s->kubectl, rotate_mode(s->flags),
		    false);
		if (s->from)
			parts(out, book, s);
	}
}

KR_FALLIBLE cmd_runbook(struct cli_context *context, struct result *result)
{
	const struct runbook *book = context->runbook;
	struct out *out = context->out;

	(void)result;
	out_puts(
		out,
		"# The runbook\n\nMade by `make docs` from the tables that the program runs; not edited by hand. Rows with an indented name are done for each target.\n");
	head(out, "rotate, resume",
	     "`kubectl keyrot rotate`. Running it again, as `resume`, goes through the same rows: what is done is seen and skipped.");
	rotation(out, book, book->rotate);
	head(out, "rollback",
	     "`kubectl keyrot rollback`, also by itself after a failed soak: last environment first.");
	rotation(out, book, book->rollback);
	head(out, "retire", "`kubectl keyrot retire`, in keyring mode.");
	rotation(out, book, book->retire);
	head(out, "apply", "`kubectl keyrot apply`: one target, by hand.");
	for (const struct step *s = book->apply; s->id; s++)
		row(out, s->id, s->title, s->kubectl, step_mode(s->flags),
		    false);
	return NULL;
}
