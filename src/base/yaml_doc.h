/*
 * Inside of a struct yaml_doc, for yaml.c alone: the tree and where its nodes
 * stand in the text.
 */
#ifndef KR_BASE_YAML_DOC_H
#define KR_BASE_YAML_DOC_H

#include "base/yaml.h"

struct yaml_position;

struct yaml_doc {
	char *name;
	struct cJSON *root;
	/* A hash table by the node's address; cap is a power of two. */
	struct yaml_position *positions;
	size_t used, cap;
};

/* NULL when out of memory. */
struct yaml_doc *yaml_doc_new(const char *name);

/* Replaces an earlier place of a node at the same address. */
KR_FALLIBLE yaml_doc_remember(struct yaml_doc *doc, const struct cJSON *node,
			      struct yaml_pos pos);

/* A copy of a tree of this document, whose nodes stand where `from`'s do. */
KR_FALLIBLE yaml_doc_copy(struct yaml_doc *doc, const struct cJSON *from,
			  struct cJSON **out);

#endif
