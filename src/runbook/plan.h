/*
 * The plan: every step of a table, the kubectl command it stands for, and
 * whether anything is left to do; nothing is changed.
 */
#ifndef KR_RUNBOOK_PLAN_H
#define KR_RUNBOOK_PLAN_H

#include "runbook/run.h"

/*
 * Reads the cluster and writes the plan into the run's result: `steps` in the
 * document, and the text for people. What apply would refuse is returned as
 * its error, after the plan was written.
 */
KR_FALLIBLE plan_make(struct run *run, const struct step *steps);

/*
 * `kubectl` of a step with its %-words replaced, one line for each restartable
 * consumer where it has %w. Lines are appended to `lines`, a JSON array.
 */
void plan_expand(const struct run *run, const char *kubectl,
		 struct cJSON *lines);

/* The mixed window of a key that is swapped: said before anything is done. */
void plan_say_mixed(struct result *result);

#endif
