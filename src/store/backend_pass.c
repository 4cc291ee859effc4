#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "store/entrytext.h"
#include "store/meta.h"
#include "store/passname.h"
#include "store/store_backend.h"
#include "store/tool.h"

struct pass_store {
	char *item;
	char *root;   /* the password store */
	char *folder; /* of the item */
	struct proc_env env;
	int64_t timeout_ms;
};

static struct err *out_of_memory(void)
{
	return err_new(KR_ENOMEM, "out of memory");
}

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

static bool item_is_valid(const char *item)
{
	const char *at;

	if (!*item || *item == '/' || strstr(item, "//") ||
	    text_ends_with(item, "/"))
		return false;
	for (at = item; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	/* No ".." and no hidden folder as a part of it. */
	return *item != '.' && !strstr(item, "/.");
}

static struct err *pass_open(const struct store_options *options,
			     const char *where, void **out_state,
			     char **out_label)
{
	kr_cleanup(pass_store_freep) struct pass_store *ps =
		calloc(1, sizeof(*ps));
	const char *item = where ? where : options->item;
	char *label = NULL;
	struct err *err;

	if (!ps)
		return out_of_memory();
	if (item)
		ps->item = strdup(item);
	else if (asprintf(&ps->item, "keyrot/%s",
			  options->service ? options->service : "keys") < 0)
		ps->item = NULL;
	if (!ps->item)
		return out_of_memory();
	if (!item_is_valid(ps->item))
		return err_new(KR_ECONFIG, "\"%s\" cannot name an item of pass",
			       ps->item);
	ps->root = store_root();
	ps->folder = ps->root ? file_join(ps->root, ps->item) : NULL;
	err = tool_timeout(options, &ps->timeout_ms);
	if (err)
		return err;
	pass_env(&ps->env);
	if (!ps->folder || asprintf(&label, "pass: %s", ps->item) < 0)
		return out_of_memory();
	*out_label = label;
	*out_state = take_ptr(&ps);
	return NULL;
}

static struct err *add_listed(const char *file, struct store_list *out)
{
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(4096);
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	struct err *err;

	if (!passname_parse(file, &lines))
		return NULL;
	err = meta_parse(buf_str(&lines), lines.len, ':', &meta);
	if (err_is(err, KR_ENOMEM))
		return err;
	if (err) {
		err_free(err);
		return NULL;
	}
	return store_list_add(out, &meta);
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

/* The one entry with this id: its name in the password store. */
static struct err *find_entry(struct pass_store *ps, const char *id,
			      struct store_meta *out)
{
	kr_cleanup(store_list_release) struct store_list list = { 0 };
	const struct store_meta *found = NULL;
	struct err *err = pass_list(ps, &list);

	for (size_t i = 0; !err && i < list.count; i++) {
		if (strcmp(list.items[i].id, id) != 0)
			continue;
		if (found)
			return store_error("Mismatch",
					   "two keys were put under this id");
		found = &list.items[i];
	}
	if (!err && !found)
		return store_error("EntryNotFound", "there is no entry %s", id);
	return err ? err : meta_copy(found, out);
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

static struct err *insert(const struct pass_store *ps, const char *name,
			  const struct secret *text, const struct secret *key)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct err *err =
		run_pass(ps,
			 (const char *[]){ "pass", "insert", "--multiline",
					   "--", name, NULL },
			 text, key, &result);

	if (err || result.exit_code == 0)
		return err;
	return tool_failed("pass insert", &result);
}

static struct err *pass_put(void *state, const struct store_meta *meta,
			    const struct secret *key)
{
	struct pass_store *ps = state;
	kr_cleanup(secret_freep) struct secret *text = NULL;
	kr_cleanup(store_meta_release) struct store_meta there = { 0 };
	kr_cleanup(str_freep) char *name = passname_format(ps->item, meta);
	kr_cleanup(file_unlockp) int lock = -1;
	struct err *err =
		name ? entrytext_format(meta, key, &text) : out_of_memory();

	/* pass has no lock: two keys would come under one id. */
	if (!err && file_exists(ps->root))
		err = file_lock(ps->root, &lock);
	if (err)
		return err;
	err = find_entry(ps, meta->id, &there);
	if (!err)
		return store_error("EntryExists", "entry %s exists already",
				   meta->id);
	if (strcmp(err_reason(err), "EntryNotFound") != 0)
		return err;
	err_free(err);
	return insert(ps, name, text, key);
}

/* gpg's own words, asked for in English. */
static struct err *show_failed(const struct tool_result *result)
{
	static const char *const damaged[] = {
		"decrypt_message failed",
		"no valid OpenPGP data",
		"invalid packet",
		"Invalid packet",
		"No data",
		"encrypted message has been manipulated",
	};
	struct err *err = tool_failed("pass show", result);

	for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++)
		if (strstr(result->complaint, damaged[i]))
			return err_set_reason(err, "Mismatch");
	return err_hint(err_set_reason(err, "Locked"),
			"try: gpg --decrypt of a file in the password store; "
			"in a terminal, export GPG_TTY=$(tty)");
}

static struct err *pass_get(void *state, const char *id,
			    struct store_meta *out_meta,
			    struct secret **out_key)
{
	struct pass_store *ps = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	kr_cleanup(store_meta_release) struct store_meta listed = { 0 };
	kr_cleanup(secret_freep) struct secret *key = NULL;
	kr_cleanup(str_freep) char *name = NULL;
	struct err *err = find_entry(ps, id, &listed);

	if (err)
		return err;
	name = passname_format(ps->item, &listed);
	if (!name)
		return out_of_memory();
	err = run_pass(ps, (const char *[]){ "pass", "show", "--", name, NULL },
		       NULL, NULL, &result);
	if (err)
		return err;
	if (result.exit_code != 0)
		return show_failed(&result);
	err = entrytext_parse(result.output, out_meta, &key);
	if (!err && strcmp(out_meta->fingerprint, listed.fingerprint) != 0)
		err = store_error("Mismatch",
				  "its name and its text speak of two keys");
	if (err)
		return err;
	*out_key = take_ptr(&key);
	return NULL;
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
	.open = pass_open,
	.close = pass_close,
	.probe = pass_probe,
	.list = pass_list,
	.put = pass_put,
	.get = pass_get,
};
