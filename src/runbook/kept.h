/*
 * What a run ended with, kept beside its journal for the report that is made
 * of it later: $XDG_STATE_HOME/keyrot/SERVICE/ROTATION.result.json (0600), the
 * document of -o json. Fingerprints, names and samples; no key material.
 */
#ifndef KR_RUNBOOK_KEPT_H
#define KR_RUNBOOK_KEPT_H

#include "runbook/rotate.h"

/*
 * Writes it (over that of an earlier try of the same rotation); `failure` is
 * borrowed, NULL: none. That it cannot be kept is a warning of the result.
 */
void kept_write(struct rotation *rotation, const struct err *failure);

/* NULL where there is none, or none that can be read. Owned by the caller. */
KR_FALLIBLE kept_read(const char *service, const char *rotation,
		      struct cJSON **out);

#endif
