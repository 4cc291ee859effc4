/*
 * What a command is about: the Secret, its entry, its consumers, and the place
 * that keyrot.yaml has for the context.
 */
#ifndef KR_CLI_TARGET_H
#define KR_CLI_TARGET_H

#include "cli/command.h"
#include "config/config.h"

/* All borrowed from the options and the configuration. */
struct cli_target {
	const char *secret;
	const char *entry;
	const char *const *consumers; /* NULL: found in the cluster */
	/* NULL where keyrot.yaml does not know the context. */
	const struct config_environment *environment;
	const struct config_target *target;
};

/* The entry's name alone: --entry, else the configuration's. */
const char *cli_entry(const struct cli_context *context);

/*
 * Checks the names. Where --namespace was not given and the configuration
 * names one for the context, it is put into the flags: call it before
 * kube_access_load(). KR_EUSAGE where the context has several targets.
 */
KR_FALLIBLE cli_target_resolve(struct cli_context *context,
			       struct cli_target *out);

/*
 * The environment of --to, the one behind that of --from, the one of --context,
 * else the second of two. Borrowed. KR_EUSAGE where several could be meant.
 */
KR_FALLIBLE cli_promote_to(const struct cli_context *context, const char **out);

#endif
