/*
 * What happened to one target, on record.
 */
#ifndef KR_RUNBOOK_RECORD_RUN_H
#define KR_RUNBOOK_RECORD_RUN_H

#include "ledger/ledger.h"
#include "runbook/run.h"

/*
 * The fields that the run knows; everything is borrowed from it. Step, outcome,
 * overrides and keys are the caller's, and so is the rotation where the run is
 * a part of one.
 */
struct ledger_record record_of_run(const struct run *run);

/* Whether the run keeps a record itself: run_options.config names a ledger,
 * and something is going to be changed. */
bool record_run_is_kept(const struct run *run);

/* KR_EGATE and the like: it could not be written. Nothing is made. */
KR_FALLIBLE record_run_check(const struct run *run);

/*
 * What apply did, with its outcome, and that it has ended; then a checkpoint,
 * whose anchor goes on the Secret. Nothing where nothing was written. `failed`
 * (borrowed) is what ended it; NULL: it is done.
 */
KR_FALLIBLE record_run(struct run *run, const struct err *failed);

/*
 * The ledger's head (ledger_anchor_text()) on the run's Secret, where a cut
 * file cannot reach it. That it cannot be put there is a warning.
 */
void record_anchor(struct run *run, const char *head);

#endif
