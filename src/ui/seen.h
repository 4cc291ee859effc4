/*
 * What was said last about each workload, not to say it twice.
 */
#ifndef KR_UI_SEEN_H
#define KR_UI_SEEN_H

#include "runbook/reporter.h"

struct seen {
	struct seen_row *rows;
	size_t n;
};

/* Whether the numbers differ from the last call's for the same workload. */
bool seen_is_new(struct seen *seen, const struct report_workload *workload);
void seen_release(struct seen *seen);

/* "deployment/secrets-service", malloc'd; NULL without memory. */
char *seen_name(const struct report_workload *workload);

#endif
