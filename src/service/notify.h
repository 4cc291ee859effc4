/*
 * Telling people what a rotation does: a webhook that takes CloudEvents
 * (cloudevents.io, 1.0), Slack (chat.postMessage in one thread a rotation, or
 * an incoming webhook), and a command that reads the event on standard input.
 *
 * A message is delivered at least once or there is a warning; it holds the
 * rotation's id, by which a second copy is recognised. Nothing here fails the
 * work: an error is a sentence for the reporter, and all deliveries of a
 * message together take at most NOTIFY_LIMIT_MS.
 *
 * The address of a webhook is itself a secret: only its host is ever shown.
 * A message holds fingerprints, never a key.
 */
#ifndef KR_SERVICE_NOTIFY_H
#define KR_SERVICE_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

#include "net/http.h"
#include "secret/ref.h"

enum notify_event {
	NOTIFY_START,
	NOTIFY_PERSON, /* it waits for a person */
	NOTIFY_FAILED,
	NOTIFY_ROLLED_BACK,
	NOTIFY_DONE,
};

/* "start", "needs-person", "failed", "rolled-back", "done": as `on:` in
 * keyrot.yaml. */
const char *notify_event_word(enum notify_event event);

enum notify_kind {
	NOTIFY_BY_WEBHOOK,
	NOTIFY_BY_SLACK,      /* its API, by token */
	NOTIFY_BY_SLACK_HOOK, /* an incoming webhook */
	NOTIFY_BY_COMMAND,
};

/* One entry of `notify:`. All borrowed. */
struct notify_target {
	enum notify_kind kind;
	/* https://..., or a reference (ref.h) to one. For Slack the address of
	 * its API; NULL: https://slack.com/api. http:// only to this machine.
	 */
	const char *url;
	const char *folder;	     /* of relative paths; NULL: the current */
	const char *const *channels; /* Slack; NULL-terminated */
	/* Slack: the token. A webhook: Authorization: Bearer, or nowhere. */
	struct ref token;
	const char *const *on; /* words of events, NULL-terminated; NULL: all */
	bool binary; /* webhook: CloudEvents' binary mode, not structured */
	const char *const *run; /* a command's argv */
	int64_t timeout_ms;	/* of the command; <= 0: what is left */
};

/* Borrowed; NULL where there is nothing to say. */
struct notify_message {
	enum notify_event event;
	/* The same for each copy of this message, and for no other one. */
	const char *id;
	const char *rotation;
	const char *service;
	const char *environment;
	const char *context;
	const char *operator_;
	const char *fingerprint;
	const char *previous_fingerprint;
	const char *reason;  /* a word: "ProgressDeadlineExceeded" */
	const char *summary; /* a sentence */
	const char *next;    /* the command to type */
	const char *anchor;  /* of the ledger, see ledger/anchor.h */
	const char *time;    /* RFC 3339; NULL: now */
};

#define NOTIFY_LIMIT_MS 15000

/*
 * What earlier deliveries left behind, for the one who remembers it. `target`
 * is an index, `channel` Slack's or NULL.
 */
struct notify_memory {
	bool (*was_told)(void *user, size_t target, const char *channel);
	void (*told)(void *user, size_t target, const char *channel,
		     const char *thread);
	/* The thread of the rotation's first message there; malloc'd, NULL. */
	char *(*thread)(void *user, const char *channel);
	void *user;
};

/* Called for each delivery that was given up. */
typedef void notify_on_warning(void *user, const char *text);

/*
 * Delivers to each target that wants the event; a failed delivery is tried
 * again while there is time. A stop request ends it. Returns how many
 * deliveries (channels counted one by one) were taken by the other side.
 * `memory` may be NULL: everything is told, and each message stands alone.
 */
size_t notify_send(const struct notify_target *targets, size_t n,
		   const struct notify_message *message,
		   const struct notify_memory *memory,
		   notify_on_warning *on_warning, void *user);

/* Whether any of them wants it: nothing is read or sent. */
bool notify_wants(const struct notify_target *targets, size_t n,
		  enum notify_event event);

#endif
