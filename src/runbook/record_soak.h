/*
 * A soak, on record.
 */
#ifndef KR_RUNBOOK_RECORD_SOAK_H
#define KR_RUNBOOK_RECORD_SOAK_H

#include "runbook/rotate.h"
#include "runbook/soak.h"

/* Appends it, with its samples; a warning where that cannot be. */
void record_soak(struct rotate_target *target, const struct rotation *rotation,
		 const struct soak_options *options,
		 const struct soak_result *result);

#endif
