/*
 * plan rotate, and its like: a whole runbook for the environments of
 * keyrot.yaml, from the table that the command runs. No cluster is asked.
 */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/planrunbook.h"
#include "runbook/plan.h"
#include "runbook/rotate.h"

#define MAX_LINE 4096

struct plan {
	const struct config *config;
	const struct runbook *book;
	struct result *result;
	struct cJSON *steps;
	size_t number;
	bool promotes;
};

static bool is_wanted(const struct plan *p, int flags, int single, int keyring)
{
	return p->config->secret.mode == MODE_KEYRING ? !(flags & single)
						      : !(flags & keyring);
}

static void expand(const struct plan *p, const struct config_target *t,
		   const char *line, const char *workload, struct cJSON *lines)
{
	struct buf out = BUF_INIT(MAX_LINE);

	step_kubectl(line,
		     &(struct step_names){
			     .context = t->context,
			     .ns = t->namespace_,
			     .secret = p->config->secret.name,
			     .entry = p->config->secret.key,
			     .workload = workload,
		     },
		     &out);
	json_append_str(lines, buf_str(&out));
	buf_puts(&p->result->text, "      ");
	buf_puts(&p->result->text, buf_str(&out));
	buf_putc(&p->result->text, '\n');
	buf_release(&out);
}

static void commands(const struct plan *p, const struct config_target *t,
		     const char *line, struct cJSON *lines)
{
	char **names = p->config->consumers;

	if (!strstr(line, "%w") || !names) {
		expand(p, t, line, "WORKLOAD", lines);
		return;
	}
	for (; *names; names++)
		expand(p, t, line, *names, lines);
}

/* The rows for each target, between two of a target's table. */
static void parts(const struct plan *p, const struct rotate_step *s,
		  const struct config_target *t, struct cJSON *lines,
		  bool *writes)
{
	const struct step *rows = step_rows(p->book, s->from);

	for (; rows && rows->id; rows++) {
		if (is_wanted(p, rows->flags, STEP_SINGLE, STEP_KEYRING)) {
			*writes = *writes || rows->flags & STEP_WRITES;
			if (rows->kubectl)
				commands(p, t, rows->kubectl, lines);
		}
		if (strcmp(rows->id, s->to) == 0)
			return;
	}
}

static void targets(const struct plan *p, const struct rotate_step *s,
		    const struct config_environment *env, struct cJSON *lines,
		    bool *writes)
{
	for (size_t i = 0; i < env->n_targets; i++)
		parts(p, s, &env->targets[i], lines, writes);
}

static void add_row(struct plan *p, const struct rotate_step *s,
		    const struct config_environment *env)
{
	struct cJSON *row = json_append_object(p->steps);
	struct cJSON *lines;
	bool writes = false;

	json_set_str(row, "id", s->id);
	json_set_str(row, "title", s->title);
	json_set_str(row, "environment", env ? env->name : NULL);
	json_set_bool(row, "done", false);
	lines = json_add_array(row, "kubectl");
	buf_printf(&p->result->text, "%2zu  %s%s%s\n", ++p->number,
		   env ? env->name : "", env ? ": " : "", s->title);
	if (s->kubectl && !s->from) {
		json_append_str(lines, s->kubectl);
		buf_printf(&p->result->text, "      %s\n", s->kubectl);
	}
	for (size_t i = 0; s->from && i < p->config->n_environments; i++) {
		const struct config_environment *each =
			&p->config->environments[i];

		if (!env || each == env)
			targets(p, s, each, lines, &writes);
	}
	json_set_bool(row, "writes", writes);
}

static bool is_row(const struct plan *p, const struct rotate_step *s)
{
	return is_wanted(p, s->flags, 0, ROTATE_KEYRING) &&
	       !(s->flags &
		 (p->promotes ? ROTATE_FRESH_KEY : ROTATE_PROMOTION));
}

/* Rows of each environment stand together. */
static const struct rotate_step *
environments(struct plan *p, const struct rotate_step *first, bool backwards)
{
	const struct rotate_step *s = first;
	size_t n = p->config->n_environments;

	/* A promotion goes to one of them, which it is told at the time. */
	for (size_t i = p->promotes && n ? 1 : 0; i < n; i++) {
		for (s = first; s->flags & ROTATE_EACH_ENVIRONMENT; s++)
			if (is_row(p, s))
				add_row(p, s,
					&p->config->environments
						 [backwards ? n - 1 - i : i]);
	}
	while (s->flags & ROTATE_EACH_ENVIRONMENT)
		s++;
	return s;
}

static const struct rotate_step *table_of(const struct runbook *book,
					  const char *name)
{
	if (strcmp(name, "rotate") == 0 || strcmp(name, "promote") == 0)
		return book->rotate;
	if (strcmp(name, "rollback") == 0)
		return book->rollback;
	return strcmp(name, "retire") == 0 ? book->retire : NULL;
}

KR_FALLIBLE plan_runbook(struct cli_context *context, struct result *result,
			 const char *name)
{
	const struct rotate_step *s = table_of(context->runbook, name);
	struct plan p = {
		.config = context->config,
		.book = context->runbook,
		.result = result,
		.promotes = strcmp(name, "promote") == 0,
	};

	if (!s)
		return err_hint(
			err_new(KR_EUSAGE, "there is no plan of \"%s\"", name),
			"it is made of apply, rotate, promote, rollback or retire");
	if (p.config->n_environments == 0)
		return err_hint(err_new(KR_ECONFIG,
					"no environments are configured to %s",
					name),
				"name them in keyrot.yaml");
	p.steps = json_add_array(result->document, "steps");
	while (s->id) {
		if (s->flags & ROTATE_EACH_ENVIRONMENT) {
			s = environments(&p, s, strcmp(name, "rollback") == 0);
			continue;
		}
		if (is_row(&p, s))
			add_row(&p, s, NULL);
		s++;
	}
	if (p.config->secret.mode == MODE_SINGLE)
		plan_say_mixed(result);
	result_next(result, "kubectl keyrot %s", name);
	return NULL;
}
