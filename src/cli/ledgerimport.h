/*
 * ledger import: a record that a team kept before, row by row into the ledger.
 */
#ifndef KR_CLI_LEDGERIMPORT_H
#define KR_CLI_LEDGERIMPORT_H

#include "runbook/result.h"
#include "ledger/ledger.h"

/*
 * Reads the file whole and checks every row before the first is written; each
 * becomes a record of the step "imported", with the time that it states. What
 * was imported before is not written again. A checkpoint follows.
 */
KR_FALLIBLE ledgerimport_run(struct result *result, struct ledger *ledger,
			     const char *path);

#endif
