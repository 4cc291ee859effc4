/*
 * The Secret's manifest in the working tree: Argo CD would put back each entry
 * that stands in it.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/yaml.h"
#include "runbook/gitops_check.h"

#define MAX_MANIFEST ((size_t)4 * 1024 * 1024)

struct look {
	const struct gitops_check *check;
	struct cJSON *findings; /* NULL */
	const char *path;
	size_t first_line; /* of this document in the file, from 0 */
	size_t entries;
};

/* The entry, and the others of its keyring. */
static bool is_entry(const char *entry, const char *name)
{
	size_t n = strlen(entry);

	return name && strncmp(name, entry, n) == 0 &&
	       (!name[n] || strcmp(name + n, "_NEXT") == 0 ||
		strcmp(name + n, "_PREVIOUS") == 0);
}

static void look_at_data(struct look *look, const struct yaml_doc *doc,
			 const struct cJSON *data)
{
	const struct cJSON *item = json_first(data);

	for (; item; item = json_next(item)) {
		if (!is_entry(look->check->entry, json_name(item)))
			continue;
		look->entries++;
		if (!look->findings)
			continue;
		gitops_found_add(look->findings,
				 &(struct gitops_found){
					 .rule = "manifest",
					 .path = look->path,
					 .line = look->first_line +
						 yaml_where(doc, item).line,
					 .reachable = true,
				 });
	}
}

static void look_at_object(struct look *look, const struct yaml_doc *doc,
			   const struct cJSON *object)
{
	const struct cJSON *item;

	if (str_same(json_str(object, "kind"), "List")) {
		item = json_first(json_at(object, "items"));
		for (; item; item = json_next(item))
			look_at_object(look, doc, item);
		return;
	}
	if (!str_same(json_str(object, "kind"), "Secret") ||
	    !str_same(json_str(object, "metadata.name"), look->check->secret))
		return;
	look_at_data(look, doc, json_at(object, "data"));
	look_at_data(look, doc, json_at(object, "stringData"));
}

static KR_FALLIBLE look_at_document(struct look *look, const char *text,
				    size_t len)
{
	kr_cleanup(yaml_freep) struct yaml_doc *doc = NULL;
	struct err *err = yaml_parse(look->path, text, len, 0, &doc);

	if (err)
		return err_set_reason(err_as(err, KR_EGATE),
				      "ManifestUnreadable");
	look_at_object(look, doc, yaml_root(doc));
	return NULL;
}

/* One document after the other. */
static KR_FALLIBLE look_at_text(struct look *look, const char *text)
{
	struct err *err = NULL;

	while (*text && !err) {
		const char *end = strstr(text, "\n---");
		size_t len = end ? (size_t)(end - text) + 1 : strlen(text);

		err = look_at_document(look, text, len);
		for (size_t i = 0; i < len; i++)
			look->first_line += text[i] == '\n';
		text += len;
	}
	return err;
}

static KR_FALLIBLE look_at_file(struct look *look, bool must_be)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_MANIFEST);
	kr_cleanup(str_freep) char *whole =
		file_join(look->check->repo->root, look->path);
	struct err *err;

	if (!whole)
		return err_no_memory();
	look->first_line = 0;
	err = file_read(whole, &text);
	/* Tracked, and deleted in the working tree: nothing stands in it. */
	if (err_is(err, KR_ENOTFOUND) && !must_be) {
		err_free(err);
		return NULL;
	}
	if (err)
		return err_set_reason(err_as(err, KR_EGATE),
				      "ManifestUnreadable");
	return look_at_text(look, buf_str(&text));
}

/* secret-NAME.yaml, wherever it is: each of them is looked at. */
static KR_FALLIBLE look_for(struct look *look, char **out_path)
{
	kr_cleanup(str_freep) char *names = NULL;
	kr_cleanup(str_freep) char *yaml = NULL;
	kr_cleanup(str_freep) char *yml = NULL;
	struct err *err;

	if (asprintf(&yaml, ":(glob)**/secret-%s.yaml", look->check->secret) <
		    0 ||
	    asprintf(&yml, ":(glob)**/secret-%s.yml", look->check->secret) < 0)
		return err_no_memory();
	err = gitrepo_run(look->check->repo,
			  (const char *const[]){
				  "-c", "core.quotePath=false", "ls-files",
				  "--cached", "--others", "--exclude-standard",
				  "--", yaml, yml, NULL },
			  GITREPO_LOOK_MS, &names);
	for (char *at = names; !err && at && *at;) {
		char *end = at + strcspn(at, "\n");
		bool last = !*end;

		*end = '\0';
		look->path = at;
		err = look_at_file(look, false);
		if (!err && !*out_path && !str_keep(out_path, at))
			err = err_no_memory();
		at = last ? end : end + 1;
	}
	return err;
}

KR_FALLIBLE gitops_manifest_look(const struct gitops_check *check,
				 struct cJSON *findings, char **out_path,
				 size_t *out_entries)
{
	struct look look = { .check = check, .findings = findings };
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err;

	if (check->manifest) {
		err = gitrepo_relative(check->repo, check->manifest, &path);
		look.path = path;
		if (!err)
			err = look_at_file(&look, true);
	} else {
		err = look_for(&look, &path);
	}
	if (err)
		return err;
	*out_entries = look.entries;
	*out_path = take_ptr(&path);
	return NULL;
}
