/*
 * Vault's key-value engine, version 2. An entry is a path of its own,
 * MOUNT/PATH/ID, that is written once, by check-and-set from "nothing was ever
 * here": {"key": first line, "metadata": the rest} of entrytext.h. Custom
 * metadata say the same for lists, which then need no key.
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "store/entrytext.h"
#include "store/named.h"
#include "store/vault_entry.h"

static void backend_close(void *state)
{
	struct vault_store *vs = state;

	if (!vs)
		return;
	vault_free(vs->vault);
	free(vs->mount);
	free(vs->path);
	free(vs);
}

static void vault_store_freep(struct vault_store **p)
{
	backend_close(*p);
}

static struct err *backend_open(const struct store_options *options,
				const char *where, void **out_state,
				char **out_label)
{
	kr_cleanup(vault_store_freep) struct vault_store *vs =
		calloc(1, sizeof(*vs));
	const char *mount = json_member_str(options->config, "mount");
	struct err *err;

	if (!vs)
		return err_no_memory();
	err = named_item(options, where, &vs->path);
	if (!err)
		err = vault_new(options, &vs->vault);
	if (err)
		return err;
	vs->mount = strdup(mount && *mount ? mount : "secret");
	if (!vs->mount ||
	    asprintf(out_label, "vault: %s %s/%s", vault_where(vs->vault),
		     vs->mount, vs->path) < 0)
		return err_no_memory();
	*out_state = take_ptr(&vs);
	return NULL;
}

/* The text of an entry; "Mismatch" where it is not as it was written. */
static struct err *take_text(const struct vault_reply *reply,
			     struct secret **out)
{
	const struct cJSON *data = json_at(reply->tree, "data.data");
	const char *line = json_member_str(data, "key");
	const char *rest = json_member_str(data, "metadata");
	kr_cleanup(secret_freep) struct secret *first = NULL;
	struct err *err;

	/* A KV engine of version 1 has no versions: others may overwrite. */
	if (!line || !rest ||
	    json_int(reply->tree, "data.metadata.version", 0) != 1)
		return store_error("Mismatch", "what is there is no entry");
	if (*json_str_or(reply->tree, "data.metadata.deletion_time", ""))
		return err_hint(store_error("Mismatch",
					    "Vault is going to delete this "
					    "entry by itself"),
				"set delete_version_after of the mount to 0s");
	err = secret_from_bytes(line, strlen(line), &first);
	return err ? err : entrytext_join(first, rest, strlen(rest), out);
}

static struct err *missing(const struct vault_reply *reply, const char *id)
{
	/* A deleted version is said to have been there. */
	if (json_at(reply->tree, "data.metadata"))
		return err_hint(store_error("EntryNotFound",
					    "entry %s was deleted in Vault",
					    id),
				"it may come back: vault kv undelete "
				"-versions=1");
	return store_error("EntryNotFound", "there is no entry %s", id);
}

/* Always its first version: no later one is ours. */
KR_FALLIBLE vault_get(void *state, const char *id, struct store_meta *out_meta,
		      struct secret **out_key)
{
	const struct vault_store *vs = state;
	kr_cleanup(vault_reply_release) struct vault_reply reply = { 0 };
	kr_cleanup(buf_release) struct buf path =
		BUF_INIT(VAULT_PATH_MAX_BYTES);
	kr_cleanup(secret_freep) struct secret *text = NULL;
	struct err *err = vault_path(vs, "data", id, "?version=1", &path);

	if (!err)
		err = vault_do(vs, "GET", buf_str(&path), NULL, true, &reply);
	if (err)
		return err;
	if (reply.status == 404)
		return missing(&reply, id);
	err = take_text(&reply, &text);
	return err ? err : entrytext_parse(text, out_meta, out_key);
}

static struct err *data_body(const struct secret *text, struct secret **out)
{
	kr_cleanup(json_freep) struct cJSON *rest_tree = json_object();
	kr_cleanup(secret_freep) struct secret *line = NULL;
	kr_cleanup(buf_release) struct buf after = BUF_INIT(256 * 1024);
	kr_cleanup(str_freep) char *json = NULL;
	const char *rest = NULL;
	struct err *err = entrytext_split(text, &line, &rest);

	if (!err)
		json_set_str(rest_tree, "metadata", rest);
	if (!err)
		err = json_print(rest_tree, &json);
	if (err)
		return err;
	/* The line needs no escapes, see entrytext.h. */
	buf_printf(&after, "\",%s}", json + 1);
	err = buf_check(&after, "metadata");
	if (err)
		return err;
	return entrytext_wrap("{\"options\":{\"cas\":0},\"data\":{\"key\":\"",
			      line, buf_str(&after), out);
}

static struct err *put_failed(struct err *take_err, const char *id)
{
	if (strcmp(err_reason(take_err), "EntryExists") != 0)
		return take_err;
	err_free(take_err);
	return store_error("EntryExists", "entry %s exists already, or did",
			   id);
}

static struct err *backend_put(void *state, const struct store_meta *meta,
			       const struct secret *key)
{
	const struct vault_store *vs = state;
	kr_cleanup(vault_reply_release) struct vault_reply reply = { 0 };
	kr_cleanup(buf_release) struct buf path =
		BUF_INIT(VAULT_PATH_MAX_BYTES);
	kr_cleanup(secret_freep) struct secret *text = NULL;
	kr_cleanup(secret_freep) struct secret *body = NULL;
	struct err *err = entrytext_format(meta, key, &text);

	if (!err)
		err = data_body(text, &body);
	if (!err)
		err = vault_path(vs, "data", meta->id, "", &path);
	if (err)
		return err;
	err = vault_do(vs, "POST", buf_str(&path), body, true, &reply);
	if (err)
		return put_failed(err, meta->id);
	if (reply.status == 404 || json_int(reply.tree, "data.version", 0) != 1)
		return err_hint(store_error("StoreFailed",
					    "%s is no KV engine of version 2",
					    vs->mount),
				"name another mount: in the configuration's "
				"store");
	return vault_put_custom(vs, meta);
}

/* That nothing there is going to be deleted; not to be allowed to see is
 * fine: what was put is looked at, too. */
static struct err *check_config(struct vault_store *vs)
{
	kr_cleanup(vault_reply_release) struct vault_reply reply = { 0 };
	kr_cleanup(buf_release) struct buf path =
		BUF_INIT(VAULT_PATH_MAX_BYTES);
	const char *after;
	struct err *err;

	vault_put_path(&path, vs->mount);
	buf_puts(&path, "/config");
	err = buf_check(&path, "path");
	if (!err)
		err = vault_do(vs, "GET", buf_str(&path), NULL, false, &reply);
	if (err && strcmp(err_reason(err), "StoreFailed") == 0) {
		err_free(err);
		return NULL;
	}
	if (err)
		return err;
	after = json_str_or(reply.tree, "data.delete_version_after", "0s");
	if (strcmp(after, "0s") == 0)
		return NULL;
	return err_hint(store_error("StoreFailed",
				    "the mount %s deletes what is older than "
				    "%.20s",
				    vs->mount, after),
			"name another mount, or set its delete_version_after "
			"to 0s");
}

static struct err *backend_probe(void *state)
{
	struct vault_store *vs = state;
	kr_cleanup(store_list_release) struct store_list list = { 0 };
	kr_cleanup(vault_reply_release) struct vault_reply reply = { 0 };
	kr_cleanup(buf_release) struct buf path =
		BUF_INIT(VAULT_PATH_MAX_BYTES);
	const char *type, *version;
	struct err *err;

	buf_puts(&path, "sys/internal/ui/mounts/");
	vault_put_path(&path, vs->mount);
	err = buf_check(&path, "path");
	if (!err)
		err = vault_do(vs, "GET", buf_str(&path), NULL, false, &reply);
	if (err)
		return err;
	type = json_str_or(reply.tree, "data.type", "");
	version = json_str_or(reply.tree, "data.options.version", "1");
	if (strcmp(type, "kv") != 0 || strcmp(version, "2") != 0)
		return err_hint(store_error("StoreFailed",
					    "%s is no KV engine of version 2",
					    vs->mount),
				"name another mount, or: vault secrets enable "
				"-path=%s -version=2 kv",
				vs->mount);
	err = check_config(vs);
	return err ? err : vault_list(vs, &list);
}

const struct store_backend backend_vault = {
	.name = "vault",
	.can_prove = true,
	.put_looks = true,
	.open = backend_open,
	.close = backend_close,
	.probe = backend_probe,
	.list = vault_list,
	.put = backend_put,
	.get = vault_get,
};
