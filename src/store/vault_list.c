/* Entries of Vault: their paths, and how they are listed. */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/text.h"
#include "store/meta.h"
#include "store/vault_entry.h"

#define MAX_CUSTOM_BYTES 512 /* of a value; Vault's own limit */

void vault_put_path(struct buf *out, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");
		kr_cleanup(str_freep) char *part = strndup(path, n);

		if (part)
			buf_url(out, part);
		out->failed = out->failed || !part;
		path += n;
		if (*path == '/') {
			buf_putc(out, '/');
			path++;
		}
	}
}

KR_FALLIBLE vault_path(const struct vault_store *vs, const char *kind,
		       const char *id, const char *query, struct buf *out)
{
	vault_put_path(out, vs->mount);
	buf_printf(out, "/%s/", kind);
	vault_put_path(out, vs->path);
	if (id) {
		buf_putc(out, '/');
		buf_url(out, id);
	}
	buf_puts(out, query);
	return buf_check(out, "path");
}

KR_FALLIBLE vault_do(const struct vault_store *vs, const char *method,
		     const char *path, const struct secret *body,
		     bool holds_key, struct vault_reply *out)
{
	const struct vault_request request = { .method = method,
					       .path = path,
					       .body = body,
					       .holds_key = holds_key };

	return vault_ask(vs->vault, &request, out);
}

/* {"custom_metadata": {...}, "cas_required": true} */
static struct err *custom_body(const struct store_meta *meta,
			       struct secret **out)
{
	kr_cleanup(json_freep) struct cJSON *tree = json_object();
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(64 * 1024);
	kr_cleanup(str_freep) char *text = NULL;
	struct cJSON *custom = json_add_object(tree, "custom_metadata");
	const char *at;
	size_t len;
	struct meta_line line;
	bool found = true;
	struct err *err;

	/* Whoever writes there without looking is refused by Vault. */
	json_set_bool(tree, "cas_required", true);
	meta_format(meta, "=", &lines);
	err = buf_check(&lines, "metadata");
	at = buf_str(&lines);
	len = lines.len;
	while (!err && found) {
		kr_cleanup(str_freep) char *name = NULL;
		kr_cleanup(str_freep) char *value = NULL;

		err = meta_next_line(&at, &len, '=', &line, &found);
		if (err || !found)
			break;
		name = strndup(line.name, line.name_len);
		value = text_clean(line.value, line.value_len,
				   MAX_CUSTOM_BYTES);
		if (!name || !value)
			return err_no_memory();
		json_set_str(custom, name, value);
	}
	if (!err)
		err = json_print(tree, &text);
	return err ? err : secret_from_bytes(text, strlen(text), out);
}

/* Only for lists: the entry stands without them, and is read then. */
KR_FALLIBLE vault_put_custom(const struct vault_store *vs,
			     const struct store_meta *meta)
{
	kr_cleanup(vault_reply_release) struct vault_reply reply = { 0 };
	kr_cleanup(buf_release) struct buf path =
		BUF_INIT(VAULT_PATH_MAX_BYTES);
	kr_cleanup(secret_freep) struct secret *body = NULL;
	struct err *err = custom_body(meta, &body);

	if (!err)
		err = vault_path(vs, "metadata", meta->id, "", &path);
	if (!err)
		err = vault_do(vs, "POST", buf_str(&path), body, false, &reply);
	if (err_is(err, KR_ESTORE)) {
		err_free(err);
		err = NULL;
	}
	return err;
}

/* Custom metadata as metadata; empty where there are none of ours. */
static struct err *meta_of_custom(const struct cJSON *custom, const char *id,
				  struct store_meta *out)
{
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(64 * 1024);
	struct err *err;

	for (const struct cJSON *item = json_first(custom); item;
	     item = json_next(item))
		if (json_text(item) && !strpbrk(json_text(item), "\r\n"))
			buf_printf(&lines, "%s=%s\n", json_name(item),
				   json_text(item));
	err = buf_check(&lines, "metadata");
	if (!err)
		err = meta_parse(buf_str(&lines), lines.len, '=', out);
	if (!err && strcmp(out->id, id) != 0)
		err = store_error("StoreFailed", "it speaks of another entry");
	return err;
}

/* An entry that has none, or bad ones, is read itself. */
static struct err *add_entry(struct vault_store *vs, const char *id,
			     const struct vault_reply *reply,
			     struct store_list *out)
{
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	kr_cleanup(secret_freep) struct secret *key = NULL;
	kr_cleanup(buf_release) struct buf line = BUF_INIT(256);
	struct err *err = meta_of_custom(
		json_at(reply->tree, "data.custom_metadata"), id, &meta);

	if (err_is(err, KR_ESTORE)) {
		err_free(err);
		store_meta_release(&meta);
		err = vault_get(vs, id, &meta, &key);
	}
	if (err && (strcmp(err_reason(err), "EntryNotFound") == 0 ||
		    strcmp(err_reason(err), "Mismatch") == 0)) {
		err_free(err);
		store_meta_release(&meta);
		buf_printf(&line, "id=%s\n", id);
		err = meta_parse(buf_str(&line), line.len, '=', &meta);
	}
	return err ? err : store_list_add(out, &meta);
}

static struct err *list_ids(struct vault_store *vs, const char *const *ids,
			    size_t n, struct store_list *out)
{
	char **paths = calloc(n, sizeof(*paths));
	struct vault_reply *replies = calloc(n, sizeof(*replies));
	struct err *err = paths && replies ? NULL : err_no_memory();

	for (size_t i = 0; !err && i < n; i++) {
		struct buf path = BUF_INIT(VAULT_PATH_MAX_BYTES);

		err = vault_path(vs, "metadata", ids[i], "", &path);
		if (!err)
			paths[i] = buf_take(&path);
		buf_release(&path);
	}
	if (!err)
		err = vault_get_all(vs->vault, (const char *const *)paths, n,
				    replies);
	for (size_t i = 0; !err && i < n; i++)
		err = add_entry(vs, ids[i], &replies[i], out);
	for (size_t i = 0; paths && replies && i < n; i++) {
		free(paths[i]);
		vault_reply_release(&replies[i]);
	}
	free(paths);
	free(replies);
	return err;
}

KR_FALLIBLE vault_list(void *state, struct store_list *out)
{
	struct vault_store *vs = state;
	kr_cleanup(vault_reply_release) struct vault_reply reply = { 0 };
	kr_cleanup(buf_release) struct buf path =
		BUF_INIT(VAULT_PATH_MAX_BYTES);
	const struct cJSON *keys;
	const char **ids;
	size_t n = 0;
	struct err *err = vault_path(vs, "metadata", NULL, "?list=true", &path);

	if (!err)
		err = vault_do(vs, "GET", buf_str(&path), NULL, false, &reply);
	if (err || reply.status == 404)
		return err;
	keys = json_at(reply.tree, "data.keys");
	if (!json_is_array(keys))
		return store_error("StoreFailed", "the list is none");
	ids = calloc(json_length(keys) + 1, sizeof(*ids));
	if (!ids)
		return err_no_memory();
	for (const struct cJSON *key = json_first(keys); key;
	     key = json_next(key))
		if (meta_id_is_valid(json_text(key)))
			ids[n++] = json_text(key);
	err = n ? list_ids(vs, ids, n, out) : NULL;
	free(ids);
	return err;
}
