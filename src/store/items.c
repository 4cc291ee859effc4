#include "store/items.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "secret/ref.h"
#include "store/entrytext.h"
#include "store/named.h"

static void forget_seen(struct items_store *items)
{
	for (size_t i = 0; i < items->n_seen; i++) {
		free(items->seen[i].name);
		free(items->seen[i].id);
	}
	free(items->seen);
	items->seen = NULL;
	items->n_seen = 0;
}

void items_close(void *state)
{
	struct items_store *items = state;

	if (!items)
		return;
	forget_seen(items);
	free(items->item);
	proc_env_release(&items->env);
	free(items);
}

static void items_storep(struct items_store **p)
{
	items_close(*p);
}

KR_FALLIBLE items_open(const struct items_kind *kind,
		       const struct store_options *options, const char *where,
		       struct items_store **out, char **out_label)
{
	kr_cleanup(items_storep) struct items_store *items =
		calloc(1, sizeof(*items));
	struct err *err;

	if (!items)
		return err_no_memory();
	items->kind = kind;
	items->options = options;
	err = named_item(options, where, &items->item);
	if (!err)
		err = tool_timeout(options, &items->timeout_ms);
	if (!err)
		err = named_label(kind->program, items->item, out_label);
	if (err)
		return err;
	tool_session_env(&items->env);
	*out = take_ptr(&items);
	return NULL;
}

/* The credential that the configuration names; the program's own else. */
static struct err *get_ready(struct items_store *items)
{
	const char *text =
		json_member_str(items->options->config, items->field);
	kr_cleanup(secret_freep) struct secret *value = NULL;
	kr_cleanup(str_freep) char *folder = NULL;
	struct ref ref;
	struct err *err;

	if (items->is_ready)
		return NULL;
	items->is_ready = true;
	if (!text)
		return NULL;
	if (!ref_parse(text, &ref))
		return err_new(KR_ECONFIG,
			       "%s is not written into the configuration: name "
			       "where it is, as env:NAME, file:PATH or "
			       "exec:COMMAND",
			       items->field);
	if (items->options->config_path)
		folder = file_dirname(items->options->config_path);
	ref.folder = folder;
	err = ref_read(&ref, items->field, &value);
	if (err)
		return err_is(err, KR_EINTERRUPTED)
			       ? err
			       : err_set_reason(err_as(err, KR_ESTORE),
						"Locked");
	/* There is no other way in: these programs read no pipe for it. */
	proc_env_set(&items->env, items->variable,
		     (const char *)secret_expose(value));
	return NULL;
}

static struct err *check_locked(const struct items_kind *kind,
				const struct tool_result *result)
{
	for (size_t i = 0; result->exit_code && kind->locked[i]; i++)
		if (strcasestr(result->said, kind->locked[i]))
			return err_hint(
				store_error("Locked",
					    "%s is locked, or nobody is "
					    "logged in",
					    kind->program),
				"%s", kind->log_in);
	return NULL;
}

KR_FALLIBLE items_run(struct items_store *items, const char *const *words,
		      const char *last, const struct secret *input,
		      const struct secret *key, struct tool_result *out)
{
	const char *argv[ITEMS_MAX_ARGS] = { items->kind->program };
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct tool_run run = {
		.argv = argv,
		.env = &items->env,
		.input = input,
		.key = key,
		.max_output_bytes = SECRET_MAX_BYTES,
		.timeout_ms = items->timeout_ms,
	};
	size_t n = 1;
	struct err *err = get_ready(items);

	for (size_t i = 0; words[i]; i++)
		argv[n++] = words[i];
	if (items->place && items->kind->place_flag) {
		argv[n++] = items->kind->place_flag;
		argv[n++] = items->place;
	}
	argv[n] = last;
	if (!err)
		err = tool_run(&run, &result);
	if (!err)
		err = check_locked(items->kind, &result);
	if (err)
		return err;
	*out = result;
	result = (struct tool_result){ 0 };
	return NULL;
}

/* Its answer as JSON. What cannot be read is not quoted. */
static struct err *run_for_json(struct items_store *items,
				const char *const *words, const char *last,
				struct cJSON **out)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct err *err = items_run(items, words, last, NULL, NULL, &result);

	if (err)
		return err;
	if (result.exit_code != 0)
		return tool_failed(items->kind->program, &result);
	err = json_parse((const char *)secret_expose(result.output),
			 secret_len(result.output), out);
	return err_wrap(err_as(err, KR_ESTORE), "the answer of %s",
			items->kind->program);
}

static struct err *sync_items(struct items_store *items)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct err *err;

	if (!items->kind->sync || items->is_synced)
		return NULL;
	err = items_run(items, items->kind->sync, NULL, NULL, NULL, &result);
	if (!err && result.exit_code != 0)
		err = tool_failed(items->kind->program, &result);
	items->is_synced = !err;
	return err;
}

static struct err *see(struct items_store *items, const struct cJSON *item,
		       struct store_list *out)
{
	const char *name = json_member_str(item, items->kind->name_field);
	const char *id = json_member_str(item, "id");
	struct items_seen *at = &items->seen[items->n_seen];

	/* An id is a word, and no option. */
	if (!name || !id || !*id || *id == '-')
		return NULL;
	if (!str_keep(&at->name, name) || !str_keep(&at->id, id))
		return err_no_memory();
	items->n_seen++;
	return named_add_of(items->item, name, out);
}

KR_FALLIBLE items_list(void *state, struct store_list *out)
{
	struct items_store *items = state;
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	struct err *err = sync_items(items);

	if (!err)
		err = run_for_json(items, items->kind->list,
				   items->kind->searches ? items->item : NULL,
				   &tree);
	if (err)
		return err;
	if (!json_is_array(tree))
		return store_error("StoreFailed", "%s gives no list",
				   items->kind->program);
	forget_seen(items);
	items->seen = calloc(json_length(tree) + 1, sizeof(*items->seen));
	if (!items->seen)
		return err_no_memory();
	for (const struct cJSON *item = json_first(tree); !err && item;
	     item = json_next(item))
		err = see(items, item, out);
	return err;
}

static struct err *items_insert(void *state, const char *name,
				const struct secret *text,
				const struct secret *key)
{
	struct items_store *items = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	kr_cleanup(secret_freep) struct secret *line = NULL;
	kr_cleanup(secret_freep) struct secret *body = NULL;
	const char *rest = NULL;
	struct err *err = entrytext_split(text, &line, &rest);

	if (!err)
		err = items->kind->body(items, name, line, rest, &body);
	if (err)
		return err;
	items->is_synced = false;
	err = items_run(items, items->kind->create, NULL, body, key, &result);
	if (err || result.exit_code == 0)
		return err;
	return tool_failed(items->kind->program, &result);
}

static struct err *items_show(void *state, const char *name,
			      struct secret **out_text)
{
	struct items_store *items = state;
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	kr_cleanup(secret_freep) struct secret *first = NULL;
	const char *id = NULL, *line = NULL, *rest = NULL;
	struct err *err;

	for (size_t i = 0; !id && i < items->n_seen; i++)
		if (strcmp(items->seen[i].name, name) == 0)
			id = items->seen[i].id;
	if (!id)
		return store_error("EntryNotFound", "there is no item %s",
				   name);
	err = run_for_json(items, items->kind->show, id, &tree);
	if (err)
		return err;
	/* The next one is to see what others have done since. */
	items->is_synced = false;
	items->kind->read(tree, &line, &rest);
	if (!line || !rest)
		return store_error("Mismatch", "the item is no entry");
	err = secret_from_bytes(line, strlen(line), &first);
	return err ? err : entrytext_join(first, rest, strlen(rest), out_text);
}

static const struct named_tool items_tool = {
	.list = items_list,
	.insert = items_insert,
	.show = items_show,
};

KR_FALLIBLE items_put(void *state, const struct store_meta *meta,
		      const struct secret *key)
{
	struct items_store *items = state;

	/* What was seen before the lock was held may be old. */
	items->is_synced = false;
	/* Runs on this machine wait for each other; the service has no lock. */
	return named_put(&items_tool, state, items->item, getenv("HOME"), meta,
			 key);
}

KR_FALLIBLE items_get(void *state, const char *id, struct store_meta *out_meta,
		      struct secret **out_key)
{
	const struct items_store *items = state;

	return named_get(&items_tool, state, items->item, id, out_meta,
			 out_key);
}
