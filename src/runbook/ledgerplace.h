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

/* Where keyrot.yaml's ledger is, as it is seen from here; malloc'd, NULL: it
 * names none. */
KR_FALLIBLE ledgerplace_path(const struct config *config, char **out);

/* *out is NULL where no ledger is named. */
KR_FALLIBLE ledgerplace_open(const struct config *config,
			     const struct ledgerplace *place,
			     struct ledger **out);

/* What is new does not begin on a ledger that it could not write. */
KR_FALLIBLE ledgerplace_check(const struct config *config,
			      const struct ledgerplace *place);

#endif
