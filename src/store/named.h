/*
 * Entries in password managers that keep named texts: the name is
 * ITEM/ID.TIME.ROLE.FINGERPRINT (passname.h), the text that of entrytext.h.
 *
 * What such a manager has to be able to do is in struct named_tool; put and
 * get are the same for all of them.
 */
#ifndef KR_STORE_NAMED_H
#define KR_STORE_NAMED_H

#include "store/store_backend.h"

/* Adds a text under a name that is not there yet. `key` is in the text. */
typedef STORE_CHECKED struct err *named_insert_fn(void *state, const char *name,
						  const struct secret *text,
						  const struct secret *key);
/* The text under a name, by a new process. */
typedef STORE_CHECKED struct err *named_show_fn(void *state, const char *name,
						struct secret **out_text);

struct named_tool {
	store_list_fn *list;
	named_insert_fn *insert;
	named_show_fn *show;
};

/* The entry whose name (without ITEM/) this is; other names are left out. */
KR_FALLIBLE named_add(const char *name, struct store_list *out);

/* The same of a name that begins with "ITEM/"; other names are left out. */
KR_FALLIBLE named_add_of(const char *item, const char *name,
			 struct store_list *out);

/* One name a line. item: as for named_add_of(), or NULL. */
KR_FALLIBLE named_add_lines(const struct secret *lines, const char *item,
			    struct store_list *out);

/* "TYPE: WHERE" for people, malloc'd. */
KR_FALLIBLE named_label(const char *type, const char *where, char **out);

/*
 * `lock_path` is a file or folder that two runs on this machine have in
 * common: these managers have no lock, and two keys would come under one id.
 */
KR_FALLIBLE named_put(const struct named_tool *tool, void *state,
		      const char *item, const char *lock_path,
		      const struct store_meta *meta, const struct secret *key);

KR_FALLIBLE named_get(const struct named_tool *tool, void *state,
		      const char *item, const char *id,
		      struct store_meta *out_meta, struct secret **out_key);

/*
 * WHERE, the configuration's item, or keyrot/SERVICE (malloc'd). KR_ECONFIG
 * where it would name something outside of itself: ".." or a hidden folder.
 */
KR_FALLIBLE named_item(const struct store_options *options, const char *where,
		       char **out);

#endif
