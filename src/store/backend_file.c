#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "store/cms.h"
#include "store/fileentry.h"
#include "store/filekey.h"
#include "store/meta.h"
#include "store/passphrase.h"
#include "store/store_backend.h"

#define SUFFIX ".pem"
#define TRIES  3

struct file_store {
	char *folder;
	char *entries;
	char *recipients;
	char *key_path;
	char *cert_path;
	char *common_name;
	struct passphrase_source source;
	EVP_PKEY *key; /* once unlocked */
};

static void file_close(void *state)
{
	struct file_store *fs = state;

	if (!fs)
		return;
	EVP_PKEY_free(fs->key);
	free(fs->folder);
	free(fs->entries);
	free(fs->recipients);
	free(fs->key_path);
	free(fs->cert_path);
	free(fs->common_name);
	free(fs);
}

static void file_store_freep(struct file_store **p)
{
	file_close(*p);
}

/* $XDG_DATA_HOME/keyrot/<service>; the variable counts only if absolute. */
static struct err *default_folder(const char *service, char **out)
{
	const char *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	int n;

	if (!meta_id_is_valid(service))
		return err_new(KR_ECONFIG,
			       "the service's name cannot name a folder");
	if (data && *data == '/')
		n = asprintf(out, "%s/keyrot/%s", data, service);
	else if (home && *home == '/')
		n = asprintf(out, "%s/.local/share/keyrot/%s", home, service);
	else
		return err_hint(err_new(KR_ESTORE, "HOME is not set"),
				"name the folder: --store=file:FOLDER");
	return n < 0 ? err_no_memory() : NULL;
}

static struct err *find_folder(const struct store_options *options,
			       const char *where, char **out)
{
	const char *home = getenv("HOME");

	if (!where && options->config)
		where = json_member_str(options->config, "path");
	if (!where)
		return default_folder(options->service ? options->service : "",
				      out);
	/* A shell leaves the tilde of --store=file:~/keys as it is. */
	*out = where[0] == '~' && where[1] == '/' && home
		       ? file_join(home, where + 2)
		       : strdup(where);
	return *out ? NULL : err_no_memory();
}

static struct err *file_open(const struct store_options *options,
			     const char *where, void **out_state,
			     char **out_label)
{
	kr_cleanup(file_store_freep) struct file_store *fs =
		calloc(1, sizeof(*fs));
	struct err *err;
	char *label = NULL;

	if (!fs)
		return err_no_memory();
	err = find_folder(options, where, &fs->folder);
	if (err)
		return err;
	fs->entries = file_join(fs->folder, "entries");
	fs->recipients = file_join(fs->folder, "recipients");
	fs->key_path = file_join(fs->folder, "store.key");
	fs->cert_path = file_join(fs->folder, "recipients/store.crt");
	if (asprintf(&fs->common_name, "keyrot %s",
		     options->service ? options->service : "store") < 0)
		fs->common_name = NULL;
	fs->source.file = options->passphrase_file;
	fs->source.may_ask = options->may_ask;
	if (!fs->entries || !fs->recipients || !fs->key_path ||
	    !fs->cert_path || !fs->common_name ||
	    asprintf(&label, "file:%s", fs->folder) < 0)
		return err_no_memory();
	*out_label = label;
	*out_state = take_ptr(&fs);
	return NULL;
}

/* The nearest folder that is there must be writable. */
static struct err *check_writable(const char *folder)
{
	kr_cleanup(str_freep) char *path = strdup(folder);

	while (path && !file_exists(path)) {
		char *parent = file_dirname(path);

		free(path);
		path = parent;
	}
	if (!path)
		return err_no_memory();
	if (access(path, W_OK | X_OK) != 0)
		return err_errno(KR_ESTORE, "folder %s", path);
	return NULL;
}

static struct err *open_key(struct file_store *fs)
{
	bool encrypted = true;
	struct err *err = filekey_is_encrypted(fs->key_path, &encrypted);

	if (err)
		return err;
	if (!encrypted)
		return filekey_read(fs->key_path, NULL, &fs->key);
	for (int i = 1;; i++) {
		kr_cleanup(secret_freep) struct secret *passphrase = NULL;

		err = passphrase_get(&fs->source, fs->key_path, &passphrase);
		if (err)
			return err;
		err = filekey_read(fs->key_path, passphrase, &fs->key);
		if (!err || i == TRIES || !passphrase_is_asked(&fs->source) ||
		    strcmp(err_reason(err), "Locked") != 0)
			return err;
		err_free(err);
	}
}

/* Of two that set up the same store, the one that comes second joins. */
static struct err *make_key(struct file_store *fs)
{
	kr_cleanup(secret_freep) struct secret *passphrase = NULL;
	struct err *err = passphrase_available(&fs->source);

	if (!err)
		err = file_make_dirs(fs->folder);
	if (!err)
		err = passphrase_get_new(&fs->source, fs->key_path,
					 &passphrase);
	if (!err)
		err = filekey_make(fs->key_path, passphrase, &fs->key);
	if (!err_is(err, KR_ECONFLICT))
		return err;
	err_free(err);
	return open_key(fs);
}

static struct err *unlock(struct file_store *fs)
{
	if (fs->key)
		return NULL;
	if (!file_exists(fs->key_path))
		return err_hint(
			store_error("Locked",
				    "%s is not there, so that no "
				    "entry can be read back",
				    fs->key_path),
			"restore it from a backup, or name another store");
	return open_key(fs);
}

static struct err *file_probe(void *state)
{
	struct file_store *fs = state;
	bool encrypted = true;
	struct err *err = check_writable(fs->folder);

	if (err)
		return err;
	/* Without anyone to ask, whether it opens can be looked at. */
	if (file_exists(fs->key_path) && !passphrase_is_asked(&fs->source))
		return unlock(fs);
	if (file_exists(fs->key_path))
		err = filekey_is_encrypted(fs->key_path, &encrypted);
	return err || !encrypted ? err : passphrase_available(&fs->source);
}

static struct err *count_recipients(const struct file_store *fs, size_t *out)
{
	kr_cleanup(cms_recipients_freep) struct cms_recipients *list = NULL;
	struct err *err = cms_recipients_read(fs->recipients, &list);

	if (err)
		return err;
	*out = cms_recipients_count(list);
	return NULL;
}

/* Unlocked, or set up where nothing is there yet. */
static struct err *file_ready(void *state)
{
	struct file_store *fs = state;
	size_t count = 0;
	struct err *err = count_recipients(fs, &count);

	if (err)
		return err;
	if (count)
		return unlock(fs);
	err = file_exists(fs->key_path) ? unlock(fs) : make_key(fs);
	if (!err)
		err = file_make_dirs(fs->recipients);
	if (!err)
		err = filekey_write_cert(fs->cert_path, fs->key,
					 fs->common_name);
	if (err_is(err, KR_ECONFLICT)) {
		err_free(err);
		err = NULL;
	}
	return err;
}

static char *entry_path(const struct file_store *fs, const char *id)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s" SUFFIX, fs->entries, id) < 0)
		return NULL;
	return path;
}

static struct err *read_meta(const char *path, struct store_meta *out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(FILEENTRY_MAX_BYTES);
	struct fileentry parts = { 0 };
	struct err *err = file_read(path, &text);

	if (!err)
		err = fileentry_split(&text, &parts);
	if (!err)
		err = fileentry_meta(&parts, out);
	return err;
}

/* Only the id: what else it holds cannot be read. */
static struct err *bare_meta(const char *id, struct store_meta *out)
{
	kr_cleanup(buf_release) struct buf line = BUF_INIT(1000);

	buf_printf(&line, "id: %s\n", id);
	return meta_parse(buf_str(&line), line.len, ':', out);
}

static struct err *list_one(const struct file_store *fs, const char *id,
			    struct store_list *out)
{
	kr_cleanup(str_freep) char *path = entry_path(fs, id);
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	struct err *err;

	if (!path)
		return err_no_memory();
	err = read_meta(path, &meta);
	if (err_is(err, KR_ENOMEM) || err_is(err, KR_EINTERRUPTED))
		return err;
	if (err || strcmp(meta.id, id) != 0) {
		err_free(err);
		store_meta_release(&meta);
		err = bare_meta(id, &meta);
	}
	return err ? err : store_list_add(out, &meta);
}

static struct err *file_list(void *state, struct store_list *out)
{
	const struct file_store *fs = state;
	kr_cleanup(file_list_release) struct file_list files = { 0 };
	struct err *err = file_list_dir(fs->entries, &files);

	for (size_t i = 0; !err && i < files.count; i++) {
		char *name = files.names[i];

		if (!text_ends_with(name, SUFFIX))
			continue;
		name[strlen(name) - strlen(SUFFIX)] = '\0';
		if (meta_id_is_valid(name))
			err = list_one(fs, name, out);
	}
	return err;
}

static struct err *file_put(void *state, const struct store_meta *meta,
			    const struct secret *key)
{
	struct file_store *fs = state;
	kr_cleanup(str_freep) char *path = entry_path(fs, meta->id);
	kr_cleanup(buf_release) struct buf text = BUF_INIT(FILEENTRY_MAX_BYTES);
	size_t count = 0;
	struct err *err = path ? count_recipients(fs, &count) : err_no_memory();

	if (!err && !count)
		err = file_ready(fs);
	if (!err)
		err = file_make_dirs(fs->entries);
	if (!err)
		err = fileentry_format(meta, key, fs->recipients, &text);
	if (!err)
		err = file_write_new(path, text.data, text.len);
	if (err_is(err, KR_ECONFLICT))
		err = err_set_reason(err, "EntryExists");
	return err;
}

static struct err *file_get(void *state, const char *id,
			    struct store_meta *out_meta,
			    struct secret **out_key)
{
	struct file_store *fs = state;
	kr_cleanup(str_freep) char *path = entry_path(fs, id);
	kr_cleanup(buf_release) struct buf text = BUF_INIT(FILEENTRY_MAX_BYTES);
	kr_cleanup(secret_freep) struct secret *key = NULL;
	struct fileentry parts = { 0 };
	struct err *err = path ? file_read(path, &text) : err_no_memory();

	if (err_is(err, KR_ENOTFOUND))
		return err_set_reason(err, "EntryNotFound");
	if (!err)
		err = fileentry_split(&text, &parts);
	if (!err)
		err = fileentry_meta(&parts, out_meta);
	if (!err)
		err = unlock(fs);
	if (!err)
		err = cms_open(parts.pem, parts.pem_len, fs->key, &key);
	if (err)
		return err;
	err = fileentry_check(&parts, key);
	if (err)
		return err;
	*out_key = take_ptr(&key);
	return NULL;
}

const struct store_backend backend_file = {
	.name = "file",
	.can_prove = true,
	.has_passphrase = true,
	.open = file_open,
	.close = file_close,
	.probe = file_probe,
	.ready = file_ready,
	.list = file_list,
	.put = file_put,
	.get = file_get,
};
