#include "kube/kubeconfig.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/kubeconfig_check.h"

#define NAMES_SHOWN 20

static const struct {
	const char *list, *body;
} kinds[KUBECONFIG_KINDS] = {
	[KUBECONFIG_CONTEXT] = { "contexts", "context" },
	[KUBECONFIG_CLUSTER] = { "clusters", "cluster" },
	[KUBECONFIG_USER] = { "users", "user" },
};

static void file_free(struct kubeconfig_file *file)
{
	if (!file)
		return;
	free(file->path);
	free(file->dir);
	yaml_doc_free(file->doc);
	free(file);
}

static void file_freep(struct kubeconfig_file **p)
{
	file_free(*p);
}

void kubeconfig_free(struct kubeconfig *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->file_count; i++)
		file_free(config->files[i]);
	free(config->files);
	for (size_t k = 0; k < KUBECONFIG_KINDS; k++)
		free(config->entries[k]);
	free(config);
}

const struct kubeconfig_entry *kubeconfig_find(const struct kubeconfig *config,
					       enum kubeconfig_kind kind,
					       const char *name)
{
	for (size_t i = 0; i < config->entry_count[kind]; i++) {
		if (strcmp(config->entries[kind][i].name, name) == 0)
			return &config->entries[kind][i];
	}
	return NULL;
}

/* Only names that no earlier file has. */
static KR_FALLIBLE take_entries(struct kubeconfig *config,
				const struct kubeconfig_file *file,
				enum kubeconfig_kind kind)
{
	const struct cJSON *list, *item;
	struct kubeconfig_entry *grown;
	size_t count = config->entry_count[kind], earlier = count, n;

	list = json_member(yaml_root(file->doc), kinds[kind].list);
	n = json_length(list);
	if (n == 0)
		return NULL;
	grown = reallocarray(config->entries[kind], count + n, sizeof(*grown));
	if (!grown)
		return err_no_memory();
	config->entries[kind] = grown;
	cJSON_ArrayForEach (item, list) {
		const struct cJSON *body = json_member(item, kinds[kind].body);
		const char *name = json_str_or(item, "name", "");
		bool taken = false;

		for (size_t i = 0; i < earlier && !taken; i++)
			taken = strcmp(grown[i].name, name) == 0;
		if (taken)
			continue;
		grown[count++] = (struct kubeconfig_entry){
			.name = name,
			.file = file,
			.item = item,
			.body = cJSON_IsObject(body) ? body : NULL,
		};
	}
	config->entry_count[kind] = count;
	return NULL;
}

KR_FALLIBLE kubeconfig_add(struct kubeconfig *config, const char *path,
			   const char *data, size_t len)
{
	kr_cleanup(file_freep) struct kubeconfig_file *file = NULL;
	struct kubeconfig_file **grown;
	const char *current;
	struct err *err;

	file = calloc(1, sizeof(*file));
	if (!file || !str_keep(&file->path, path))
		return err_no_memory();
	file->dir = file_dirname(path);
	if (!file->dir)
		return err_no_memory();
	err = yaml_parse(path, data, len, 0, &file->doc);
	if (!err)
		err = kubeconfig_check(file->doc);
	if (err)
		return err;
	grown = reallocarray(config->files, config->file_count + 1,
			     sizeof(struct kubeconfig_file *));
	if (!grown)
		return err_no_memory();
	config->files = grown;
	grown[config->file_count++] = file;
	current = json_str_or(yaml_root(file->doc), "current-context", "");
	if (!*config->current_context && *current) {
		config->current_context = current;
		config->current_file = file;
	}
	for (int k = 0; k < KUBECONFIG_KINDS && !err; k++)
		err = take_entries(config, file, (enum kubeconfig_kind)k);
	file = NULL; /* the config's from the moment it stood in the list */
	return err;
}

/* A missing file is skipped unless it must be there. */
static KR_FALLIBLE add_file(struct kubeconfig *config, const char *path,
			    bool must_be_there)
{
	struct buf text = BUF_INIT(KUBECONFIG_MAX_BYTES);
	struct err *err = file_read(path, &text);

	if (err_is(err, KR_ENOTFOUND) && !must_be_there) {
		err_free(err);
		err = NULL;
	} else if (err_is(err, KR_ENOTFOUND)) {
		err = err_hint(err, "--kubeconfig names this file");
	} else if (!err) {
		err = kubeconfig_add(config, path, buf_str(&text), text.len);
	}
	buf_release(&text);
	return err_wrap(err_as(err, KR_ECONFIG), "kubeconfig");
}

static bool listed_before(const char *list, const char *item, size_t len)
{
	const char *p = list;

	while (p < item) {
		size_t n = strcspn(p, ":");

		if (n == len && memcmp(p, item, n) == 0)
			return true;
		p += n + 1;
	}
	return false;
}

static KR_FALLIBLE add_list(struct kubeconfig *config, const char *list)
{
	struct err *err = NULL;
	const char *p = list;

	while (!err && *p) {
		size_t n = strcspn(p, ":");

		if (n > 0 && !listed_before(list, p, n)) {
			kr_cleanup(str_freep) char *path = strndup(p, n);

			err = path ? add_file(config, path, false)
				   : err_no_memory();
		}
		p += n;
		p += *p == ':';
	}
	return err;
}

/* ~/.kube/config; where it is not there, the name that it had long ago. */
static KR_FALLIBLE add_home(struct kubeconfig *config)
{
	static const char *const names[] = { ".kube/config",
					     ".kube/.kubeconfig" };
	const char *home = getenv("HOME");
	struct err *err = NULL;

	if (!home || !*home)
		return NULL;
	for (size_t i = 0; i < 2 && !err && config->file_count == 0; i++) {
		kr_cleanup(str_freep) char *path = file_join(home, names[i]);

		err = path ? add_file(config, path, false) : err_no_memory();
	}
	return err;
}

KR_FALLIBLE kubeconfig_load(const char *flag, struct kubeconfig **out)
{
	kr_cleanup(kubeconfig_freep) struct kubeconfig *config = NULL;
	const char *list = getenv("KUBECONFIG");
	struct err *err;

	config = calloc(1, sizeof(*config));
	if (!config)
		return err_no_memory();
	config->current_context = "";
	if (flag && *flag)
		err = add_file(config, flag, true);
	else if (list && *list)
		err = add_list(config, list);
	else
		err = add_home(config);
	if (!err)
		*out = take_ptr(&config);
	return err;
}

const char *kubeconfig_str(const struct kubeconfig_entry *entry,
			   const char *field)
{
	const char *text = entry ? json_str(entry->body, field) : NULL;

	return text && *text ? text : NULL;
}

bool kubeconfig_bool(const struct kubeconfig_entry *entry, const char *field)
{
	return entry && json_bool(entry->body, field, false);
}

char *kubeconfig_resolve(const struct kubeconfig_entry *entry, const char *path)
{
	return file_join(entry->file->dir, path);
}

struct err *kubeconfig_err(const struct kubeconfig_entry *entry,
			   const char *field, const char *format, ...)
{
	const struct yaml_doc *doc = entry->file->doc;
	const struct cJSON *node = json_member(entry->body, field);
	kr_cleanup(str_freep) char *text = NULL;
	const struct cJSON *child;
	const char *kind = "entry";
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return err_no_memory();
	}
	cJSON_ArrayForEach (child, entry->item) {
		for (size_t k = 0; k < KUBECONFIG_KINDS; k++) {
			if (strcmp(child->string, kinds[k].body) == 0)
				kind = kinds[k].body;
		}
	}
	return yaml_err(doc, node ? node : entry->item, "%s \"%.100s\": %s",
			kind, entry->name, text);
}

/* "a, b, c and 7 more" */
static void list_names(const struct kubeconfig_entry *entries, size_t count,
		       struct buf *out)
{
	for (size_t i = 0; i < count && i < NAMES_SHOWN; i++)
		buf_printf(out, "%s%s", i ? ", " : "", entries[i].name);
	if (count > NAMES_SHOWN)
		buf_printf(out, " and %zu more", count - NAMES_SHOWN);
}

static const char *suggest(const struct kubeconfig_entry *entries, size_t count,
			   const char *name)
{
	const char **names = calloc(count + 1, sizeof(*names));
	const char *near;

	if (!names)
		return NULL;
	for (size_t i = 0; i < count; i++)
		names[i] = entries[i].name;
	near = text_suggest(name, names);
	free(names);
	return near;
}

struct err *kubeconfig_unknown(const struct kubeconfig *config,
			       enum kubeconfig_kind kind, const char *name,
			       const char *who)
{
	const struct kubeconfig_entry *entries = config->entries[kind];
	size_t count = config->entry_count[kind];
	const char *near = suggest(entries, count, name);
	struct buf names = BUF_INIT(16 * 1024);
	struct err *err;

	list_names(entries, count, &names);
	err = err_new(KR_ECONFIG, "%s: there is no %s \"%.200s\"%s%s%s", who,
		      kinds[kind].body, name, near ? "; did you mean \"" : "",
		      near ? near : "", near ? "\"?" : "");
	if (count)
		err = err_hint(err, "%s there are: %s", kinds[kind].list,
			       buf_str(&names));
	else
		err = err_hint(err, "the kubeconfig names no %s at all",
			       kinds[kind].list);
	buf_release(&names);
	return err;
}
