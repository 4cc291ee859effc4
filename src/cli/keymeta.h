/*
 * The metadata of a store entry that is made without a cluster.
 */
#ifndef KR_CLI_KEYMETA_H
#define KR_CLI_KEYMETA_H

#include "cli/connection.h"

/* For `key`, made now, by the operator named or logged in. */
KR_FALLIBLE keymeta_new(const struct connection *connection,
			const struct secret *key, struct store_meta *out);

#endif
