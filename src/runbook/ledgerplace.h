/*
 * The ledger that keyrot.yaml names: paths there are of its own folder.
 */
#ifndef KR_RUNBOOK_LEDGERPLACE_H
#define KR_RUNBOOK_LEDGERPLACE_H

#include "config/config.h"
#include "ledger/ledger.h"

/* What is named elsewhere than in the file; borrowed, NULL: as in the file. */
struct ledgerplace {
	const char *path;
	const char *secret;
	const char *entry;
	const char *operator_; /* who signs a new ledger; NULL */
};

/* *out is NULL where no ledger is named. */
KR_FALLIBLE ledgerplace_open(const struct config *config,
			     const struct ledgerplace *place,
			     struct ledger **out);

#endif
