/*
 * docs/runbook.md, made from the tables of steps: the hidden command
 * __runbook.
 */
#include <string.h>

#include "cli/command.h"
#include "runbook/rotate.h"

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

/* %c and the like, as words. */
static void kubectl_line(struct out *out, const char *line)
{
	static const char *const words[] = { ['c'] = "CONTEXT",
					     ['n'] = "NAMESPACE",
					     ['s'] = "SECRET",
					     ['e'] = "ENTRY",
					     ['w'] = "WORKLOAD" };

	out_puts(out, "`");
	for (; *line; line++) {
		size_t at = (unsigned char)line[1];
		const char *word =
			*line == '%' && at < sizeof(words) / sizeof(*words)
				? words[at]
				: NULL;

		if (*line == '|')
			out_puts(out, "\\");
		if (word)
			out_puts(out, word);
		else
			out_write(out, line, 1);
		line += word != NULL;
	}
	out_puts(out, "`");
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

/* The rows of apply's table that a row of a rotation stands for. */
static void parts(struct out *out, const struct step *steps,
		  const struct rotate_step *s)
{
	bool inside = false;

	for (; steps->id; steps++) {
		inside = inside || strcmp(steps->id, s->from) == 0;
		if (inside && strcmp(steps->id, s->id) != 0)
			row(out, steps->id, steps->title, steps->kubectl,
			    step_mode(steps->flags), true);
		if (strcmp(steps->id, s->to) == 0)
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
		if (s->from && !(s->flags & ROTATE_RETIRES))
			parts(out, book->apply, s);
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
