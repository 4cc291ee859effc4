/*
 * The Applications that keyrot.yaml names under argocd:, and what they do to
 * the key.
 */
#ifndef KR_CLI_GITOPSAPPS_H
#define KR_CLI_GITOPSAPPS_H

#include "cli/command.h"
#include "runbook/gitops_sync.h"

struct cli_app;

struct cli_apps {
	struct cli_context *context; /* borrowed */
	struct result *result;	     /* borrowed */
	struct argocd *argocd;	     /* its API, where it is configured */
	struct cli_app *items;
	size_t count;
};

/* Nothing is sent yet. */
KR_FALLIBLE cli_apps_open(struct cli_context *context, struct result *result,
			  struct cli_apps *out);
void cli_apps_release(struct cli_apps *apps);

/*
 * Before anything is changed: each can be read, and none would put another key
 * back. KR_EREFUSED, reason "SelfHealReverts": the manifest in Git has the
 * entry, and the Application does not spare it.
 */
KR_FALLIBLE cli_apps_check(struct cli_apps *apps);

/* One after the other; as gitops_sync() fails. */
KR_FALLIBLE cli_apps_sync(struct cli_apps *apps, const char *rotation);

/*
 * Every target holds the key that this rotation wrote, also after self-heal had
 * its time. KR_EGATE, reason "KeyReverted". `strict`: it was written just now;
 * else a target that a later rotation wrote is passed over.
 */
KR_FALLIBLE cli_apps_check_keys(struct cli_apps *apps, const char *rotation,
				bool strict);

/* How they were last, into the document and the text. */
void cli_apps_fill(struct cli_apps *apps);

#endif
