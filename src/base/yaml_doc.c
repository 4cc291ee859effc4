#include "base/yaml_doc.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"

struct yaml_position {
	const struct cJSON *node;
	struct yaml_pos pos;
};

struct yaml_doc *yaml_doc_new(const char *name)
{
	struct yaml_doc *doc = calloc(1, sizeof(*doc));

	if (!doc)
		return NULL;
	doc->name = strdup(name);
	if (!doc->name) {
		free(doc);
		return NULL;
	}
	return doc;
}

static struct yaml_position *slot_of(struct yaml_position *table, size_t cap,
				     const struct cJSON *node)
{
	uint64_t hash = (uint64_t)(uintptr_t)node * 0x9E3779B97F4A7C15U;
	size_t i = (size_t)(hash >> 32) & (cap - 1);

	while (table[i].node && table[i].node != node)
		i = (i + 1) & (cap - 1);
	return &table[i];
}

static KR_FALLIBLE grow(struct yaml_doc *doc)
{
	size_t cap = doc->cap ? doc->cap * 2 : 256;
	struct yaml_position *table = calloc(cap, sizeof(*table));

	if (!table)
		return err_no_memory();
	for (size_t i = 0; i < doc->cap; i++) {
		const struct yaml_position *old = &doc->positions[i];

		if (old->node)
			*slot_of(table, cap, old->node) = *old;
	}
	free(doc->positions);
	doc->positions = table;
	doc->cap = cap;
	return NULL;
}

KR_FALLIBLE yaml_doc_remember(struct yaml_doc *doc, const struct cJSON *node,
			      struct yaml_pos pos)
{
	struct yaml_position *slot;
	struct err *err = NULL;

	if (doc->used * 2 >= doc->cap)
		err = grow(doc);
	if (err)
		return err;
	slot = slot_of(doc->positions, doc->cap, node);
	doc->used += !slot->node;
	slot->node = node;
	slot->pos = pos;
	return NULL;
}

/* The places of `from` and all below it are those of `to`, its copy, too. */
static KR_FALLIBLE copy_positions(struct yaml_doc *doc,
				  const struct cJSON *from,
				  const struct cJSON *to)
{
	const struct cJSON *child = from->child;
	struct err *err = yaml_doc_remember(doc, to, yaml_where(doc, from));

	for (to = to->child; !err && child; child = child->next) {
		err = copy_positions(doc, child, to);
		to = to->next;
	}
	return err;
}

KR_FALLIBLE yaml_doc_copy(struct yaml_doc *doc, const struct cJSON *from,
			  struct cJSON **out)
{
	kr_cleanup(json_freep) struct cJSON *copy = cJSON_Duplicate(from, 1);
	struct err *err;

	if (!copy)
		return err_no_memory();
	err = copy_positions(doc, from, copy);
	if (!err)
		*out = take_ptr(&copy);
	return err;
}

const struct cJSON *yaml_root(const struct yaml_doc *doc)
{
	return doc->root;
}

const char *yaml_name(const struct yaml_doc *doc)
{
	return doc->name;
}

struct yaml_pos yaml_where(const struct yaml_doc *doc, const struct cJSON *node)
{
	if (!node || !doc->cap)
		return (struct yaml_pos){ 0, 0 };
	return slot_of(doc->positions, doc->cap, node)->pos;
}

struct err *yaml_err(const struct yaml_doc *doc, const struct cJSON *node,
		     const char *format, ...)
{
	kr_cleanup(str_freep) char *text = NULL;
	struct yaml_pos pos = yaml_where(doc, node);
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return err_no_memory();
	}
	/* "wants a list": what does? */
	if (node && node->string &&
	    (text_starts_with(text, "wants ") ||
	     text_starts_with(text, "is not "))) {
		kr_cleanup(str_freep) char *bare = take_ptr(&text);

		if (asprintf(&text, "%s %s", node->string, bare) < 0) {
			text = NULL;
			return err_no_memory();
		}
	}
	if (pos.line == 0)
		return err_new(KR_ECONFIG, "%s: %s", doc->name, text);
	return err_new(KR_ECONFIG, "%s:%zu:%zu: %s", doc->name, pos.line,
		       pos.column, text);
}

void yaml_doc_free(struct yaml_doc *doc)
{
	if (!doc)
		return;
	json_free(doc->root);
	free(doc->positions);
	free(doc->name);
	free(doc);
}
