/*
 * Whether anything new may begin.
 */
#ifndef KR_CLI_BEGIN_H
#define KR_CLI_BEGIN_H

#include "cli/command.h"

/*
 * KR_EREFUSED where a rotation of the service has not ended ("RotationOpen"),
 * or the review of one that failed is not closed. --new and --review-closed
 * are heeded.
 */
KR_FALLIBLE begin_check(const struct cli_context *context,
			struct result *result);

#endif
