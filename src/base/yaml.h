/*
 * YAML as Kubernetes reads it: text to a cJSON tree. The only user of libyaml.
 *
 * Scalars follow the YAML 1.1 rules of the Go library behind kubectl: yes/no,
 * on/off and n/y are booleans, 0x10, 012 and 1e3 are numbers, null and ~ are
 * null, dates stay strings; quoted scalars are always strings. Anchors,
 * aliases (with a limit on expansion) and "<<" merge keys work. Only the first
 * document counts, and of duplicate keys the last one: a caller that minds has
 * flags for it. A byte order mark and CRLF are accepted. JSON is YAML.
 *
 * The parser's own buffers are wiped before they are freed: a kubeconfig
 * holds credentials.
 */
#ifndef KR_BASE_YAML_H
#define KR_BASE_YAML_H

#include <stddef.h>

#include "base/err.h"

struct cJSON;
struct yaml_doc;

enum yaml_flags {
	YAML_UNIQUE_KEYS = 1,  /* a key twice in one mapping is an error */
	YAML_ONE_DOCUMENT = 2, /* ... and so is another document after it */
};

struct yaml_pos {
	size_t line;   /* from 1 */
	size_t column; /* from 1 */
};

/*
 * KR_ECONFIG with "NAME:LINE:COLUMN: what is wrong" and nothing of the text.
 * `name` is the file's name for messages. An empty text gives a null tree.
 */
KR_FALLIBLE yaml_parse(const char *name, const char *data, size_t len,
		       int flags, struct yaml_doc **out);

/* Borrowed; never NULL. */
const struct cJSON *yaml_root(const struct yaml_doc *doc);
const char *yaml_name(const struct yaml_doc *doc);

/*
 * Where the node's key (in a mapping) or the node itself (in a sequence, or
 * the root) stands. {0, 0} for a node that is not of this document.
 */
struct yaml_pos yaml_where(const struct yaml_doc *doc,
			   const struct cJSON *node);

/*
 * An error "NAME:LINE:COLUMN: text" of kind KR_ECONFIG at `node`.
 */
struct err *yaml_err(const struct yaml_doc *doc, const struct cJSON *node,
		     const char *format, ...) KR_PRINTF(3, 4);

/* Not yaml_free(): libyaml has one, and would call ours. */
void yaml_doc_free(struct yaml_doc *doc);
static inline void yaml_freep(struct yaml_doc **p)
{
	yaml_doc_free(*p);
}

#endif
