/*
 * The runbook is a table of steps; kubectl-keyrot.c holds it.
 *
 * A step is observed first: where the world is already as it should be, it is
 * skipped. That is what makes running again the same as resuming. It is then
 * performed, and ends only when its result is durable outside the process.
 * `plan` prints the same table with the kubectl command each row stands for.
 *
 * To add a step: its functions in steps_*.c, a declaration below, a row in the
 * table.
 */
#ifndef KR_RUNBOOK_STEP_H
#define KR_RUNBOOK_STEP_H

#include "base/err.h"

struct run;

enum step_flags {
	/* Changes the cluster. Not done by a dry run or by plan. */
	STEP_WRITES = 1,
	/* Belongs to the step before it: a stop request waits until it is
	 * over, so that nobody is left between the two. */
	STEP_AT_ONCE = 2,
	/* Only where workloads are to be restarted (--no-restart). */
	STEP_RESTARTS = 4,
	/* Only where the end is to be waited for (--no-wait). */
	STEP_WAITS = 8,
	/* Of one mode alone: secret.mode in keyrot.yaml. */
	STEP_SINGLE = 16,
	STEP_KEYRING = 32,
	/* Only where the run keeps a ledger of its own: apply's. */
	STEP_LEDGER = 64,
};

/* Whether nothing is left to do; looks, changes nothing. */
typedef struct err *step_observe(struct run *run, bool *out_done)
	__attribute__((warn_unused_result));
/* Does it. */
typedef struct err *step_perform(struct run *run)
	__attribute__((warn_unused_result));

struct step {
	const char *id;	   /* permanent: journals and scripts name it */
	const char *title; /* an imperative sentence */
	/* The kubectl command it stands for: %c context, %n namespace, %s
	 * Secret, %e entry, %w workload (the line is repeated for each), %%. */
	const char *kubectl;
	int flags;
	step_observe *observe; /* NULL: always to be performed */
	step_perform *perform;
};

struct rotate_step;
struct buf;

/* The tables; a row with id NULL ends each. */
struct runbook {
	const struct step *apply; /* one target */
	/* All environments, or a promotion to one; rotate.h. */
	const struct rotate_step *rotate;
	const struct rotate_step *rollback;
	const struct step *drop; /* the previous key of one target's keyring */
	const struct rotate_step *retire;
};

/*
 * The row `id` of the tables of one target, and those after it: apply's, or
 * else what retire has of its own. NULL: neither has it.
 */
const struct step *step_rows(const struct runbook *book, const char *id);

/* What a kubectl line is about. All borrowed. */
struct step_names {
	const char *context;
	const char *ns; /* NULL: the context's own; "-n %n" is left out */
	const char *secret;
	const char *entry;
	const char *workload; /* "deployment/x" */
};
/* A row's kubectl line, about these. */
void step_kubectl(const char *line, const struct step_names *names,
		  struct buf *out);

/*
 * Runs the steps in order, telling the reporter. The first error ends it; a
 * stop request is heeded between steps.
 */
KR_FALLIBLE step_run_one(const struct step *step, struct run *run);
KR_FALLIBLE step_run_all(const struct step *steps, struct run *run);

/* Whether the mode of the run's Secret has the step at all. */
bool step_is_of_mode(const struct step *step, const struct run *run);

/* steps_read.c */
step_perform step_read, step_check;
/* steps_key.c */
step_perform step_store_key, step_prove_previous;
/* steps_write.c */
step_observe step_is_written, step_is_restarted, step_is_clean;
step_perform step_write, step_restart, step_clean, step_follow;
/* record_run.c */
step_perform step_ledger;
/* steps_keyring.c */
step_observe step_is_added, step_is_next_restarted, step_is_next_there,
	step_is_promoted;
/* steps_retire.c */
step_observe step_is_dropped;
step_perform step_prove_ring, step_drop;
step_perform step_check_ring, step_add, step_promote;

#endif
