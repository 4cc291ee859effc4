/*
 * Manifests of Secrets in the repository: deploy/.../secret-*.yaml, as a team
 * that rotates by hand has them.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/init.h"

#define MANIFEST_MAX_BYTES (256 * 1024)
#define MAX_DEPTH	   8

struct walk {
	struct init *init;
	size_t files; /* seen so far */
};

static bool is_named_so(const char *name)
{
	return text_starts_with(name, "secret") &&
	       (text_ends_with(name, ".yaml") || text_ends_with(name, ".yml"));
}

static KR_FALLIBLE keep(struct init *init, const char *path,
			const struct cJSON *root)
{
	const char *name = json_str(root, "metadata.name");
	struct init_manifest *m;

	if (strcmp(json_str_or(root, "kind", ""), "Secret") != 0 || !name ||
	    init->n_manifests == INIT_MAX_MANIFESTS)
		return NULL;
	if (!init->manifests)
		init->manifests =
			calloc(INIT_MAX_MANIFESTS, sizeof(*init->manifests));
	if (!init->manifests)
		return err_no_memory();
	m = &init->manifests[init->n_manifests++];
	m->holds_data = json_length(json_member(root, "data")) > 0 ||
			json_length(json_member(root, "stringData")) > 0;
	if (!str_keep(&m->path, path) || !str_keep(&m->name, name))
		return err_no_memory();
	return NULL;
}

/* What is no YAML, or no manifest, is not what is looked for. */
static KR_FALLIBLE look_at(struct init *init, const char *path,
			   const char *shown)
{
	kr_cleanup(yaml_freep) struct yaml_doc *doc = NULL;
	struct buf text = BUF_INIT(MANIFEST_MAX_BYTES);
	struct err *err = file_read(path, &text);

	if (!err)
		err = yaml_parse(path, buf_str(&text), text.len, 0, &doc);
	buf_release(&text);
	if (err) {
		err_free(err);
		return NULL;
	}
	return keep(init, shown, yaml_root(doc));
}

/* `shown` is the folder as keyrot.yaml is going to say it. */
static KR_FALLIBLE walk(struct walk *w, const char *dir, const char *shown,
			int depth)
{
	struct file_list list = { 0 };
	struct err *err = file_list_dir(dir, &list);

	if (err) {
		err_free(err);
		return NULL;
	}
	for (size_t i = 0; !err && i < list.count; i++) {
		kr_cleanup(str_freep) char *path =
			file_join(dir, list.names[i]);
		kr_cleanup(str_freep) char *name =
			file_join(shown, list.names[i]);

		if (!path || !name)
			err = err_no_memory();
		else if (++w->files > INIT_MAX_FILES)
			break;
		else if (file_is_regular(path) && is_named_so(list.names[i]))
			err = look_at(w->init, path, name);
		else if (!file_is_regular(path) && depth < MAX_DEPTH &&
			 list.names[i][0] != '.')
			err = walk(w, path, name, depth + 1);
	}
	file_list_release(&list);
	return err;
}

/* "../" for each folder up to the Git root; outside of Git: this one alone. */
static size_t levels_to_git(const char *dir)
{
	struct buf up = BUF_INIT(8192);
	size_t found = 0;

	for (size_t level = 0; level < MAX_DEPTH && !up.failed; level++) {
		buf_reset(&up);
		buf_puts(&up, dir);
		for (size_t i = 0; i < level; i++)
			buf_puts(&up, "/..");
		buf_puts(&up, "/.git");
		if (file_exists(buf_str(&up))) {
			found = level;
			break;
		}
	}
	buf_release(&up);
	return found;
}

KR_FALLIBLE init_find_manifests(struct init *init)
{
	struct walk w = { .init = init };
	kr_cleanup(str_freep) char *dir =
		file_dirname(strcmp(init->path, "-") == 0 ? "." : init->path);
	struct buf shown = BUF_INIT(256);
	struct err *err = NULL;
	size_t levels;

	if (!dir)
		return err_no_memory();
	levels = levels_to_git(dir);
	for (size_t up = 0; !err && up <= levels && !init->n_manifests; up++) {
		kr_cleanup(str_freep) char *path = NULL;

		buf_reset(&shown);
		for (size_t i = 0; i < up; i++)
			buf_puts(&shown, "../");
		buf_puts(&shown, "deploy");
		path = file_join(dir, buf_str(&shown));
		err = path ? walk(&w, path, buf_str(&shown), 0)
			   : err_no_memory();
	}
	buf_release(&shown);
	return err;
}
