#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "store/entrytext.h"
#include "store/keepass.h"
#include "store/meta.h"
#include "store/named.h"

/*
 * keepassxc-cli: each run opens the database with the password on its standard
 * input. The entry's first line is the password of an entry of KeePass, the
 * rest its notes.
 */

#define MAX_DATABASE (256u * 1024 * 1024)

static void keepass_close(void *state)
{
	struct keepass_store *ks = state;

	if (!ks)
		return;
	free(ks->file);
	free(ks->folder);
	free(ks->group);
	free(ks->key_file);
	proc_env_release(&ks->env);
	secret_free(ks->password);
	free(ks);
}

static void keepass_store_freep(struct keepass_store **p)
{
	keepass_close(*p);
}

static struct err *take_places(struct keepass_store *ks,
			       const struct store_options *options,
			       const char *where)
{
	const char *key_file = json_member_str(options->config, "keyFile");
	kr_cleanup(str_freep) char *here =
		options->config_path ? file_dirname(options->config_path)
				     : strdup(".");
	kr_cleanup(str_freep) char *path = NULL;

	if (!where || !*where)
		return err_hint(err_new(KR_EUSAGE, "no database is named"),
				"--store=keepassxc:FILE.kdbx, or path: in the "
				"configuration");
	path = here ? file_join(here, where) : NULL;
	/* Absolute, and the file itself: a copy is to take its place. */
	ks->file = path ? realpath(path, NULL) : NULL;
	if (!ks->file)
		ks->file = take_ptr(&path);
	ks->folder = ks->file ? file_dirname(ks->file) : NULL;
	if (key_file && here)
		ks->key_file = file_join(here, key_file);
	if (!ks->folder || (key_file && !ks->key_file))
		return err_no_memory();
	return named_item(options, NULL, &ks->group);
}

static struct err *keepass_open(const struct store_options *options,
				const char *where, void **out_state,
				char **out_label)
{
	kr_cleanup(keepass_store_freep) struct keepass_store *ks =
		calloc(1, sizeof(*ks));
	struct err *err;

	if (!ks)
		return err_no_memory();
	ks->source = (struct passphrase_source){
		.file = options->passphrase_file,
		.may_ask = options->may_ask,
	};
	err = take_places(ks, options, where);
	if (!err)
		err = tool_timeout(options, &ks->timeout_ms);
	if (!err)
		err = named_label("keepassxc", where, out_label);
	if (err)
		return err;
	tool_session_env(&ks->env);
	/* What it says is looked into. */
	proc_env_set(&ks->env, "LC_ALL", "C.UTF-8");
	*out_state = take_ptr(&ks);
	return NULL;
}

static struct err *keepass_list(void *state, struct store_list *out)
{
	struct keepass_store *ks = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	const struct keepass_run run = {
		.command = (const char *[]){ "ls", NULL },
		.entry = ks->group,
	};
	struct err *err = keepass_run(ks, &run, &result);

	if (err)
		return err;
	ks->group_is_there = result.exit_code == 0;
	if (strstr(result.said, "Cannot find group"))
		return NULL;
	if (result.exit_code != 0)
		return tool_failed("keepassxc-cli ls", &result);
	return named_add_lines(result.output, NULL, out);
}

/* The group and those above it; one that is there already is no failure. */
static struct err *make_groups(struct keepass_store *ks)
{
	kr_cleanup(str_freep) char *path = strdup(ks->group);
	struct err *err = NULL;

	if (!path)
		return err_no_memory();
	for (char *at = path; !err && at && !ks->group_is_there;) {
		kr_cleanup(
			tool_result_release) struct tool_result result = { 0 };
		const struct keepass_run run = {
			.command = (const char *[]){ "mkdir", NULL },
			.entry = path,
		};

		at = strchr(at, '/');
		if (at)
			*at = '\0';
		err = keepass_run(ks, &run, &result);
		if (!err && result.exit_code != 0 &&
		    !strstr(result.said, "already exists"))
			err = tool_failed("keepassxc-cli mkdir", &result);
		if (at)
			*at++ = '/';
	}
	return err;
}

static struct err *add_entry(struct keepass_store *ks, const char *name,
			     const struct secret *text,
			     const struct secret *key, struct tool_result *out)
{
	kr_cleanup(secret_freep) struct secret *line = NULL;
	kr_cleanup(secret_freep) struct secret *ended = NULL;
	const char *notes = NULL;
	struct keepass_run run = { .entry = name, .key = key };
	struct err *err = entrytext_split(text, &line, &notes);

	/* Each prompt reads a line, which has to end. */
	if (!err)
		err = entrytext_join(line, "", 0, &ended);
	if (!err)
		err = make_groups(ks);
	if (err)
		return err;
	run.line = ended;
	run.command = (const char *[]){ "add", "--password-prompt", "--notes",
					notes, NULL };
	return keepass_run(ks, &run, out);
}

/* Into the copy, and then looked at: what it says of itself counts little. */
static struct err *add_to_copy(struct keepass_store *ks, const char *name,
			       const struct secret *text,
			       const struct secret *key)
{
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	kr_cleanup(store_list_release) struct store_list list = { 0 };
	kr_cleanup(store_list_release) struct store_list wanted = { 0 };
	struct err *err = add_entry(ks, name, text, key, &result);

	if (!err)
		err = keepass_list(ks, &list);
	if (!err)
		err = named_add_of(ks->group, name, &wanted);
	if (err)
		return err;
	for (size_t i = 0; wanted.count && i < list.count; i++)
		if (strcmp(list.items[i].id, wanted.items[0].id) == 0)
			return NULL;
	if (result.exit_code != 0)
		return tool_failed("keepassxc-cli add", &result);
	return store_error("EntryNotFound",
			   "it was said to be saved, but is not there");
}

static bool same_bytes(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/*
 * keepassxc-cli writes a copy, which then takes the place of the database: on
 * a full disk it empties the file that it saves to, and says that all is well.
 */
static struct err *keepass_insert(void *state, const char *name,
				  const struct secret *text,
				  const struct secret *key)
{
	struct keepass_store *ks = state;
	kr_cleanup(buf_release) struct buf before = BUF_INIT(MAX_DATABASE);
	kr_cleanup(buf_release) struct buf after = BUF_INIT(MAX_DATABASE);
	kr_cleanup(str_freep) char *copy = NULL;
	char *database = ks->file;
	struct err *err = file_read(database, &before);

	if (asprintf(&copy, "%s.keyrot-new", database) < 0)
		copy = NULL;
	if (!err && !copy)
		err = err_no_memory();
	/* One that was left behind by a run that was killed. */
	if (!err)
		err = file_remove(copy);
	if (!err)
		err = file_write_new(copy, before.data, before.len);
	if (err)
		return err;
	ks->file = copy;
	err = add_to_copy(ks, name, text, key);
	ks->file = database;
	if (!err)
		err = file_read(database, &after);
	if (!err && !same_bytes(&before, &after))
		err = store_error("StoreFailed", "another program changed the "
						 "database meanwhile");
	if (!err)
		err = file_move(copy, database);
	if (err)
		err_free(file_remove(copy));
	return err;
}

static struct err *keepass_show(void *state, const char *name,
				struct secret **out_text)
{
	struct keepass_store *ks = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	const struct keepass_run run = {
		.command = (const char *[]){ "show", "--show-protected",
					     "--attributes", "Password",
					     "--attributes", "Notes", NULL },
		.entry = name,
	};
	struct err *err = keepass_run(ks, &run, &result);

	if (err)
		return err;
	if (strstr(result.said, "Could not find entry"))
		return store_error("EntryNotFound", "there is no entry %s",
				   name);
	if (result.exit_code != 0)
		return tool_failed("keepassxc-cli show", &result);
	*out_text = take_ptr(&result.output);
	return NULL;
}

static const struct named_tool keepass_tool = {
	.list = keepass_list,
	.insert = keepass_insert,
	.show = keepass_show,
};

/* It takes "\n" for a line break, and fills in "{...}". */
static void make_plain(struct store_meta *meta)
{
	char *const texts[] = { meta->rotation, meta->operator_, meta->service,
				meta->secret, meta->ledger };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (char *at = texts[i]; at && *at; at++)
			if (*at == '\\' || *at == '{')
				*at = '/';
}

static struct err *keepass_put(void *state, const struct store_meta *meta,
			       const struct secret *key)
{
	const struct keepass_store *ks = state;
	kr_cleanup(store_meta_release) struct store_meta plain = { 0 };
	struct err *err = meta_copy(meta, &plain);

	if (err)
		return err;
	make_plain(&plain);
	/* A run that saves replaces the file: its folder is what stays. */
	return named_put(&keepass_tool, state, ks->group, ks->folder, &plain,
			 key);
}

static struct err *keepass_get(void *state, const char *id,
			       struct store_meta *out_meta,
			       struct secret **out_key)
{
	const struct keepass_store *ks = state;

	return named_get(&keepass_tool, state, ks->group, id, out_meta,
			 out_key);
}

static struct err *keepass_probe(void *state)
{
	struct keepass_store *ks = state;
	kr_cleanup(str_freep) char *tool = proc_find("keepassxc-cli", NULL);
	kr_cleanup(store_list_release) struct store_list list = { 0 };

	if (!tool)
		return err_hint(err_new(KR_ESTORE, "keepassxc-cli is not "
						   "installed"),
				"install keepassxc, or name another store "
				"with --store");
	if (!file_is_regular(ks->file))
		return err_hint(err_new(KR_ESTORE, "%s is no file", ks->file),
				"make it: keepassxc-cli db-create "
				"--set-password %s",
				ks->file);
	/* Without anyone to ask, whether it opens can be looked at. */
	if (ks->password || !passphrase_is_asked(&ks->source))
		return keepass_list(ks, &list);
	return passphrase_available(&ks->source);
}

const struct store_backend backend_keepassxc = {
	.name = "keepassxc",
	.can_prove = true,
	.has_passphrase = true,
	.put_looks = true,
	.open = keepass_open,
	.close = keepass_close,
	.probe = keepass_probe,
	.list = keepass_list,
	.put = keepass_put,
	.get = keepass_get,
};
