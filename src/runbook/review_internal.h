/*
 * Shared by review.c and review_write.c; nobody else includes it.
 */
#ifndef KR_RUNBOOK_REVIEW_INTERNAL_H
#define KR_RUNBOOK_REVIEW_INTERNAL_H

#include "runbook/review.h"

/* Of the records in the ledger. */
#define REVIEW_STEP "review"

/* malloc'd. */
KR_FALLIBLE review_folder(const struct config *config, char **out);
KR_FALLIBLE review_path(const struct config *config, const char *rotation,
			char **out);

#endif
