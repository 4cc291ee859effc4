#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "store/named.h"
#include "store/store_backend.h"
#include "store/tool.h"

#define SUFFIX ".gpg"

struct pass_store {
	char *item;
	char *root;   /* the password store */
	char *folder; /* of the item */
	struct proc_env env;
	int64_t timeout_ms;
};

static void pass_close(void *state)
{
	struct pass_store *ps = state;

	if (!ps)
		return;
	free(ps->item);
	free(ps->root);
	free(ps->folder);
	proc_env_release(&ps->env);
	free(ps);
}

static void pass_store_freep(struct pass_store **p)
{
	pass_close(*p);
}

static char *store_root(void)
{
	const char *named = getenv("PASSWORD_STORE_DIR");
	const char *home = getenv("HOME");

	if (named && *named)
		return strdup(named);
	return file_join(home ? home : "/", ".password-store");
}

static void pass_env(struct proc_env *env)
{
	static const char *const names[] = {
		"PASSWORD_STORE_DIR",
		"PASSWORD_STORE_KEY",
		"PASSWORD_STORE_GPG_OPTS",
		"PASSWORD_STORE_SIGNING_KEY",
		"PASSWORD_STORE_UMASK",
		"PASSWORD_STORE_EXTENSIONS_DIR",
		"PASSWORD_STORE_ENABLE_EXTENSIONS",
	};

	tool_session_env(env);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		proc_env_inherit(env, names[i]);
}

static struct err *pass_open(const struct store_options *options,
			     const char *where, void **out_state,
			     char **out_label)
{
	kr_cleanup(pass_store_freep) struct pass_store *ps =
		calloc(1, sizeof(*ps));
	char *label = NULL;
	struct err *err;

	if (!ps)
		return err_no_memory();
	err = named_item(options, where, &ps->item);
	if (err)
		return err;
	ps->root = store_root();
	ps->folder = ps->root ? file_join(ps->root, ps->item) : NULL;
	err = tool_timeout(options, &ps->timeout_ms);
	if (err)
		return err;
	pass_env(&ps->env);
	if (!ps->folder || asprintf(&label, "pass:%s", ps->item) < 0)
		return err_no_memory();
	*out_label = label;
	*out_state = take_ptr(&ps);
	return NULL;
}

static struct err *add_listed(const char *file, struct store_list *out)
{
	kr_cleanup(str_freep) char *name = NULL;

	if (!text_ends_with(file, SUFFIX))
		return NULL;
	name = strndup(file, strlen(file) - strlen(SUFFIX));
	return name ? named_add(name, out) : err_no_memory();
}

static struct err *pass_list(void *state, struct store_list *out)
{
	const struct pass_store *ps = state;
	kr_cleanup(file_list_release) struct file_list files = { 0 };
	struct err *err = file_list_dir(ps->folder, &files);

	for (size_t i = 0; !err && i < files.count; i++)
		err = add_listed(files.names[i], out);
	return err;
}

static struct err *run_pass(const struct pass_store *ps,
			    const char *const *argv, const struct secret *input,
			    const struct secret *key, struct tool_result *out)
{
	struct tool_run run = {
		.argv = argv,
		.env = &ps->env,
		.input = input,
		.key = key,
		.max_output_bytes = SECRET_MAX_BYTES,
		.timeout_ms = ps->timeout_ms,
	};

	return tool_run(&run, out);
}

static struct err *pass_insert(void *state, const char *name,
			       const struct secret *text,
			       const struct secret *key)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct err *err =
		run_pass(state,
			 (const char *[]){ "pass", "insert", "--multiline",
					   "--", name, NULL },
			 text, key, &result);

	if (err || result.exit_code == 0)
		return err;
	return tool_failed("pass insert", &result);
}

static struct err *pass_show(void *state, const char *name,
			     struct secret **out_text)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct err *err = run_pass(
		state, (const char *[]){ "pass", "show", "--", name, NULL },
		NULL, NULL, &result);

	if (err)
		return err;
	if (result.exit_code != 0)
		return gpg_show_failed("pass show", &result);
	*out_text = take_ptr(&result.output);
	return NULL;
}

static const struct named_tool pass_tool = {
	.list = pass_list,
	.insert = pass_insert,
	.show = pass_show,
};

static struct err *pass_put(void *state, const struct store_meta *meta,
			    const struct secret *key)
{
	const struct pass_store *ps = state;

	return named_put(&pass_tool, state, ps->item, ps->root, meta, key);
}

static struct err *pass_get(void *state, const char *id,
			    struct store_meta *out_meta,
			    struct secret **out_key)
{
	const struct pass_store *ps = state;

	return named_get(&pass_tool, state, ps->item, id, out_meta, out_key);
}

/* .gpg-id of the item's folder or of the nearest one above it. */
static struct err *find_gpg_ids(const struct pass_store *ps, struct buf *out)
{
	kr_cleanup(str_freep) char *folder = strdup(ps->folder);

	while (folder && strlen(folder) >= strlen(ps->root)) {
		kr_cleanup(str_freep) char *path = file_join(folder, ".gpg-id");
		char *parent = file_dirname(folder);

		free(folder);
		folder = parent;
		if (path && file_is_regular(path))
			return file_read(path, out);
	}
	return err_hint(
		err_new(KR_ESTORE, "%s is not a password store", ps->root),
		"make one: pass init YOUR-GPG-KEY");
}

/* Whether a private key for one of the ids is at hand. */
static struct err *check_private_key(const struct pass_store *ps, char *ids)
{
	kr_cleanup(str_freep) char *gpg2 = proc_find("gpg2", NULL);
	char *rest = NULL;

	for (char *id = strtok_r(ids, "\r\n", &rest); id;
	     id = strtok_r(NULL, "\r\n", &rest)) {
		kr_cleanup(
			tool_result_release) struct tool_result result = { 0 };
		struct err *err;

		id[strcspn(id, " \t#")] = '\0';
		if (!*id)
			continue;
		err = run_pass(ps,
			       (const char *[]){
				       gpg2 ? "gpg2" : "gpg", "--batch",
				       "--list-secret-keys", "--", id, NULL },
			       NULL, NULL, &result);
		if (err || result.exit_code == 0)
			return err;
	}
	return store_error("Locked",
			   "no private key that opens %s is in this GnuPG home",
			   ps->root);
}

static struct err *pass_probe(void *state)
{
	const struct pass_store *ps = state;
	kr_cleanup(buf_release) struct buf ids = BUF_INIT(64 * 1024);
	kr_cleanup(str_freep) char *pass = proc_find("pass", NULL);
	struct err *err;

	if (!pass)
		return err_hint(err_new(KR_ESTORE, "pass is not installed"),
				"install it, or name another store with "
				"--store");
	err = find_gpg_ids(ps, &ids);
	if (!err && !ids.len)
		err = err_new(KR_ESTORE, "the .gpg-id of %s is empty",
			      ps->root);
	return err ? err : check_private_key(ps, ids.data);
}

const struct store_backend backend_pass = {
	.name = "pass",
	.can_prove = true,
	.put_looks = true,
	.open = pass_open,
	.close = pass_close,
	.probe = pass_probe,
	.list = pass_list,
	.put = pass_put,
	.get = pass_get,
};
