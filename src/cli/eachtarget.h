/*
 * Looks that go to every target of keyrot.yaml, side by side.
 */
#ifndef KR_CLI_EACHTARGET_H
#define KR_CLI_EACHTARGET_H

#include "cli/connection.h"

/*
 * Reads one target into c->result; where it fails it leaves a target there
 * all the same (status_unread()). Called in several threads.
 */
typedef struct err *cli_read_target(struct connection *c);

/*
 * The targets of keyrot.yaml in their order, each with what `read` made of it
 * (*out_all is true); with --context, or without any environment, the one that
 * the options name. The first error is returned, with all of them read.
 */
KR_FALLIBLE cli_each_target(struct cli_context *context, struct result *result,
			    cli_read_target *read, bool *out_all);

#endif
