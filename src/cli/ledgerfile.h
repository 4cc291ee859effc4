/*
 * The ledger that the command line or keyrot.yaml names, and what remembers it
 * outside of the file.
 */
#ifndef KR_CLI_LEDGERFILE_H
#define KR_CLI_LEDGERFILE_H

#include "cli/command.h"
#include "ledger/ledger.h"

/*
 * --ledger, else keyrot.yaml's `ledger:`; relative paths there are of its own
 * folder. *out is NULL where neither names one. operator_ (NULL allowed) is who
 * signs a new ledger.
 */
KR_FALLIBLE cli_ledger_open(const struct cli_context *context,
			    const char *operator_, struct ledger **out);

/* Anchors, with the names of where they were found. */
struct cli_anchors {
	struct ledger_anchor *items;
	size_t count;
};

/*
 * Collects: --anchor; the annotation of each target's Secret; the metadata of
 * the store's entries. A cluster or store that cannot be asked is a warning of
 * the result. Anchors of ledgers that --ignore-ledger names are left out.
 */
KR_FALLIBLE cli_anchors_find(struct cli_context *context, struct result *result,
			     struct cli_anchors *out);
void cli_anchors_release(struct cli_anchors *anchors);

/* Into the document, and to whoever watches. */
void cli_ledger_warn(const struct cli_context *context, struct result *result,
		     const char *text);

#endif
