/*
 * What to type next, so that it can be typed as it stands: with the flags
 * that chose cluster, Secret and store.
 */
#ifndef KR_CLI_AGAIN_H
#define KR_CLI_AGAIN_H

#include "cli/command.h"

/*
 * Adds to each `next` of the result what was given on the command line, is
 * taken by the command that is named there, and does not stand in it yet.
 * `tables` are those that the command line was parsed by. Credentials
 * (OPTION_SECRET) are never repeated.
 */
void again_complete(const struct cli_context *context, option_tables tables,
		    struct result *result);

#endif
