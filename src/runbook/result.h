/*
 * The document that a command ends with: what `-o json` prints, what the text
 * for people is made from, and what a script can rely on. The frame is the
 * same for every command and only ever gains fields; docs/schema/ describes
 * it.
 *
 * Steps fill it as they go, so that a failure half-way leaves what is known:
 * anything not written stays null, which reads "not known", never a guess.
 */
#ifndef KR_RUNBOOK_RESULT_H
#define KR_RUNBOOK_RESULT_H

#include "base/buf.h"
#include "base/err.h"

struct cJSON;

struct result {
	struct cJSON *document; /* owned; the whole frame */
	/* What a command prints for people on standard output. Where it stays
	 * empty, the summary of the targets is printed. */
	struct buf text;
	/* How wide its lines may be; 0: as they are. */
	size_t columns;
};

/* kind is "ApplyResult" and the like. */
void result_init(struct result *result, const char *kind);
void result_release(struct result *result);

/* "kr-20261122-7f3a9c". */
void result_set_rotation(struct result *result, const char *id);

/* All strings are copied. */
struct result_store {
	const char *type;  /* "pass" */
	const char *where; /* for people; NULL */
	const char *entry; /* of the key that was applied; NULL: none yet */
	const char *previous_entry; /* of the key replaced; NULL */
	bool proved; /* `entry` was read back and has the fingerprint */
};
void result_set_store(struct result *result, const struct result_store *store);

/*
 * A target, its fields null but for these. The object is owned by the result;
 * the caller sets members by json_set_*(), which replace what is there:
 * cluster, fingerprint, previousFingerprint, changed, resourceVersion, state
 * (a sentence for people).
 */
struct result_target {
	const char *context;
	const char *cluster;
	const char *namespace_;
	const char *secret;
	const char *entry;
};
struct cJSON *result_add_target(struct result *result,
				const struct result_target *target);
/* Moves the targets and warnings of another one behind this one's. */
void result_take(struct result *result, struct result *from);

/* Sets or replaces a member where the order of members is to stay. */
void result_put_str(struct cJSON *object, const char *name, const char *value);
void result_put_int(struct cJSON *object, const char *name, long long value);
void result_put_bool(struct cJSON *object, const char *name, bool value);

/* The keyring's fingerprints; "" or NULL: no such key there. */
void result_put_keyring(struct cJSON *target, const char *current,
			const char *next, const char *previous);

/* A consumer of the target: restarted, desired, updated, ready, old: null. */
struct cJSON *result_add_consumer(struct cJSON *target, const char *kind,
				  const char *name);
struct result_counts {
	int desired, updated, ready, old;
};
void result_put_counts(struct cJSON *consumer,
		       const struct result_counts *counts);
/* fingerprint NULL: it cannot be known. */
void result_add_pod(struct cJSON *consumer, const char *name,
		    const char *fingerprint, bool ready);

void result_warn(struct result *result, const char *format, ...)
	KR_PRINTF(2, 3);
/* Whether exactly this was said already. */
bool result_has_warning(const struct result *result, const char *text);
/* A command to type next; several in the order to type them. */
void result_next(struct result *result, const char *format, ...)
	KR_PRINTF(2, 3);

/*
 * Writes outcome, exitCode, reason and message; a hint becomes the first of
 * `next` where it is a command, else the member `hint`. NULL is success.
 * Returns the exit code.
 */
int result_finish(struct result *result, const struct err *err);

/* "done", "refused", "failed" or "interrupted". */
const char *result_outcome(const struct err *err);

#endif
