/*
 * A cJSON tree as YAML, for -o yaml and render. Every string that could be
 * read as anything else is quoted as JSON, which is YAML.
 */
#ifndef KR_CLI_YAMLOUT_H
#define KR_CLI_YAMLOUT_H

#include "base/buf.h"
#include "ui/out.h"

struct cJSON;

void yamlout_print(const struct cJSON *tree, struct out *out);

/* Each item of an array as a document of its own, for `kubectl apply -f -`. */
void yamlout_print_all(const struct cJSON *list, struct out *out);

/* One string, in quotes where it needs them. */
void yamlout_word(const char *text, struct buf *out);

#endif
