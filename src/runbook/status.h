/*
 * Which key each Secret and each pod runs, how old it is, who rotated it, and
 * where things differ. Changes nothing.
 */
#ifndef KR_RUNBOOK_STATUS_H
#define KR_RUNBOOK_STATUS_H

#include "runbook/look.h"

/*
 * Reads one target into the result. environment NULL: none is configured.
 * Pods that are not on the key are counted, and are no error.
 */
KR_FALLIBLE status_read(const struct look_options *options,
			const char *environment);

/* A target that could not be read: it stands in the result all the same. */
void status_unread(const struct result_target *names, const char *environment,
		   const struct err *err, struct result *result);

/* Adds `drift` to the document, from the targets that are in it. */
void status_compare(struct result *result);

/* The tables for people, into result->text. */
void status_text(struct result *result);

/* Since when the entry holds its key: wall time in ms, 0 where not known. */
int64_t status_key_since_ms(const struct kube_key_facts *facts);

#endif
