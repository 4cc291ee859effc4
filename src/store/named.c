#include "store/named.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "store/entrytext.h"
#include "store/meta.h"
#include "store/passname.h"

KR_FALLIBLE named_add(const char *name, struct store_list *out)
{
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(4096);
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	struct err *err;

	if (!passname_parse(name, &lines))
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

KR_FALLIBLE named_add_of(const char *item, const char *name,
			 struct store_list *out)
{
	size_t n = strlen(item);

	if (strncmp(name, item, n) != 0 || name[n] != '/')
		return NULL;
	return named_add(name + n + 1, out);
}

KR_FALLIBLE named_add_lines(const struct secret *lines, const char *item,
			    struct store_list *out)
{
	const char *at = (const char *)secret_expose(lines);
	struct err *err = NULL;

	while (!err && *at) {
		size_t n = strcspn(at, "\r\n");
		kr_cleanup(str_freep) char *name = strndup(at, n);

		if (!name)
			return err_no_memory();
		err = item ? named_add_of(item, name, out)
			   : named_add(name, out);
		at += n + (at[n] != '\0');
	}
	return err;
}

KR_FALLIBLE named_label(const char *type, const char *where, char **out)
{
	char *label = NULL;

	if (asprintf(&label, "%s:%s", type, where) < 0)
		return err_no_memory();
	*out = label;
	return NULL;
}

/* The one entry with this id, as its name describes it. */
static struct err *find_entry(const struct named_tool *tool, void *state,
			      const char *id, struct store_meta *out)
{
	kr_cleanup(store_list_release) struct store_list list = { 0 };
	const struct store_meta *found = NULL;
	struct err *err = tool->list(state, &list);

	for (size_t i = 0; !err && i < list.count; i++) {
		if (strcmp(list.items[i].id, id) != 0)
			continue;
		if (found &&
		    strcmp(found->fingerprint, list.items[i].fingerprint) != 0)
			return store_error("Mismatch",
					   "two keys were put under this id");
		found = &list.items[i];
	}
	if (!err && !found)
		return store_error("EntryNotFound", "there is no entry %s", id);
	return err ? err : meta_copy(found, out);
}

KR_FALLIBLE named_put(const struct named_tool *tool, void *state,
		      const char *item, const char *lock_path,
		      const struct store_meta *meta, const struct secret *key)
{
	kr_cleanup(secret_freep) struct secret *text = NULL;
	kr_cleanup(store_meta_release) struct store_meta there = { 0 };
	kr_cleanup(str_freep) char *name = passname_format(item, meta);
	kr_cleanup(file_unlockp) int lock = -1;
	struct err *err =
		name ? entrytext_format(meta, key, &text) : err_no_memory();

	if (!err && lock_path && file_exists(lock_path))
		err = file_lock(lock_path, &lock);
	if (err)
		return err;
	err = find_entry(tool, state, meta->id, &there);
	if (!err)
		return store_error("EntryExists", "entry %s exists already",
				   meta->id);
	if (strcmp(err_reason(err), "EntryNotFound") != 0)
		return err;
	err_free(err);
	return tool->insert(state, name, text, key);
}

KR_FALLIBLE named_get(const struct named_tool *tool, void *state,
		      const char *item, const char *id,
		      struct store_meta *out_meta, struct secret **out_key)
{
	kr_cleanup(store_meta_release) struct store_meta listed = { 0 };
	kr_cleanup(secret_freep) struct secret *text = NULL;
	kr_cleanup(secret_freep) struct secret *key = NULL;
	kr_cleanup(str_freep) char *name = NULL;
	struct err *err = find_entry(tool, state, id, &listed);

	if (err)
		return err;
	name = passname_format(item, &listed);
	if (!name)
		return err_no_memory();
	err = tool->show(state, name, &text);
	if (!err)
		err = entrytext_parse(text, out_meta, &key);
	if (!err && strcmp(out_meta->fingerprint, listed.fingerprint) != 0)
		err = store_error("Mismatch",
				  "its name and its text speak of two keys");
	if (err)
		return err;
	*out_key = take_ptr(&key);
	return NULL;
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
	return *item != '.' && *item != '-' && !strstr(item, "/.");
}

KR_FALLIBLE named_item(const struct store_options *options, const char *where,
		       char **out)
{
	const char *named = where ? where : options->item;
	kr_cleanup(str_freep) char *item = NULL;

	if (named)
		item = strdup(named);
	else if (asprintf(&item, "keyrot/%s",
			  options->service ? options->service : "keys") < 0)
		item = NULL;
	if (!item)
		return err_no_memory();
	if (!item_is_valid(item))
		return err_new(KR_ECONFIG, "\"%s\" cannot name an item", item);
	*out = take_ptr(&item);
	return NULL;
}
