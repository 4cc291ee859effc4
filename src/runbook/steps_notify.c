/*
 * The people who are told. What the journal knows as told is not told again,
 * and what it knows as Slack's thread of the rotation is gone on with.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "runbook/notice.h"
#include "runbook/rotate.h"

#define THREAD "slack-thread"

static void on_warning(void *user, const char *text)
{
	const struct rotation *rotation = user;
	const struct reporter *r = rotation->options.reporter;

	result_warn(rotation->options.result, "%s", text);
	if (r->message)
		r->message(r->user, REPORT_WARNING, text);
}

/* What is being told, for the functions that remember. */
struct telling {
	struct rotation *rotation;
	char step[40]; /* "notified-done" */
	bool once;     /* there is one such event in a rotation */
};

static void name_delivery(size_t target, const char *channel, char out[200])
{
	(void)snprintf(out, 200, "%zu%s%.150s", target + 1, channel ? " " : "",
		       channel ? channel : "");
}

static bool was_told(void *user, size_t target, const char *channel)
{
	const struct telling *t = user;
	char name[200];

	name_delivery(target, channel, name);
	return t->once &&
	       journal_is_done(t->rotation->journal, t->step, NULL, name);
}

/* A journal that takes nothing now says so at the step's own line. */
static void remember(const struct telling *t, const char *step,
		     const char *context, const char *detail)
{
	const struct journal_line line = {
		.event = JOURNAL_DONE,
		.step = step,
		.context = context,
		.detail = detail,
	};

	err_free(journal_add(t->rotation->journal, &line));
}

static char *thread_in(const struct journal *journal, const char *channel)
{
	const char *thread =
		journal_detail(journal, JOURNAL_DONE, THREAD, NULL, channel);

	return thread ? strdup(thread) : NULL;
}

/* A roll-back answers in the thread of the rotation that it undoes. */
static char *thread_of(void *user, const char *channel)
{
	const struct telling *t = user;
	const struct rotation *rotation = t->rotation;
	kr_cleanup(journal_closep) struct journal *undone = NULL;
	char *own = thread_in(rotation->journal, channel);
	struct err *err;

	if (own || !*rotation->undone)
		return own;
	err = journal_open(rotation->options.config->service, rotation->undone,
			   &undone);
	if (!err)
		return thread_in(undone, channel);
	err_free(err);
	return NULL;
}

static void told(void *user, size_t target, const char *channel,
		 const char *thread)
{
	const struct telling *t = user;
	kr_cleanup(str_freep) char *known =
		channel ? thread_of(user, channel) : NULL;
	char name[200];

	name_delivery(target, channel, name);
	remember(t, t->step, name, NULL);
	/* A reply has a name of its own, which is no thread's. */
	if (thread && !known)
		remember(t, THREAD, channel, thread);
}

/* Tells those who want to know. That nobody can be told fails nothing. */
static void tell(struct rotation *rotation, const struct rotate_env *env,
		 enum notify_event event, const char *summary)
{
	struct telling telling = {
		.rotation = rotation,
		.once = event == NOTIFY_START || event == NOTIFY_DONE ||
			event == NOTIFY_ROLLED_BACK,
	};
	const struct notify_memory memory = {
		.was_told = was_told,
		.told = told,
		.thread = thread_of,
		.user = &telling,
	};
	char id[96], next[96];
	const struct notify_message message = {
		.event = event,
		.id = id,
		.rotation = rotation->id,
		.service = rotation->options.config->service,
		.environment = env ? env->name : NULL,
		.operator_ = rotation_operator(rotation),
		.fingerprint =
			*rotation->fingerprint ? rotation->fingerprint : NULL,
		.reason = rotation->failed,
		.summary = summary,
		.next = rotation->failed ? next : NULL,
		.anchor = *rotation->anchor ? rotation->anchor : NULL,
	};
	const char *word = notify_event_word(event);

	(void)snprintf(telling.step, sizeof(telling.step), "notified-%s", word);
	(void)snprintf(next, sizeof(next), "kubectl keyrot %s %s",
		       rotation->options.retires ? "retire" : "resume",
		       rotation->options.retires ? "" : rotation->id);
	/* What can happen again is told again. */
	if (telling.once)
		(void)snprintf(id, sizeof(id), "%s/%s", rotation->id, word);
	else
		(void)snprintf(id, sizeof(id), "%s/%s/%" PRId64, rotation->id,
			       word, clock_wall_ms());
	(void)notice_send(rotation->options.config, &message, &memory,
			  on_warning, rotation);
}

KR_FALLIBLE rotate_notify_start(struct rotation *rotation)
{
	tell(rotation, NULL, NOTIFY_START,
	     rotation->options.retires ? "the previous key is being retired"
	     : *rotation->undone       ? "a roll-back begins"
				       : "a rotation begins");
	return NULL;
}

void rotate_notify_person(struct rotation *rotation,
			  const struct rotate_env *env)
{
	tell(rotation, env, NOTIFY_PERSON,
	     "a person is asked on the terminal whether the key may go there");
}

/* What only a person can get on: not a fault, but a rule or a blind gate. */
static bool needs_person(const char *reason)
{
	static const char *const reasons[] = {
		"NotConfirmed", "NotApproved",	    "OutsideWindow",
		"NotProven",	"SoakInconclusive", "SoakError",
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (strcmp(reasons[i], reason) == 0)
			return true;
	return text_starts_with(reason, "Approval");
}

KR_FALLIBLE rotate_notify_end(struct rotation *rotation)
{
	const struct rotate_env *env = rotation->failed_in;

	if (rotation->failed && needs_person(rotation->failed))
		tell(rotation, env, NOTIFY_PERSON,
		     "the rotation has stopped and waits for a person");
	else if (rotation->options.retires)
		tell(rotation, env,
		     rotation->failed ? NOTIFY_FAILED : NOTIFY_DONE,
		     rotation->failed
			     ? "the previous key could not be retired; it can be done again"
			     : "the previous key is retired everywhere");
	else if (rotation->failed)
		tell(rotation, env, NOTIFY_FAILED,
		     *rotation->undone
			     ? "the roll-back failed; it can be resumed"
			     : "the rotation failed; it can be resumed or rolled back");
	else if (*rotation->undone)
		tell(rotation, NULL, NOTIFY_ROLLED_BACK,
		     "the previous key is back in every environment");
	else
		tell(rotation, NULL, NOTIFY_DONE,
		     "every environment runs the new key");
	return NULL;
}
