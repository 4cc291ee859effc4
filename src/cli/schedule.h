/*
 * What the files of the command `schedule` share.
 */
#ifndef KR_CLI_SCHEDULE_H
#define KR_CLI_SCHEDULE_H

#include "cli/command.h"
#include "runbook/due.h"

/* --every, and --max-age where it was given. KR_EUSAGE. */
KR_FALLIBLE schedule_rule(const struct cli_options *options,
			  struct due_rule *out);

/* "90d", or as clock_parse_duration() reads it; `option` is for the error. */
KR_FALLIBLE schedule_parse_age(const char *option, const char *text,
			       int64_t *out_ms);

/*
 * Puts the targets into the document with what clusters and ledger know of
 * their keys' age. The error is a cluster's or the ledger's; what could be read
 * stands there all the same.
 */
KR_FALLIBLE schedule_look(struct cli_context *context, struct result *result);

/* The words of the command. */
KR_FALLIBLE schedule_ics(struct cli_context *context, struct result *result);
KR_FALLIBLE schedule_caldav(struct cli_context *context, struct result *result);
KR_FALLIBLE schedule_cronjob(struct cli_context *context,
			     struct result *result);

#endif
