/*
 * Sends one notification, for the tests.
 *
 *	notify-play EVENT KIND URL TOKEN ON CHANNEL...
 *
 * KIND is webhook, binary, slack, slack-hook or command (whose words stand
 * where the channels would); TOKEN a reference or ""; ON words with ',' between
 * them or "". Prints "N delivered" and the warnings.
 */
#include <stdio.h>
#include <string.h>

#include "base/stop.h"
#include "secret/wipe.h"
#include "service/notify.h"

#define MAX_WORDS 8

static void warn(void *user, const char *text)
{
	(void)user;
	printf("warning: %s\n", text);
}

static enum notify_event event_of(const char *word)
{
	enum notify_event event = NOTIFY_START;

	while (event < NOTIFY_DONE &&
	       strcmp(word, notify_event_word(event)) != 0)
		event++;
	return event;
}

static enum notify_kind kind_of(const char *word)
{
	static const char *const words[] = {
		[NOTIFY_BY_WEBHOOK] = "webhook",
		[NOTIFY_BY_SLACK] = "slack",
		[NOTIFY_BY_SLACK_HOOK] = "slack-hook",
		[NOTIFY_BY_COMMAND] = "command",
	};
	int kind = NOTIFY_BY_COMMAND;

	while (kind > 0 && strcmp(word, words[kind]) != 0)
		kind--;
	return (enum notify_kind)kind;
}

int main(int argc, char **argv)
{
	const char *on[MAX_WORDS + 1] = { NULL };
	struct notify_target target = { 0 };
	const struct notify_message message = {
		.event = event_of(argc > 1 ? argv[1] : ""),
		.rotation = "kr-20261122-7f3a9c",
		.service = "secrets-service",
		.environment = "production",
		.context = "aether-production",
		.operator_ = "alice <!channel>",
		.fingerprint = "9f86d081884c7d659a2feaa0c55ad015"
			       "a3bf4f1b2b0b822cd15d6c15b0f00a08",
		.reason = "SoakFailed",
		.summary = "error rate rose & stayed",
		.next = "kubectl keyrot rollback",
	};
	char *rest = NULL;
	size_t n = 0;

	if (argc < 6)
		return 2;
	harden_process();
	stop_install();
	target.kind = kind_of(argv[2]);
	target.binary = strcmp(argv[2], "binary") == 0;
	target.run = (const char *const *)argv + 6;
	target.url = *argv[3] ? argv[3] : NULL;
	if (*argv[4] && !ref_parse(argv[4], &target.token))
		return 2;
	for (char *word = strtok_r(argv[5], ",", &rest); word && n < MAX_WORDS;
	     word = strtok_r(NULL, ",", &rest))
		on[n++] = word;
	target.on = n ? on : NULL;
	target.channels = (const char *const *)argv + 6;
	printf("%zu delivered\n",
	       notify_send(&target, 1, &message, NULL, warn, NULL));
	return 0;
}
