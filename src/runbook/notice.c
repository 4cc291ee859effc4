#include "runbook/notice.h"

#include "base/file.h"

static enum notify_kind kind_of(const struct config_notify *n)
{
	if (n->type == NOTIFY_COMMAND)
		return NOTIFY_BY_COMMAND;
	if (n->type == NOTIFY_WEBHOOK)
		return NOTIFY_BY_WEBHOOK;
	return n->token.value ? NOTIFY_BY_SLACK : NOTIFY_BY_SLACK_HOOK;
}

static struct notify_target target_of(const struct config_notify *n,
				      const char *folder)
{
	/* The runbook's own, where a token is all that is given. */
	static const char *const channels[] = { "#security-ops",
						"#platform-alerts", NULL };
	static const enum ref_from from[] = {
		[REF_NONE] = REF_FROM_NOWHERE,
		[REF_ENV] = REF_FROM_ENV,
		[REF_FILE] = REF_FROM_FILE,
		[REF_EXEC] = REF_FROM_EXEC,
	};

	return (struct notify_target){
		.kind = kind_of(n),
		.url = n->url,
		.folder = folder,
		.channels = n->channels ? (const char *const *)n->channels
					: channels,
		.token = { .from = from[n->token.kind],
			   .value = n->token.value,
			   .folder = folder },
		.on = (const char *const *)n->on,
		.binary = n->mode == NOTIFY_BINARY,
		.run = (const char *const *)n->run,
		.timeout_ms = n->timeout_ms,
	};
}

size_t notice_send(const struct config *config,
		   const struct notify_message *message,
		   const struct notify_memory *memory,
		   notify_on_warning *on_warning, void *user)
{
	kr_cleanup(str_freep) char *folder =
		config->path ? file_dirname(config->path) : NULL;
	struct notify_target *targets;
	size_t delivered;

	if (!config->n_notify)
		return 0;
	targets = calloc(config->n_notify, sizeof(*targets));
	if (!targets) {
		if (on_warning)
			on_warning(user, "no notification was sent: out of "
					 "memory");
		return 0;
	}
	for (size_t i = 0; i < config->n_notify; i++)
		targets[i] = target_of(&config->notify[i], folder);
	delivered = notify_send(targets, config->n_notify, message, memory,
				on_warning, user);
	free(targets);
	return delivered;
}
