/*
 * A whole rotation: one key through all environments in order, every target
 * of an environment side by side.
 *
 * The rows of a rotation's table (kubectl-keyrot.c) are of three kinds: done
 * once, done for each environment, or a part of the table of `apply`, done for
 * each target. Rows marked ROTATE_EACH_ENVIRONMENT stand together and are gone
 * through for one environment after the other.
 *
 * Running it again is resuming: what the clusters, the store and (where only
 * it can know) the journal show as done is not done twice.
 */
#ifndef KR_RUNBOOK_ROTATE_H
#define KR_RUNBOOK_ROTATE_H

#include "config/config.h"
#include "kube/annotations.h"
#include "kube/lease.h"
#include "ledger/ledger.h"
#include "runbook/journal.h"
#include "runbook/run.h"

#define ROTATE_LABEL_LEN 96

struct rotation;
struct rotate_env;

typedef struct err *rotate_once(struct rotation *rotation)
	__attribute__((warn_unused_result));
typedef struct err *rotate_each(struct rotation *rotation,
				struct rotate_env *env)
	__attribute__((warn_unused_result));

enum rotate_flags {
	ROTATE_EACH_ENVIRONMENT = 1,
	/* One target after the other: the store takes one question at a time */
	ROTATE_IN_TURN = 2,
	/* Only the journal can know that it was done. */
	ROTATE_REMEMBERED = 4,
	/* Also after a failure: gives back what is held. */
	ROTATE_ALWAYS = 8,
	/* Only looks: what ends here has not begun. */
	ROTATE_LOOKS = 16,
	/* For one wave of the environment's targets after the other. */
	ROTATE_EACH_WAVE = 32,
	/* Makes pods restart: at most maxUnavailable targets at a time. */
	ROTATE_RESTARTS = 64,
	/* Of keyring mode alone. */
	ROTATE_KEYRING = 128,
	/* Of a rotation with a new key alone, or of a promotion alone. */
	ROTATE_FRESH_KEY = 256,
	ROTATE_PROMOTION = 512,
};

/* An environment's name, as journal and Lease keep it. */
#define ROTATE_TO_LEN	 128
#define ROTATE_TRACE_LEN (2 * ROTATION_LEN + ROTATE_TO_LEN + 16)

struct rotate_step {
	const char *id; /* permanent: the journal names it */
	const char *title;
	const char *kubectl; /* the line of the runbook it stands for */
	int flags;
	/* One of these: */
	rotate_once *once;
	rotate_each *environment;
	const char *from, *to; /* of one target's rows, both included */
};

/* How far a target has come, in the result of this run. */
enum rotate_progress {
	PROGRESS_NOT_BEGUN, /* nothing was written there */
	PROGRESS_BEGUN,
	PROGRESS_DONE, /* written, and every pod restarted */
	PROGRESS_FAILED,
	PROGRESS_UNKNOWN, /* a roll-back did not get there */
};

struct rotate_target {
	struct rotate_env *env;
	const char *context;
	struct kube_access *access;
	struct kube *kube;
	struct run run;
	bool run_ready;
	struct kube *lease_kube;	     /* for the Lease alone */
	struct kube_lease *lease;	     /* until the keeper has it */
	char *taken_from;		     /* who had it, and is gone; NULL */
	struct kube_lease_facts lease_facts; /* of rotation_find() */
	struct kube_key_facts key_facts;     /* ... */
	bool left_out; /* roll-back: the new key never got here */
	struct err *err;
	bool unreached; /* roll-back: it is gone on without it, for now */
	bool tried;	/* to change it, in this run */
	enum rotate_progress progress;
	char *failure; /* what went wrong there; NULL */
};

struct lease_keeper;
struct soak_baseline;

struct rotate_env {
	/* A promotion to another one: it is looked at, if at all. */
	bool bystander;
	const struct config_environment *config;
	const char *name;
	/* The name, with the targets of the wave where it has several: what
	 * the reporter and the journal call it. */
	char label[ROTATE_LABEL_LEN];
	struct rotate_target *targets;
	size_t count;
	size_t first, end; /* of the targets that rows are about now */
	size_t at_once;	   /* of them side by side */
};

/* What a process left to the one that it became before a soak. Borrowed. */
struct rotate_handed {
	const char *environment; /* whose soak comes first */
	const char *fingerprint;
	const char *entry;
	/* Array of each target's, in order: name, and from where it is known */
	const struct cJSON *operators;
};

/* Borrowed for the life of the rotation, but for what says otherwise. */
struct rotate_options {
	const struct config *config;
	const struct kube_flags *flags; /* kubectl's; --context is left out */
	const struct reporter *reporter;
	struct result *result;
	struct store *store;
	const struct runbook *book;
	const char *const *consumers;
	const char *const *take_ownership;
	const char *operator_;
	bool allow_insecure_tls;
	bool allow_other_cluster;
	bool allow_outside_window;
	bool allow_unvalidated;
	/* Approvals by a second person, NULL-terminated; NULL: none. */
	const char *const *approve;
	/* retire, and its safety rules */
	bool retires;
	bool allow_older_pods;
	bool allow_not_reencrypted;
	bool allow_needed_previous;
	int64_t timeout_ms;
	/* How long a Lease of somebody at work is waited for; 0: not at all,
	 * < 0: without a limit. */
	int64_t wait_ms;
	/* Asks a person to type `word`; true where that was done. NULL: there
	 * is no terminal. */
	bool (*confirm)(void *user, const char *question, const char *word);
	/*
	 * Before a soak: goes on in a program started anew, which has never
	 * held a key, and does not return. NULL where that is not wanted: the
	 * keys are wiped then, and this process waits.
	 */
	struct err *(*hand_over)(void *user, struct rotation *rotation,
				 const struct rotate_env *env);
	const struct rotate_handed *handed; /* in the new one; NULL */
	void *user;
};

struct rotation {
	struct rotate_options options;
	char id[ROTATION_LEN]; /* "" until rotation_name() */
	bool resumed;
	bool ledger_refused; /* it was found before anything was changed */
	struct rotate_env *envs;
	size_t env_count;
	struct journal *journal;
	bool begun;  /* something is to be gone on with, or undone */
	bool waited; /* for somebody else's Lease */
	struct lease_keeper *keeper; /* renews the Leases; NULL: none held */
	struct readback_key *key;    /* NULL through a soak */
	char fingerprint[SECRET_FINGERPRINT_LEN];
	char *entry_id;
	const struct reporter *reporter;    /* the caller's */
	struct reporter locked;		    /* ... for several threads */
	char anchor[LEDGER_ANCHOR_LEN];	    /* of the ledger; "" where none */
	const char *failed;		    /* reason of the failure; NULL */
	const struct rotate_env *failed_in; /* environment; NULL */
	/* What came of the soak that was handed over; owned by it. */
	const struct rotate_env *soaked;
	struct err *soak_err;
	int64_t soak_began_ms;
	const struct rotate_step *soak_row; /* while shown as running; NULL */
	const struct rotate_env *soak_env;
	/* A roll-back: of which rotation, and why. */
	char undone[ROTATION_LEN];
	/* A promotion: to which environment, and from which. */
	char to[ROTATE_TO_LEN];
	struct rotate_env *from;
};

/* Opens every target's connection; nothing is sent yet. */
KR_FALLIBLE rotation_init(struct rotation *rotation,
			  const struct rotate_options *options);
/* Which one it is (NULL: a fresh one), and its journal. */
KR_FALLIBLE rotation_name(struct rotation *rotation, const char *id);

/*
 * The rotation that has not ended, where no journal is at hand: from the
 * Leases, one request a target; where they say nothing, from what stands on
 * the Secrets, one more, and from the store. `id`: it must be that one; NULL:
 * whichever it is. KR_EREFUSED, reasons "NothingToResume", "SeveralOpen",
 * "RotationUnknown".
 */
struct rotate_found {
	char id[ROTATION_LEN];
	char undone[ROTATION_LEN]; /* of a roll-back; "" */
	char to[ROTATE_TO_LEN];	   /* of a promotion; "" */
};
KR_FALLIBLE rotation_find(struct rotation *rotation, const char *id,
			  struct rotate_found *out);
/*
 * What a roll-back failed with: where it is that there is nothing to put back,
 * because nobody knows of that rotation at all, "RotationUnknown".
 */
KR_FALLIBLE rotation_if_unknown(struct rotation *rotation,
				struct err *take_err);
/*
 * Where no journal is here: the rotation that the store's newest entry is of.
 * "NothingToRollBack" where there is none.
 */
KR_FALLIBLE rotation_find_newest(struct rotation *rotation,
				 char out_id[ROTATION_LEN]);
/*
 * Of one that is gone on with, once every target was read: KR_EREFUSED, reason
 * "RotationOvertaken", where another rotation wrote a target after this one had
 * its key: somebody ended it, undid it, or began the next one elsewhere. The
 * store is asked when that was, but not by one that was handed over.
 */
KR_FALLIBLE rotation_check_overtaken(struct rotation *rotation);
void rotation_release(struct rotation *rotation);

KR_FALLIBLE rotation_run(struct rotation *rotation,
			 const struct rotate_step *table);

/*
 * The soak that was handed over, and then the rest. Its rows are gone through
 * from the first one on, unseen up to that soak: what is done is seen to be.
 */
void rotation_soak_first(struct rotation *rotation,
			 const struct rotate_step *table);
/*
 * Of a run that ended by take_err: the verdict of the soak that came first, if
 * it failed, which is not hidden by what kept its row from being reached.
 */
struct err *rotation_settle_soak(struct rotation *rotation,
				 struct err *take_err);
bool rotation_is_handed(const struct rotation *rotation,
			const struct rotate_step *step,
			const struct rotate_env *env);
void rotate_show_row(const struct rotation *rotation,
		     const struct rotate_step *step,
		     const struct rotate_env *env, enum report_state state);
/* Steps are shown (again), or not. */
void rotation_show(struct rotation *rotation, bool show);
/*
 * asked.c: whether keyrot.yaml has the gate (for that environment, NULL where
 * it is of none). One that it has not is passed: there is nothing to look at.
 */
bool rotate_is_asked(const struct config *config, const char *step,
		     const char *environment);
/* Whether every target holds the rotation's key, as it was last read. */
bool rotation_env_has_key(const struct rotation *rotation,
			  const struct rotate_env *env);

/*
 * Makes it a promotion to the environment of that name: only that one is
 * changed. KR_EUSAGE where it is not there or is the first.
 */
KR_FALLIBLE rotation_promote(struct rotation *rotation, const char *to);

/*
 * What the Leases keep of it where it does not end: "ID", "ID of UNDONE", "ID
 * to ENVIRONMENT".
 */
void rotation_trace(const struct rotation *rotation,
		    char out[ROTATE_TRACE_LEN]);

/* Fingerprint of the rotation's key that a cluster holds, as it was last read;
 * NULL: none holds it. Borrowed. */
const char *rotation_carried_key(const struct rotation *rotation);

/*
 * What the settings alone say against it, before its first row: a store that
 * proves nothing, a window whose time zone is not known here.
 */
KR_FALLIBLE rotation_check_settings(const struct rotation *rotation);

/* The operator, as the first cluster or the options have it. Borrowed. */
const char *rotation_operator(const struct rotation *rotation);

/*
 * Wipes the key of every target; rotation_need_key() reads it from the store
 * again where it is not at hand.
 */
void rotation_forget_key(struct rotation *rotation);
/* ... the new key alone: what is replaced was read for what comes now. */
void rotation_let_key_go(struct rotation *rotation);
KR_FALLIBLE rotation_need_key(struct rotation *rotation);
/* Before rows that write: its targets have their keys, and where no wave comes
 * after this one, nobody else. Each wipes its own before it waits. */
KR_FALLIBLE rotation_hand_out(struct rotation *rotation,
			      struct rotate_env *env);

/* overrides.c: rules that were set aside, for the targets of `env`. */
void rotate_set_aside(struct rotate_env *env, enum run_override rule);
/* Into the journal, what is new. */
KR_FALLIBLE rotation_note_overrides(struct rotation *rotation);
/* Of a target (NULL: of all), this process's and those before it: flags,
 * NULL-terminated. */
void rotation_list_overrides(const struct rotation *rotation,
			     const struct rotate_target *target,
			     const char *out[RUN_MAX_OVERRIDES]);
/* Who approved the environment; NULL: nobody was asked. Borrowed. */
const char *rotation_approver(const struct rotation *rotation,
			      const struct rotate_env *env);

/* The ledger that keyrot.yaml names. */
KR_FALLIBLE rotation_open_ledger(const struct rotation *rotation,
				 struct ledger **out);
/* The records of what was written so far; that they cannot be had is a
 * warning. */
void rotation_record_written(struct rotation *rotation);

/*
 * The environment's baselines, as the journal has them from before the
 * rotation: one for each metric, malloc'd; NULL where it has not all.
 */
struct soak_baseline *rotation_baselines(const struct rotation *rotation,
					 const struct rotate_env *env);

/* Runs one check about the target; as validate_checks() fails. live: what it
 * prints is shown as it comes. */
KR_FALLIBLE rotation_check(struct rotation *rotation,
			   struct rotate_target *target,
			   const struct config_check *check, bool live);

/* Puts one annotation of ours on the target's Secret. */
KR_FALLIBLE rotate_annotate(struct rotate_target *target, enum kube_note note,
			    const char *value);

/* Everything known, into the result; also after a failure. */
void rotation_fill_result(struct rotation *rotation);
/*
 * steps_back.c. Whether a roll-back goes on without the target, of which
 * nothing is known then: it could not be reached, and nothing was begun there.
 * Takes err where it does.
 */
bool rotation_leave_unreached(struct rotation *rotation,
			      struct rotate_target *target, struct err *err);
/* KR_ECLUSTER, reason "NotReached", where one of these was left so. */
KR_FALLIBLE rotate_check_reached(const struct rotate_env *env);
/* The rotation that was put back has ended, too. */
KR_FALLIBLE rotation_close_undone(const struct rotation *rotation);

/* Says which targets a failure kept from beginning. */
void rotation_name_not_begun(const struct rotation *rotation);

/* wave.c: how many waves an environment has, and which row is about what. */
size_t rotate_waves(const struct rotate_env *env);
void rotate_set_wave(struct rotate_env *env, const struct rotate_step *step,
		     size_t wave);
/* The wave (from 1) that a target is in. */
size_t rotate_wave_of(const struct rotate_target *target);

/* Calls `each` for every target that `env` is about now (NULL: all of all
 * environments), side by side. */
typedef struct err *rotate_target_fn(struct rotation *rotation,
				     struct rotate_target *target,
				     const void *user);
KR_FALLIBLE rotation_for_targets(struct rotation *rotation,
				 struct rotate_env *env, bool in_turn,
				 rotate_target_fn *each, const void *user);

/* Steps: steps_rotate.c, steps_gate.c, steps_soak.c, steps_record.c,
 * steps_back.c */
rotate_once rotate_lock, rotate_release_locks; /* steps_lock.c */
rotate_once rotate_new_key;
rotate_once rotate_find_previous, rotate_previous_key, rotate_ledger;
rotate_once rotate_before; /* steps_before.c */
rotate_each rotate_intent;
rotate_once rotate_notify_start, rotate_notify_end;
/* steps_retire.c */
rotate_once rotate_needed;
rotate_each rotate_still_needed, rotate_reencrypt;
rotate_each rotate_admit, rotate_verify, rotate_validate, rotate_mark,
	rotate_soak, rotate_dependents;
/* steps_promote.c */
rotate_once rotate_find_promoted, rotate_promoted_key;

/* Says that a person is asked about the environment now. */
void rotate_notify_person(struct rotation *rotation,
			  const struct rotate_env *env);

#endif
