/*
 * What a rotation did, for the one that goes on with it.
 *
 * $XDG_STATE_HOME/keyrot/SERVICE/ROTATION.jsonl (0600): a line before each
 * effect and one after it, each on disk before the next thing happens. The
 * clusters and the store are the truth; the journal remembers what cannot be
 * seen there, and saves looking. No key material: a line is made of the words
 * below and nothing else.
 *
 * A lost journal costs nothing but repeated checks.
 */
#ifndef KR_RUNBOOK_JOURNAL_H
#define KR_RUNBOOK_JOURNAL_H

#include "base/err.h"

struct cJSON;
struct journal;

enum journal_event {
	/* The rotation; of a roll-back, detail is which one, and of a
	 * promotion JOURNAL_TO and the environment. */
	JOURNAL_BEGUN,
	JOURNAL_INTENT,	  /* a step is about to have an effect */
	JOURNAL_DONE,	  /* ... had it, and that was seen */
	JOURNAL_FAILED,	  /* ... ended with an error; detail is its reason */
	JOURNAL_TAKEOVER, /* of a Lease; detail is "from HOLDER" */
	/* A metric before the rotation: step names it; detail is "MEAN POINTS
	 * PLANNED" */
	JOURNAL_BASELINE,
	/* A safety rule was set aside for a target: step is the flag. */
	JOURNAL_OVERRIDE,
	/* An environment: detail is the second person. */
	JOURNAL_APPROVED,
	JOURNAL_ENDED, /* the rotation: detail is "done", "rolled-back", ... */
};

#define JOURNAL_TO "to "

struct journal_line {
	enum journal_event event;
	const char *step;	 /* "write-secret"; NULL */
	const char *environment; /* NULL where not of one */
	const char *context;	 /* NULL where not of one target */
	const char *detail;	 /* a reason, an id, a fingerprint; NULL */
};

/* Opens the rotation's journal, making it where it is not there. */
KR_FALLIBLE journal_open(const char *service, const char *rotation,
			 struct journal **out);
void journal_close(struct journal *journal);
static inline void journal_closep(struct journal **p)
{
	journal_close(*p);
}

/* On disk on return. `detail` longer than 200 bytes is cut. After one that
 * could not be added no other is: a line missing in the middle would lie. */
KR_FALLIBLE journal_add(struct journal *journal,
			const struct journal_line *line);

/* Whether the step was recorded as done (for that environment or context). */
bool journal_is_done(const struct journal *journal, const char *step,
		     const char *environment, const char *context);
/* Whether there is such a line. */
bool journal_has(const struct journal *journal, enum journal_event event,
		 const char *step, const char *environment,
		 const char *context);
/* The detail of the last such line, or NULL. Borrowed. */
const char *journal_detail(const struct journal *journal,
			   enum journal_event event, const char *step,
			   const char *environment, const char *context);
/* NULL while it has not ended. */
const char *journal_outcome(const struct journal *journal);
const char *journal_path(const struct journal *journal);

/*
 * The id of the service's newest rotation that has not ended, malloc'd; NULL
 * where there is none.
 */
KR_FALLIBLE journal_find_open(const char *service, char **out_rotation);
/* The newest one that is no roll-back, ended or not. */
KR_FALLIBLE journal_find_last(const char *service, char **out_rotation);
/* The roll-back of `undone` that has not ended. */
KR_FALLIBLE journal_find_undo(const char *service, const char *undone,
			      char **out_rotation);
/* Of a roll-back: the rotation that it undoes; NULL otherwise. Borrowed. */
const char *journal_undone(const struct journal *journal);
/* Of a promotion: the environment that it is to; NULL otherwise. Borrowed. */
const char *journal_to(const struct journal *journal);
/* The folder of the service's journals; malloc'd. */
KR_FALLIBLE journal_folder(const char *service, char **out);
/* A file of a rotation in that folder, which need not be there; malloc'd. */
KR_FALLIBLE journal_beside(const char *service, const char *rotation,
			   const char *suffix, char **out);

/* Gives each journal that has begun, in no order: its id, what it undoes
 * (NULL), and its lines; all borrowed for the call. */
typedef void journal_visit(void *user, const char *rotation, const char *undone,
			   const struct cJSON *lines);
KR_FALLIBLE journal_each(const char *service, journal_visit *visit, void *user);

/*
 * Whether the rotation's journal is here and has begun, without opening it;
 * *out_undone as journal_undone(), *out_to as journal_to(), malloc'd.
 */
KR_FALLIBLE journal_look(const char *service, const char *rotation,
			 bool *out_known, char **out_undone, char **out_to);

/* Whether a process of this machine has the journal open: it is at work. */
KR_FALLIBLE journal_is_at_work(const char *service, const char *rotation,
			       bool *out);

#endif
