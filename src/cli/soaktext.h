/* A soak that is over, as text for people. */
#ifndef KR_CLI_SOAKTEXT_H
#define KR_CLI_SOAKTEXT_H

#include "base/buf.h"
#include "runbook/soak.h"

void soaktext_write(const struct soak_options *options,
		    const struct soak_result *result, struct buf *out);

#endif
