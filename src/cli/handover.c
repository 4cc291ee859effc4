#include "cli/handover.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/reexec.h"
#include "base/str.h"
#include "config/config.h"
#include "ui/ui.h"

#define FORMAT "handover/2"

static void add_secrets(const struct cli_context *context, struct cJSON *object)
{
	const struct option *tables[CLI_MAX_TABLES];

	cli_tables(context->command, tables);
	for (option_tables t = tables; *t; t++)
		for (const struct option *o = *t; o->name; o++) {
			const char *const *at =
				(const char *const *)((const char *)&context
							      ->options +
						      o->offset);

			if (o->type == OPTION_SECRET && *at)
				json_set_str(object, o->name, *at);
		}
}

static void add_operators(const struct rotation *rotation, struct cJSON *list)
{
	for (size_t i = 0; i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; j < env->count; j++) {
			const struct run *run = &env->targets[j].run;
			struct cJSON *one = json_object();

			json_set_str(one, "name", run->operator_);
			json_set_str(one, "from", run->operator_from);
			json_append(list, one);
		}
	}
}

static KR_FALLIBLE write_down(const struct cli_context *context,
			      struct rotation *rotation,
			      const struct rotate_env *env, struct buf *out)
{
	kr_cleanup(json_freep) struct cJSON *object = json_object();
	kr_cleanup(str_freep) char *text = NULL;
	struct err *err;

	json_set_str(object, "keyrot", FORMAT);
	json_set_str(object, "environment", env->name);
	json_set_str(object, "fingerprint", rotation->fingerprint);
	json_set_str(object, "entry", rotation->entry_id);
	add_operators(rotation, json_add_array(object, "operators"));
	add_secrets(context, json_add_object(object, "secrets"));
	json_set(object, "document",
		 cJSON_Duplicate(rotation->options.result->document, true));
	err = json_print(object, &text);
	if (!err)
		buf_puts(out, text);
	return err ? err : buf_check(out, "what is handed over");
}

static KR_FALLIBLE make_words(const struct cli_context *context,
			      const struct rotation *rotation,
			      struct option_words *out)
{
	const struct option *tables[CLI_MAX_TABLES];
	struct cli_options defaults;

	cli_options_init(&defaults);
	cli_tables(cli_find_command("resume"), tables);
	option_words_add(out, "kubectl-keyrot");
	option_words_add(out, "resume");
	option_words_add(out, "%s", rotation->id);
	option_words(tables, &context->options, &defaults, out);
	return out->failed ? err_no_memory() : NULL;
}

/*
 * A passphrase that was typed cannot be handed over. Where it would be asked
 * for again, with nobody there after half an hour, this process waits instead:
 * the key is wiped, the store stays open, and the roll-back, the next
 * environment or a check of dependents needs no person.
 */
static bool needs_the_passphrase(const struct rotation *rotation,
				 const struct rotate_env *env)
{
	bool is_last = env == &rotation->envs[rotation->env_count - 1];

	/* Logs of dependents are searched for the key. */
	return store_asks(rotation->options.store) &&
	       (!is_last || rotation->options.config->dependents ||
		env->config->soak.on_fail == ON_FAIL_ROLLBACK ||
		env->config->on_fail == ON_FAIL_ROLLBACK);
}

/* A path like <(...) was read by this process, and cannot be read again. */
static bool has_pipes(const struct cli_context *context)
{
	const struct cli_options *o = &context->options;

	return reexec_loses(o->kube.kubeconfig) || reexec_loses(o->config) ||
	       reexec_loses(o->passphrase_file) ||
	       reexec_loses(getenv("KUBECONFIG")) ||
	       reexec_loses(getenv("KEYROT_CONFIG")) ||
	       reexec_loses(getenv("KEYROT_PASSPHRASE_FILE"));
}

struct err *handover(void *user, struct rotation *rotation,
		     const struct rotate_env *env)
{
	struct cli_context *context = user;
	kr_cleanup(option_words_release) struct option_words words = { 0 };
	kr_cleanup(buf_release) struct buf data = BUF_INIT(REEXEC_MAX_BYTES);
	struct cJSON *target;
	struct err *err;

	if (needs_the_passphrase(rotation, env) || has_pipes(context))
		return NULL;
	rotation_record_written(rotation);
	rotation_fill_result(rotation);
	err = write_down(context, rotation, env, &data);
	if (!err)
		err = make_words(context, rotation, &words);
	if (!err) {
		rotation_forget_key(rotation);
		ui_suspend(context->ui);
		err = reexec((const char *const *)words.words, &data);
	}
	/* Still here: it waits by itself then, and fills the result anew. */
	cJSON_ArrayForEach (
		target,
		json_member(rotation->options.result->document, "targets"))
		json_set(target, "consumers", json_array());
	if (err_is(err, KR_EINTERRUPTED))
		return err;
	err_free(err);
	return NULL;
}

KR_FALLIBLE handover_take(struct cJSON **out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(REEXEC_MAX_BYTES);
	kr_cleanup(json_freep) struct cJSON *object = NULL;
	bool found = false;
	struct err *err = reexec_take(&text, &found);

	if (err || !found)
		return err;
	err = json_parse(buf_str(&text), text.len, &object);
	if (!err && !str_equal(json_member_str(object, "keyrot"), FORMAT))
		err = err_new(KR_EUNEXPECTED,
			      "what was handed over is of another version");
	if (!err)
		*out = take_ptr(&object);
	return err;
}

KR_FALLIBLE handover_secrets(struct cli_context *context)
{
	const struct cJSON *secrets =
		context->handed ? json_member(context->handed, "secrets")
				: NULL;
	const struct option *tables[CLI_MAX_TABLES];

	cli_tables(context->command, tables);
	for (option_tables t = tables; secrets && *t; t++)
		for (const struct option *o = *t; o->name; o++) {
			char **at =
				(char **)(void *)((char *)&context->options +
						  o->offset);

			if (o->type == OPTION_SECRET &&
			    json_member_str(secrets, o->name) &&
			    !str_keep(at, json_member_str(secrets, o->name)))
				return err_no_memory();
		}
	return NULL;
}

bool handover_begin(const struct cli_context *context, struct result *result,
		    struct rotate_handed *out)
{
	const struct cJSON *handed = context->handed;
	const struct cJSON *document, *warnings;

	if (!handed)
		return false;
	*out = (struct rotate_handed){
		.environment = json_member_str(handed, "environment"),
		.fingerprint = json_member_str(handed, "fingerprint"),
		.entry = json_member_str(handed, "entry"),
		.operators = json_member(handed, "operators"),
	};
	/* What was warned of is not said again. */
	document = json_member(handed, "document");
	warnings = json_member(document, "warnings");
	json_set(result->document, "warnings",
		 warnings ? cJSON_Duplicate(warnings, true) : json_array());
	return out->environment && out->fingerprint && out->entry;
}

static bool is_same(const struct cJSON *a, const struct cJSON *b,
		    const char *const *names)
{
	for (; *names; names++)
		if (!str_equal(json_member_str(a, *names),
			       json_member_str(b, *names)))
			return false;
	return true;
}

/* The item of `list` with the same names. */
static struct cJSON *find(struct cJSON *list, const struct cJSON *item,
			  const char *const *names)
{
	struct cJSON *found;

	cJSON_ArrayForEach (found, list) {
		if (is_same(found, item, names))
			return found;
	}
	return NULL;
}

static bool was_done(const struct cJSON *item)
{
	static const char *const deeds[] = { "changed", "restarted", "proved" };

	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++)
		if (strcmp(item->string, deeds[i]) == 0)
			return cJSON_IsTrue(item);
	return false;
}

static void merge(struct cJSON *into, const struct cJSON *before);

static void merge_lists(struct cJSON *into, const struct cJSON *before,
			const char *const *names)
{
	const struct cJSON *item;

	cJSON_ArrayForEach (item, before) {
		struct cJSON *same = find(into, item, names);

		if (same)
			merge(same, item);
	}
}

/*
 * What is not known now was known then, and what was done then is seen now as
 * done before. Both processes did it.
 */
static void merge(struct cJSON *into, const struct cJSON *before)
{
	static const char *const places[] = { "context", "namespace", "secret",
					      NULL };
	static const char *const names[] = { "kind", "name", NULL };
	const struct cJSON *item;

	cJSON_ArrayForEach (item, before) {
		struct cJSON *now =
			cJSON_GetObjectItemCaseSensitive(into, item->string);

		if (!now || cJSON_IsNull(now) || was_done(item))
			json_set(into, item->string,
				 cJSON_Duplicate(item, true));
		else if (strcmp(item->string, "targets") == 0)
			merge_lists(now, item, places);
		else if (strcmp(item->string, "consumers") == 0)
			merge_lists(now, item, names);
		else if (cJSON_IsObject(item) && cJSON_IsObject(now))
			merge(now, item);
	}
}

void handover_merge(const struct cli_context *context, struct result *result)
{
	kr_cleanup(json_freep) struct cJSON *before = NULL;
	/* These are this process's own to say. */
	static const char *const own[] = { "outcome", "exitCode", "reason",
					   "message", "next",	  "hint" };

	/* Once: what comes after it, such as a roll-back, has its own. */
	before = cJSON_DetachItemFromObjectCaseSensitive(context->handed,
							 "document");
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(before, own[i]);
	merge(result->document, before);
}

void handover_failed(const struct cli_context *context, struct result *result)
{
	const char *id =
		json_str(json_member(context->handed, "document"), "rotation");

	if (!id)
		return;
	result_next(result, "kubectl keyrot resume %s", id);
	handover_merge(context, result);
}
