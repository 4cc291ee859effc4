/*
 * A cJSON tree as YAML, for -o yaml and render. Every string that could be
 * read as anything else is quoted as JSON, which is YAML.
 */
#ifndef KR_CLI_YAMLOUT_H
#define KR_CLI_YAMLOUT_H

#include "ui/out.h"

struct cJSON;

void yamlout_print(const struct cJSON *tree, struct out *out);

#endif
