/* The three patch formats that are not server-side apply. */
#ifndef PRACTICE_PATCH_H
#define PRACTICE_PATCH_H

#include "json.h"

/* RFC 7386. Returns a new tree. */
cJSON *patch_merge(const cJSON *live, const cJSON *patch);

/* Strategic merge: as RFC 7386, but keyed lists merge by their keys. */
cJSON *patch_strategic(const cJSON *live, const cJSON *patch);

/* RFC 6902. Returns NULL when it cannot be applied. */
cJSON *patch_json(const cJSON *live, const cJSON *ops);

#endif
