#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "store/named.h"
#include "store/tool.h"

/*
 * gopass (gopass.pw), 1.12 or newer. Its exit codes are those of
 * internal/action/exit in its sources.
 */

#define EXIT_NOT_INITIALIZED 6
#define EXIT_NOT_FOUND	     10

struct gopass_store {
	char *item;
	struct proc_env env;
	int64_t timeout_ms;
};

static void gopass_close(void *state)
{
	struct gopass_store *gs = state;

	if (!gs)
		return;
	free(gs->item);
	proc_env_release(&gs->env);
	free(gs);
}

static void gopass_store_freep(struct gopass_store **p)
{
	gopass_close(*p);
}

static void gopass_env(struct proc_env *env)
{
	static const char *const names[] = {
		"GOPASS_HOMEDIR",	  "GOPASS_CONFIG",
		"GOPASS_CONFIG_NOSYSTEM", "GOPASS_AGE_PASSWORD",
		"GOPASS_GPG_BINARY",	  "GOPASS_GPG_OPTS",
		"GOPASS_NO_AUTOSYNC",	  "GOPASS_SSH_DIR",
		"GOPASS_UMASK",		  "PASSWORD_STORE_DIR",
		"PASSWORD_STORE_UMASK",
	};

	tool_session_env(env);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		proc_env_inherit(env, names[i]);
	proc_env_set(env, "GOPASS_NO_NOTIFY", "true");
	proc_env_set(env, "GOPASS_NO_REMINDER", "true");
	proc_env_set(env, "NO_COLOR", "true");
}

static struct err *gopass_open(const struct store_options *options,
			       const char *where, void **out_state,
			       char **out_label)
{
	kr_cleanup(gopass_store_freep) struct gopass_store *gs =
		calloc(1, sizeof(*gs));
	struct err *err;

	if (!gs)
		return err_no_memory();
	err = named_item(options, where, &gs->item);
	if (!err)
		err = tool_timeout(options, &gs->timeout_ms);
	if (!err)
		err = named_label("gopass", gs->item, out_label);
	if (err)
		return err;
	gopass_env(&gs->env);
	*out_state = take_ptr(&gs);
	return NULL;
}

static struct err *run_gopass(const struct gopass_store *gs,
			      const char *const *argv,
			      const struct secret *input,
			      const struct secret *key, struct tool_result *out)
{
	struct tool_run run = {
		.argv = argv,
		.env = &gs->env,
		.input = input,
		.key = key,
		.max_output_bytes = SECRET_MAX_BYTES,
		.timeout_ms = gs->timeout_ms,
	};

	return tool_run(&run, out);
}

static struct err *gopass_list(void *state, struct store_list *out)
{
	const struct gopass_store *gs = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct err *err = run_gopass(gs,
				     (const char *[]){ "gopass", "ls", "--flat",
						       "--", gs->item, NULL },
				     NULL, NULL, &result);

	if (err || result.exit_code == EXIT_NOT_FOUND)
		return err;
	if (result.exit_code != 0)
		return tool_failed("gopass ls", &result);
	return named_add_lines(result.output, gs->item, out);
}

static struct err *gopass_insert(void *state, const char *name,
				 const struct secret *text,
				 const struct secret *key)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct err *err =
		run_gopass(state,
			   (const char *[]){ "gopass", "insert", "--multiline",
					     "--", name, NULL },
			   text, key, &result);

	if (err || result.exit_code == 0)
		return err;
	return tool_failed("gopass insert", &result);
}

static struct err *gopass_show(void *state, const char *name,
			       struct secret **out_text)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct err *err = run_gopass(
		state,
		(const char *[]){ "gopass", "show", "--unsafe", "--noparsing",
				  "--nosync", "--", name, NULL },
		NULL, NULL, &result);

	if (err)
		return err;
	if (result.exit_code != 0)
		return gpg_show_failed("gopass show", &result);
	*out_text = take_ptr(&result.output);
	return NULL;
}

static const struct named_tool gopass_tool = {
	.list = gopass_list,
	.insert = gopass_insert,
	.show = gopass_show,
};

/* Where its root store is; NULL where it does not say. */
static struct err *find_root(struct gopass_store *gs, char **out)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	const char *path;
	struct err *err = run_gopass(
		gs, (const char *[]){ "gopass", "config", "mounts.path", NULL },
		NULL, NULL, &result);

	if (err)
		return err;
	path = (const char *)secret_expose(result.output);
	if (result.exit_code != 0 || *path != '/')
		return NULL;
	*out = strndup(path, strcspn(path, "\r\n"));
	return *out ? NULL : err_no_memory();
}

static struct err *gopass_put(void *state, const struct store_meta *meta,
			      const struct secret *key)
{
	struct gopass_store *gs = state;
	kr_cleanup(str_freep) char *root = NULL;
	struct err *err = find_root(gs, &root);

	return err ? err
		   : named_put(&gopass_tool, gs, gs->item,
			       root ? root : getenv("HOME"), meta, key);
}

static struct err *gopass_get(void *state, const char *id,
			      struct store_meta *out_meta,
			      struct secret **out_key)
{
	const struct gopass_store *gs = state;

	return named_get(&gopass_tool, state, gs->item, id, out_meta, out_key);
}

static struct err *gopass_probe(void *state)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct err *err = run_gopass(
		state, (const char *[]){ "gopass", "ls", "--flat", NULL }, NULL,
		NULL, &result);

	if (err || result.exit_code == 0)
		return err;
	if (result.exit_code == EXIT_NOT_INITIALIZED)
		return err_hint(err_new(KR_ESTORE, "gopass is not set up yet"),
				"set it up: gopass setup");
	return err_hint(tool_failed("gopass ls", &result),
			"is it the gopass of gopass.pw, 1.12 or newer? "
			"(Debian's package of that name is another program)");
}

const struct store_backend backend_gopass = {
	.name = "gopass",
	.can_prove = true,
	.put_looks = true,
	.open = gopass_open,
	.close = gopass_close,
	.probe = gopass_probe,
	.list = gopass_list,
	.put = gopass_put,
	.get = gopass_get,
};
