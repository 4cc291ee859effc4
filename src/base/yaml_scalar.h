/*
 * What a YAML scalar means to the Go library behind kubectl (YAML 1.1 with
 * that library's own edges). No libyaml here: text in, value out.
 */
#ifndef KR_BASE_YAML_SCALAR_H
#define KR_BASE_YAML_SCALAR_H

#include <stddef.h>

#include "base/err.h"

struct cJSON;

/*
 * The value of a scalar. `tag` is its explicit tag in the long form
 * ("tag:yaml.org,2002:int") or NULL; is_plain: not quoted. KR_ECONFIG, which
 * quotes nothing of the text, where the text is not what its tag says or has
 * no JSON form (.inf).
 */
KR_FALLIBLE yaml_scalar_node(const char *tag, bool is_plain, const char *text,
			     struct cJSON **out);

/* A mapping's key as JSON has it: numbers and booleans become text. */
KR_FALLIBLE yaml_key_text(const struct cJSON *key, char **out);

#endif
