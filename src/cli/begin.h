/*
 * Whether anything new may begin.
 */
#ifndef KR_CLI_BEGIN_H
#define KR_CLI_BEGIN_H

#include "cli/command.h"
#include "runbook/rotate.h"

/* KR_EREFUSED, reason "RotationOpen": this one has not ended; how it can. */
KR_FALLIBLE begin_refuse(const struct cli_context *context,
			 struct result *result, const char *open);

/*
 * KR_EREFUSED where a rotation of the service has not ended ("RotationOpen"),
 * KR_EHELD where a process of this machine is at it, or KR_EREFUSED where the
 * review of one that failed is not closed. --new, --wait and --review-closed
 * are heeded.
 */
KR_FALLIBLE begin_check(const struct cli_context *context,
			struct result *result);

/* The store of the command line or of keyrot.yaml; it borrows *options. */
KR_FALLIBLE begin_store(struct cli_context *context,
			struct store_options *options, struct store **out);

/* What the command line says of a rotation. */
void begin_options(struct cli_context *context, struct result *result,
		   struct store *store, struct rotate_options *out);

/* --wait; KR_EUSAGE where it is no duration. */
KR_FALLIBLE begin_wait(const struct cli_context *context,
		       struct rotate_options *options);

/*
 * Prints what a second person has to sign, and does nothing else; `to` is the
 * environment of a promotion, NULL for a rotation; `id` is of a rotation that
 * is gone on with, and whose key is made: NULL.
 */
KR_FALLIBLE begin_request(struct cli_context *context, struct result *result,
			  const char *to, const char *id);

/*
 * A rotation with an id that was made beforehand, as `rotate` does it; where it
 * has begun it is gone on with. It never goes on in another process.
 */
KR_FALLIBLE cli_rotate_named(struct cli_context *context, struct result *result,
			     const char *id);

#endif
