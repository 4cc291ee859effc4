#include "base/yaml.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <yaml.h>

#include "base/json.h"
#include "base/yaml_doc.h"
#include "base/yaml_scalar.h"

#define MAX_DEPTH	  100
#define MAX_KEYS	  10000 /* of one mapping: finding one is linear */
#define MAX_ALIASED_NODES 20000 /* "billion laughs" end here */
#define MAX_ALIASED_BYTES 4000000

struct anchor {
	char *name;
	struct cJSON *value; /* a copy: the original may be overridden */
};

struct builder {
	yaml_parser_t parser;
	struct yaml_doc *doc;
	struct anchor *anchors;
	size_t anchor_count;
	size_t aliased_nodes, aliased_bytes;
	int flags;
};

static struct yaml_pos pos_of(yaml_mark_t mark)
{
	return (struct yaml_pos){ mark.line + 1, mark.column + 1 };
}

static struct err *err_at(const struct builder *b, struct yaml_pos pos,
			  const char *what)
{
	return err_new(KR_ECONFIG, "%s:%zu:%zu: %s", b->doc->name, pos.line,
		       pos.column, what);
}

/* libyaml's problem texts are fixed sentences: they quote no input. */
static struct err *parser_err(const struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *problem = p->problem ? p->problem : "not YAML";

	if (p->error == YAML_MEMORY_ERROR)
		return err_no_memory();
	if (p->error == YAML_READER_ERROR)
		return err_new(KR_ECONFIG, "%s: %s at byte %zu", b->doc->name,
			       problem, p->problem_offset);
	return err_at(b, pos_of(p->problem_mark), problem);
}

static KR_FALLIBLE next_event(struct builder *b, yaml_event_t *out)
{
	if (!yaml_parser_parse(&b->parser, out))
		return parser_err(b);
	return NULL;
}

/* Counts nodes and bytes below (and with) node; the tree's height in *height.
 */
static void measure(const struct cJSON *node, size_t depth, size_t *nodes,
		    size_t *bytes, size_t *height)
{
	*nodes += 1;
	*bytes += node->valuestring ? strlen(node->valuestring) : 0;
	*bytes += node->string ? strlen(node->string) : 0;
	if (depth > *height)
		*height = depth;
	for (node = node->child; node; node = node->next)
		measure(node, depth + 1, nodes, bytes, height);
}

static KR_FALLIBLE build_alias(struct builder *b, const yaml_event_t *event,
			       size_t depth, struct cJSON **out)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct yaml_pos pos = pos_of(event->start_mark);
	size_t height = 0;

	/* The latest anchor of a name counts. */
	for (size_t i = b->anchor_count; i-- > 0;) {
		if (strcmp(b->anchors[i].name, name) != 0)
			continue;
		measure(b->anchors[i].value, 0, &b->aliased_nodes,
			&b->aliased_bytes, &height);
		if (b->aliased_nodes > MAX_ALIASED_NODES ||
		    b->aliased_bytes > MAX_ALIASED_BYTES)
			return err_at(b, pos, "aliases expand to too much");
		if (depth + height > MAX_DEPTH)
			return err_at(b, pos, "nested too deeply");
		return yaml_doc_copy(b->doc, b->anchors[i].value, out);
	}
	return err_at(b, pos, "no such anchor before this alias");
}

static KR_FALLIBLE keep_anchor(struct builder *b, const char *name,
			       const struct cJSON *value)
{
	struct anchor *grown;
	struct err *err;

	grown = reallocarray(b->anchors, b->anchor_count + 1, sizeof(*grown));
	if (!grown)
		return err_no_memory();
	b->anchors = grown;
	grown += b->anchor_count;
	err = yaml_doc_copy(b->doc, value, &grown->value);
	if (err)
		return err;
	grown->name = strdup(name);
	if (!grown->name) {
		json_free(grown->value);
		return err_no_memory();
	}
	b->anchor_count++;
	return NULL;
}

static KR_FALLIBLE build_scalar(const struct builder *b,
				const yaml_event_t *event, struct cJSON **out)
{
	const char *text = (const char *)event->data.scalar.value;
	const char *tag = (const char *)event->data.scalar.tag;
	struct yaml_pos pos = pos_of(event->start_mark);
	bool is_plain = event->data.scalar.plain_implicit;

	if (strlen(text) != event->data.scalar.length)
		return err_at(b, pos, "a NUL byte in a text");
	return err_wrap(yaml_scalar_node(tag, is_plain, text, out),
			"%s:%zu:%zu", b->doc->name, pos.line, pos.column);
}

static KR_FALLIBLE build(struct builder *b, const yaml_event_t *event,
			 size_t depth, struct cJSON **out);

static KR_FALLIBLE build_next(struct builder *b, enum yaml_event_type_e end,
			      size_t depth, struct cJSON **out)
{
	kr_cleanup(yaml_event_delete) yaml_event_t event = { 0 };
	struct err *err = next_event(b, &event);

	if (err)
		return err;
	if (event.type == end) {
		*out = NULL;
		return NULL;
	}
	return build(b, &event, depth, out);
}

static KR_FALLIBLE build_sequence(struct builder *b, size_t depth,
				  struct cJSON **out)
{
	kr_cleanup(json_freep) struct cJSON *array = cJSON_CreateArray();
	struct cJSON *item = NULL;

	if (!array)
		return err_no_memory();
	for (;;) {
		struct err *err = build_next(b, YAML_SEQUENCE_END_EVENT,
					     depth + 1, &item);

		if (err)
			return err;
		if (!item)
			break;
		json_append(array, item);
	}
	*out = take_ptr(&array);
	return NULL;
}

/* The later one wins; a merged field may be overridden in any case. */
static KR_FALLIBLE set_member(const struct builder *b, struct cJSON *map,
			      const char *key, struct yaml_pos pos,
			      struct cJSON *take_value)
{
	json_set(map, key, take_value);
	if (cJSON_GetArraySize(map) > MAX_KEYS)
		return err_at(b, pos, "a mapping of too many keys");
	return NULL;
}

static KR_FALLIBLE merge_map(struct builder *b, struct cJSON *map,
			     struct yaml_pos pos, struct cJSON *from)
{
	struct err *err = NULL;

	if (!cJSON_IsObject(from))
		return err_at(b, pos,
			      "\"<<\" takes a mapping, or a list of them");
	while (!err && from->child) {
		kr_cleanup(str_freep) char *key = NULL;
		struct cJSON *child = from->child;

		(void)cJSON_DetachItemViaPointer(from, child);
		key = take_ptr(&child->string);
		err = set_member(b, map, key, pos, child);
	}
	return err;
}

static KR_FALLIBLE merge(struct builder *b, struct cJSON *map,
			 struct yaml_pos pos, struct cJSON *from)
{
	struct err *err = NULL;

	if (!cJSON_IsArray(from))
		return merge_map(b, map, pos, from);
	/* Backwards: the earlier ones take precedence. */
	for (int i = cJSON_GetArraySize(from); !err && i-- > 0;)
		err = merge_map(b, map, pos, cJSON_GetArrayItem(from, i));
	return err;
}

static bool is_merge_key(const yaml_event_t *event)
{
	const char *tag;

	if (event->type != YAML_SCALAR_EVENT ||
	    strcmp((const char *)event->data.scalar.value, "<<") != 0)
		return false;
	tag = (const char *)event->data.scalar.tag;
	return event->data.scalar.plain_implicit ||
	       (tag && strcmp(tag, "tag:yaml.org,2002:merge") == 0);
}

/* One key and its value; *out_end where the mapping is over. */
static KR_FALLIBLE build_member(struct builder *b, size_t depth,
				struct cJSON *map, struct cJSON *seen,
				bool *out_end)
{
	kr_cleanup(yaml_event_delete) yaml_event_t event = { 0 };
	kr_cleanup(json_freep) struct cJSON *key_node = NULL;
	kr_cleanup(json_freep) struct cJSON *value = NULL;
	kr_cleanup(str_freep) char *key = NULL;
	struct yaml_pos pos;
	struct err *err = next_event(b, &event);

	if (err)
		return err;
	*out_end = event.type == YAML_MAPPING_END_EVENT;
	if (*out_end)
		return NULL;
	pos = pos_of(event.start_mark);
	err = build(b, &event, depth + 1, &key_node);
	if (!err)
		err = build_next(b, YAML_NO_EVENT, depth + 1, &value);
	if (err)
		return err;
	if (is_merge_key(&event))
		return merge(b, map, pos, value);
	err = err_wrap(yaml_key_text(key_node, &key), "%s:%zu:%zu",
		       b->doc->name, pos.line, pos.column);
	if (!err && seen && json_member(seen, key))
		err = err_at(b, pos, "this key stands here twice");
	if (!err)
		err = yaml_doc_remember(b->doc, value, pos);
	if (err)
		return err;
	if (seen)
		json_set_null(seen, key);
	return set_member(b, map, key, pos, take_ptr(&value));
}

static KR_FALLIBLE build_mapping(struct builder *b, size_t depth,
				 struct cJSON **out)
{
	kr_cleanup(json_freep) struct cJSON *map = cJSON_CreateObject();
	kr_cleanup(json_freep) struct cJSON *seen = NULL;
	bool end = false;
	struct err *err = NULL;

	if (b->flags & YAML_UNIQUE_KEYS)
		seen = cJSON_CreateObject();
	if (!map)
		return err_no_memory();
	while (!err && !end)
		err = build_member(b, depth, map, seen, &end);
	if (!err)
		*out = take_ptr(&map);
	return err;
}

static const char *anchor_of(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.anchor;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_ALIAS_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		break;
	}
	return NULL;
}

static KR_FALLIBLE build(struct builder *b, const yaml_event_t *event,
			 size_t depth, struct cJSON **out)
{
	kr_cleanup(json_freep) struct cJSON *node = NULL;
	struct yaml_pos pos = pos_of(event->start_mark);
	const char *anchor = anchor_of(event);
	struct err *err;

	if (depth > MAX_DEPTH)
		return err_at(b, pos, "nested too deeply");
	if (event->type == YAML_ALIAS_EVENT)
		err = build_alias(b, event, depth, &node);
	else if (event->type == YAML_SEQUENCE_START_EVENT)
		err = build_sequence(b, depth, &node);
	else if (event->type == YAML_MAPPING_START_EVENT)
		err = build_mapping(b, depth, &node);
	else
		err = build_scalar(b, event, &node);
	if (!err && event->type != YAML_ALIAS_EVENT)
		err = yaml_doc_remember(b->doc, node, pos);
	if (!err && anchor)
		err = keep_anchor(b, anchor, node);
	if (!err)
		*out = take_ptr(&node);
	return err;
}

/* Stream start, document start, root; the rest where it may hold nothing. */
static KR_FALLIBLE build_document(struct builder *b)
{
	struct cJSON **root = &b->doc->root;

	for (;;) {
		kr_cleanup(yaml_event_delete) yaml_event_t event = { 0 };
		struct err *err = next_event(b, &event);

		if (err)
			return err;
		if (event.type == YAML_DOCUMENT_START_EVENT && *root)
			return err_at(b, pos_of(event.start_mark),
				      "a second YAML document begins here");
		if (event.type == YAML_STREAM_END_EVENT)
			break;
		if (event.type <= YAML_DOCUMENT_END_EVENT)
			continue; /* nothing of a tree */
		err = build(b, &event, 0, root);
		if (err || !(b->flags & YAML_ONE_DOCUMENT))
			return err;
	}
	if (!*root)
		*root = cJSON_CreateNull();
	return *root ? NULL : err_no_memory();
}

static void builder_release(struct builder *b)
{
	yaml_parser_t *p = &b->parser;

	for (size_t i = 0; i < b->anchor_count; i++) {
		free(b->anchors[i].name);
		json_free(b->anchors[i].value);
	}
	free(b->anchors);
	if (p->raw_buffer.start)
		explicit_bzero(
			p->raw_buffer.start,
			(size_t)(p->raw_buffer.end - p->raw_buffer.start));
	if (p->buffer.start)
		explicit_bzero(p->buffer.start,
			       (size_t)(p->buffer.end - p->buffer.start));
	yaml_parser_delete(p);
}

KR_FALLIBLE yaml_parse(const char *name, const char *data, size_t len,
		       int flags, struct yaml_doc **out)
{
	kr_cleanup(yaml_freep) struct yaml_doc *doc = yaml_doc_new(name);
	kr_cleanup(builder_release) struct builder b = { .doc = doc,
							 .flags = flags };
	struct err *err;

	if (!doc || !yaml_parser_initialize(&b.parser))
		return err_no_memory();
	yaml_parser_set_input_string(&b.parser, (const yaml_char_t *)data, len);
	err = build_document(&b);
	if (!err)
		*out = take_ptr(&doc);
	return err;
}
