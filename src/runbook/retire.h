/*
 * The tables of `retire`, as struct runbook has them.
 */
#ifndef KR_RUNBOOK_RETIRE_H
#define KR_RUNBOOK_RETIRE_H

#include "runbook/rotate.h"

extern const struct step runbook_drop[];
extern const struct rotate_step runbook_retire[];

#endif
