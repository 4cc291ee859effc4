/*
 * Before a soak the program goes on as `resume`, in an address space that has
 * never held a key. What it was told and found out so far goes along: options
 * as words, what is secret among them and the document through a pipe.
 */
#ifndef KR_CLI_HANDOVER_H
#define KR_CLI_HANDOVER_H

#include "cli/command.h"
#include "runbook/rotate.h"

/* struct rotate_options' hand_over; user is the struct cli_context. Returns
 * NULL where this process is the better one to wait. */
struct err *handover(void *user, struct rotation *rotation,
		     const struct rotate_env *env);

/* In the new one. NULL where nothing was handed over. */
KR_FALLIBLE handover_take(struct cJSON **out);
/* Secret options, once the words were parsed. */
KR_FALLIBLE handover_secrets(struct cli_context *context);
/* What it is to begin with. false where nothing was handed over. */
bool handover_begin(const struct cli_context *context, struct result *result,
		    struct rotate_handed *out);
/* What the process before knew and this one could not see. */
void handover_merge(const struct cli_context *context, struct result *result);

/*
 * However early it ended: the document tells what the process before did, and
 * how to go on. Nothing where nothing was handed over.
 */
void handover_failed(const struct cli_context *context, struct result *result);

#endif
