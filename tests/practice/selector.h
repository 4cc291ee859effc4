/* Label and field selectors of list and watch requests. */
#ifndef PRACTICE_SELECTOR_H
#define PRACTICE_SELECTOR_H

#include "http.h"

struct selector;

/*
 * From labelSelector= and fieldSelector=; NULL text selects everything.
 * Returns NULL after setting a 400.
 */
struct selector *selector_new(const struct kind *kind, const char *labels,
			      const char *fields, struct reply *reply);
void selector_free(struct selector *selector);
bool selector_match(const struct selector *selector, const struct obj *obj);

/* The object's name if the field selector asks for one, else NULL. */
const char *selector_name(const struct selector *selector);

/* spec.selector of a workload: matchLabels and matchExpressions. */
bool selector_match_labels(const cJSON *label_selector, const cJSON *labels);

#endif
