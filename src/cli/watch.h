/*
 * A command's answer, again and again, until it is stopped: drawn in place on a
 * terminal; elsewhere only what differs from the time before, a blank line
 * between.
 */
#ifndef KR_CLI_WATCH_H
#define KR_CLI_WATCH_H

#include "cli/command.h"

#define WATCH_DEFAULT_MS (5 * 1000)

/*
 * `look` fills the result it is given, its text for people included. What it
 * fails with is shown and the watch goes on, but for usage and configuration
 * in the first round. `every`: of the option, "" for the default. Ends with
 * KR_EINTERRUPTED.
 */
KR_FALLIBLE watch_run(struct cli_context *context, const char *every,
		      cli_run *look);

#endif
