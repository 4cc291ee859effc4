/* What a rotation knows of its targets, into the result. */
#include <stdio.h>

#include "base/json.h"
#include "runbook/rotate.h"

static const char *const progress_words[] = {
	[PROGRESS_NOT_BEGUN] = "not-begun", [PROGRESS_BEGUN] = "begun",
	[PROGRESS_DONE] = "done",	    [PROGRESS_FAILED] = "failed",
	[PROGRESS_UNKNOWN] = "unknown",
};

static void fill_target(struct rotate_target *target)
{
	struct cJSON *document = target->run.document;
	const char *word = progress_words[target->progress];

	json_set_str(document, "environment", target->env->name);
	run_fill_result(&target->run);
	json_set_int(document, "wave", (long long)rotate_wave_of(target));
	json_set_str(document, "progress",
		     target->left_out ? "left-out" : word);
	json_set_str(document, "error", target->failure);
}

void rotation_fill_result(struct rotation *rotation)
{
	struct result *result = rotation->options.result;

	for (size_t i = 0; i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++) {
			if (env->targets[j].run_ready)
				fill_target(&env->targets[j]);
		}
	}
	result_set_rotation(result, *rotation->id ? rotation->id : NULL);
	if (rotation->journal)
		json_set_str(result->document, "journal",
			     journal_path(rotation->journal));
}

/* Those that the failure kept from beginning, by name. */
void rotation_name_not_begun(const struct rotation *rotation)
{
	const struct rotate_env *env = rotation->failed_in;
	const struct reporter *r = rotation->options.reporter;
	kr_cleanup(buf_release) struct buf names = BUF_INIT(64 * 1024);
	kr_cleanup(str_freep) char *text = NULL;
	size_t n = 0;

	for (size_t i = 0; env && i < env->count; i++) {
		const struct rotate_target *target = &env->targets[i];

		if (target->progress != PROGRESS_NOT_BEGUN || target->left_out)
			continue;
		buf_printf(&names, "%s%s", n++ ? ", " : "", target->context);
	}
	if (n == 0 || n == env->count ||
	    asprintf(&text, "%zu of %zu targets of %s were not begun: %s", n,
		     env->count, env->name, buf_str(&names)) < 0)
		return;
	result_warn(rotation->options.result, "%s", text);
	if (r->message)
		r->message(r->user, REPORT_WARNING, text);
}
