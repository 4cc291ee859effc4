/*
 * What to type after a failure that says nothing of it itself.
 */
#ifndef KR_CLI_AFTERWARDS_H
#define KR_CLI_AFTERWARDS_H

#include "cli/command.h"

/*
 * Every failure ends with a command to type. Where neither the error's hint
 * nor the result's `next` is one, the kind of the error tells where to look.
 * `command` is NULL where none was found.
 */
void afterwards_complete(const struct command *command, const struct err *err,
			 struct result *result);

#endif
