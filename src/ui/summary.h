/*
 * A result document as text for people: what the targets, the store and the
 * pods are like now, and what to type next.
 */
#ifndef KR_UI_SUMMARY_H
#define KR_UI_SUMMARY_H

#include "ui/out.h"

struct cJSON;

/* The targets and the store, as they are. Nothing where there are none. */
void summary_state(struct out *out, const struct cJSON *document);

/* The commands to type next. */
void summary_next(struct out *out, const struct cJSON *document);

/*
 * A failure in full: what happened, the state of each cluster and the store,
 * which key is live where, and what to type next.
 */
void summary_failure(struct out *out, const struct cJSON *document);

#endif
