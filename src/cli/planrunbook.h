/* The plan of a whole runbook: plan rotate, promote, rollback, retire. */
#ifndef KR_CLI_PLANRUNBOOK_H
#define KR_CLI_PLANRUNBOOK_H

#include "base/err.h"

struct cli_context;
struct result;

/*
 * `steps` of the document and the text: the rows of the table that the command
 * `name` runs, for the environments of the configuration. No cluster is asked.
 * KR_EUSAGE for another name, KR_ECONFIG without environments.
 */
KR_FALLIBLE plan_runbook(struct cli_context *context, struct result *result,
			 const char *name);

#endif
