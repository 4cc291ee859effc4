/* YAML as a JSON tree: one document, core schema scalars. */
#ifndef PRACTICE_YAML_H
#define PRACTICE_YAML_H

#include "json.h"

/* NULL when it is malformed. */
cJSON *yaml_parse(const char *text, size_t len);

#endif
