/*
 * What is left to do, and to be understood, when a rotation's run is over.
 */
#ifndef KR_CLI_ROTATEEND_H
#define KR_CLI_ROTATEEND_H

#include "runbook/rotate.h"

/* The commands to go on with. `err` is what ended it; NULL: nothing did. */
void rotateend_next(const struct rotation *rotation, struct result *result,
		    const struct err *err);

/* A failure, and a roll-back in any case, leaves the draft of a review. */
void rotateend_review(struct rotation *rotation, struct result *result,
		      const struct err *err);

/*
 * An environment that asks for it is put back by the program itself: after a
 * failed soak, and after a rollout, logs or a suite that failed. A gate that
 * could not look waits for a person.
 */
bool rotateend_wants_back(const struct rotation *rotation,
			  const struct err *err);

#endif
