/*
 * Fingerprints of every key that the service had: what a repository must not
 * hold.
 */
#ifndef KR_CLI_GITOPSKNOWN_H
#define KR_CLI_GITOPSKNOWN_H

#include "cli/command.h"

struct gitops_known {
	char **items; /* NULL-terminated, once filled; may hold one twice */
	size_t count;
};

/*
 * From the ledger, and unless --offline is given from the store's entries and
 * from each target's Secret: the key it holds, and those it is annotated with.
 * What is named but cannot be asked is an error: a key that nobody asked for
 * would be missed. The document says how many came from where ("sources").
 */
KR_FALLIBLE gitops_known_find(struct cli_context *context,
			      struct result *result, struct gitops_known *out);
void gitops_known_release(struct gitops_known *known);

#endif
