#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "secret/base64.h"
#include "store/meta.h"
#include "store/store_backend.h"
#include "store/tool.h"

/*
 * A program that speaks the protocol of docs/stores.md: the action is its last
 * argument, "name=value" lines go in and out.
 */

#define MAX_ARGS     64
#define MAX_OUTPUT   (SECRET_MAX_BYTES / 4 * 3) /* in pages of its own */
#define EXIT_MISSING 3
#define EXIT_EXISTS  4
#define EXIT_LOCKED  5

struct exec_store {
	char *words[MAX_ARGS + 1]; /* the command */
	size_t count;
	char *service;
	char *item;
	struct proc_env env;
	int64_t timeout_ms;
};

static void exec_close(void *state)
{
	struct exec_store *es = state;

	if (!es)
		return;
	for (size_t i = 0; i < es->count; i++)
		free(es->words[i]);
	free(es->service);
	free(es->item);
	proc_env_release(&es->env);
	free(es);
}

static void exec_store_freep(struct exec_store **p)
{
	exec_close(*p);
}

static struct err *add_word(struct exec_store *es, const char *word, size_t len)
{
	/* One place is kept for the action. */
	if (es->count + 1 >= MAX_ARGS)
		return err_new(KR_ECONFIG, "the command has too many words");
	es->words[es->count] = strndup(word, len);
	if (!es->words[es->count])
		return err_no_memory();
	es->count++;
	return NULL;
}

/* By spaces alone: there is no shell, and nothing is expanded. */
static struct err *split_words(struct exec_store *es, const char *command)
{
	struct err *err = NULL;

	while (!err && *command) {
		size_t n = strcspn(command, " ");

		if (n)
			err = add_word(es, command, n);
		command += n + (command[n] == ' ');
	}
	return err;
}

/* Names of variables that the helper needs beside the usual ones. */
static void take_env(struct exec_store *es, const struct cJSON *config)
{
	const struct cJSON *names = json_member(config, "env");
	const struct cJSON *name;

	cJSON_ArrayForEach (name, names) {
		if (cJSON_IsString(name))
			proc_env_inherit(&es->env, name->valuestring);
	}
}

static struct err *take_command(struct exec_store *es,
				const struct store_options *options,
				const char *where)
{
	const struct cJSON *list = json_member(options->config, "command");
	const struct cJSON *word;
	struct err *err = NULL;

	if (where)
		return split_words(es, where);
	cJSON_ArrayForEach (word, list) {
		const char *text = cJSON_GetStringValue(word);

		if (!err && text)
			err = add_word(es, text, strlen(text));
	}
	return err;
}

static struct err *exec_open(const struct store_options *options,
			     const char *where, void **out_state,
			     char **out_label)
{
	kr_cleanup(exec_store_freep) struct exec_store *es =
		calloc(1, sizeof(*es));
	struct err *err;
	char *label = NULL;

	if (!es)
		return err_no_memory();
	es->service = strdup(options->service ? options->service : "");
	es->item = strdup(options->item ? options->item : "");
	if (!es->service || !es->item)
		return err_no_memory();
	tool_session_env(&es->env);
	take_env(es, options->config);
	err = tool_timeout(options, &es->timeout_ms);
	if (!err)
		err = take_command(es, options, where);
	if (err)
		return err;
	if (!es->count)
		return err_hint(err_new(KR_EUSAGE, "no command is named"),
				"--store=exec:COMMAND, or command: [...] in "
				"the configuration");
	if (asprintf(&label, "exec:%s", es->words[0]) < 0)
		return err_no_memory();
	*out_label = label;
	*out_state = take_ptr(&es);
	return NULL;
}

static void request_head(const struct exec_store *es, struct buf *out)
{
	buf_puts(out, "protocol=1\n");
	if (*es->service)
		buf_printf(out, "service=%s\n", es->service);
	if (*es->item)
		buf_printf(out, "item=%s\n", es->item);
}

/* The request's lines, with "key=" and the key in base64 behind them. */
static struct err *join_request(const struct buf *lines,
				const struct secret *key, struct secret **out)
{
	static const char name[] = "key=";
	kr_cleanup(secret_freep) struct secret *text = NULL;
	size_t extra =
		key ? sizeof(name) - 1 + base64_encoded_len(secret_len(key)) + 1
		    : 0;
	struct err *err = buf_check(lines, "request");
	unsigned char *at;

	if (!err)
		err = secret_new(lines->len + extra, &text);
	if (err)
		return err;
	at = secret_bytes(text);
	memcpy(at, lines->data, lines->len);
	if (key) {
		at += lines->len;
		memcpy(at, name, sizeof(name) - 1);
		base64_encode_to(secret_expose(key), secret_len(key),
				 (char *)at + sizeof(name) - 1);
		at[extra - 1] = '\n';
	}
	*out = take_ptr(&text);
	return NULL;
}

static struct err *exit_error(const char *action,
			      const struct tool_result *result)
{
	struct err *err = tool_failed(action, result);

	if (result->exit_code == EXIT_MISSING)
		return err_set_reason(err, "EntryNotFound");
	if (result->exit_code == EXIT_EXISTS)
		return err_set_reason(err, "EntryExists");
	if (result->exit_code == EXIT_LOCKED)
		return err_set_reason(err, "Locked");
	return err;
}

static struct err *call(struct exec_store *es, const char *action,
			const struct buf *lines, const struct secret *key,
			struct tool_result *out)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	kr_cleanup(secret_freep) struct secret *input = NULL;
	const char *argv[MAX_ARGS + 1] = { NULL };
	struct tool_run run = {
		.argv = argv,
		.env = &es->env,
		.key = key,
		/* What a failed `get` complains of may be the key. */
		.hide_complaint = strcmp(action, "get") == 0,
		.max_output_bytes = MAX_OUTPUT,
		.timeout_ms = es->timeout_ms,
	};
	struct err *err = join_request(lines, key, &input);

	if (err)
		return err;
	for (size_t i = 0; i < es->count; i++)
		argv[i] = es->words[i];
	argv[es->count] = action;
	run.input = input;
	err = tool_run(&run, &result);
	if (err)
		return err;
	if (result.exit_code != 0)
		return exit_error(action, &result);
	*out = result;
	result = (struct tool_result){ 0 };
	return NULL;
}

static struct err *exec_probe(void *state)
{
	struct exec_store *es = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(64 * 1024);

	request_head(es, &lines);
	return call(es, "probe", &lines, NULL, &result);
}

static struct err *exec_put(void *state, const struct store_meta *meta,
			    const struct secret *key)
{
	struct exec_store *es = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(64 * 1024);

	buf_puts(&lines, "protocol=1\n");
	if (*es->item)
		buf_printf(&lines, "item=%s\n", es->item);
	meta_format(meta, "=", &lines);
	return call(es, "put", &lines, key, &result);
}

static struct err *as_mismatch(struct err *take_err)
{
	return err_set_reason(err_as(take_err, KR_ESTORE), "Mismatch");
}

/* Takes the one "key=" line of an answer. */
static struct err *parse_key(const struct secret *answer, struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *key = NULL;
	const char *text = (const char *)secret_expose(answer);
	size_t len = secret_len(answer);
	bool found = true;

	while (found) {
		struct meta_line line;
		struct err *err =
			meta_next_line(&text, &len, '=', &line, &found);

		if (err)
			return as_mismatch(err);
		if (!found || !meta_line_is(&line, "key"))
			continue;
		if (key)
			return store_error("Mismatch",
					   "the answer holds two keys");
		err = base64_decode(line.value, line.value_len, &key);
		if (err)
			return as_mismatch(err_wrap(err, "the answer's key"));
	}
	if (!key)
		return store_error("Mismatch", "the answer holds no key");
	*out = take_ptr(&key);
	return NULL;
}

static struct err *exec_get(void *state, const char *id,
			    struct store_meta *out_meta,
			    struct secret **out_key)
{
	struct exec_store *es = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(64 * 1024);
	kr_cleanup(secret_freep) struct secret *key = NULL;
	struct err *err;

	request_head(es, &lines);
	buf_printf(&lines, "id=%s\n", id);
	err = call(es, "get", &lines, NULL, &result);
	if (!err)
		err = parse_key(result.output, &key);
	if (!err)
		err = meta_parse((const char *)secret_expose(result.output),
				 secret_len(result.output), '=', out_meta);
	if (err)
		return err;
	*out_key = take_ptr(&key);
	return NULL;
}

static struct err *add_record(const char *text, size_t len,
			      struct store_list *out)
{
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	struct err *err = meta_parse(text, len, '=', &meta);

	if (!err && !*meta.id)
		err = store_error("StoreFailed", "an entry of the list has no "
						 "id");
	return err ? err : store_list_add(out, &meta);
}

/* Records are parted by empty lines. */
static struct err *exec_list(void *state, struct store_list *out)
{
	struct exec_store *es = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(64 * 1024);
	const char *text;
	struct err *err;

	request_head(es, &lines);
	err = call(es, "list", &lines, NULL, &result);
	if (err)
		return err;
	text = (const char *)secret_expose(result.output);
	if (strlen(text) != secret_len(result.output))
		return store_error("StoreFailed", "the list holds NUL bytes");
	while (!err && *text) {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end + 1 - text) : strlen(text);

		if (*text == '\n')
			len = 1;
		else
			err = add_record(text, len, out);
		text += len;
	}
	return err;
}

const struct store_backend backend_exec = {
	.name = "exec",
	.can_prove = true,
	.open = exec_open,
	.close = exec_close,
	.probe = exec_probe,
	.list = exec_list,
	.put = exec_put,
	.get = exec_get,
};
