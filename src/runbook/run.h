/*
 * One run of the runbook against one target: what was asked for, and what has
 * been learned so far. Steps read and fill it; nothing else is shared.
 */
#ifndef KR_RUNBOOK_RUN_H
#define KR_RUNBOOK_RUN_H

#include "kube/consumers.h"
#include "kube/rollout.h"
#include "kube/secretobj.h"
#include "runbook/reporter.h"
#include "runbook/result.h"
#include "runbook/rotation.h"
#include "runbook/step.h"
#include "store/store.h"

/* What people are told before one key is swapped for another. */
#define RUN_MIXED_SENTENCE                                                     \
	"one key is swapped for another: until the rollout is over, pods on the old key cannot read what pods on the new key write"

/* Where the key comes from. */
struct run_key {
	struct secret *given; /* brought by a file, a pipe, the environment;
			       * owned, and gone once it is stored */
	char *entry;	      /* owned; id of a store's entry */
	/* Neither: the store's newest entry. */
	char *source; /* owned; for people: "--key-file x", "the store" */
};

void run_key_release(struct run_key *key);

enum run_dry { DRY_NONE, DRY_CLIENT, DRY_SERVER };

/* Asked for; borrowed by the run. */
struct run_options {
	const struct reporter *reporter;
	struct result *result;
	struct kube *kube;
	struct store *store;
	struct kube_target target;
	const char *service;
	/* Whose ledger the run itself writes; NULL: a rotation does. */
	const struct config *config;
	const char *const *consumers; /* "deployment/x", NULL-terminated; NULL:
				       * every workload that refers to it */
	const char *const *take_ownership;
	const char *operator_;	/* NULL: found out */
	const char *cluster_id; /* UID of kube-system; NULL: not checked */
	const char *allow_secret_type; /* beside Opaque; NULL */
	bool create;
	bool allow_insecure_tls;
	bool allow_other_cluster; /* than the one of that UID */
	bool no_restart;
	bool no_wait;
	bool one_of_many; /* messages say which target they are about */
	bool passes_by;	  /* takes no Lease: a rotation at work is respected */
	bool goes_back;	  /* what is put there is the key before */
	bool fresh_key;	  /* pods are going to be restarted for another key */
	enum run_dry dry;
	int64_t timeout_ms; /* of the rollout; < 0: none */
};

/* Safety rules that stood against the run, and that a flag set aside. */
enum run_override {
	OVERRIDE_INSECURE_TLS = 1,
	OVERRIDE_OTHER_CLUSTER = 2,
	OVERRIDE_OUTSIDE_WINDOW = 4,
	OVERRIDE_UNVALIDATED = 8,
	OVERRIDE_OLDER_PODS = 16,
	OVERRIDE_NOT_REENCRYPTED = 32,
	OVERRIDE_NEEDED_PREVIOUS = 64,
	OVERRIDE_OWNERSHIP = 128,
};

/* Their flags, NULL-terminated. */
#define RUN_MAX_OVERRIDES 9
struct run;
void run_list_overrides(const struct run *run,
			const char *out[RUN_MAX_OVERRIDES]);

#define RUN_MARK_LEN (ROTATION_LEN + 16)

struct run {
	struct run_options options;
	struct run_key key_source;
	struct cJSON *document; /* the target's in the result; borrowed */

	char rotation[ROTATION_LEN];
	char *operator_;
	const char *operator_from; /* how it is known; NULL: it is not yet */
	char *cluster_uid;	   /* of kube-system, where it was asked */
	unsigned int overrides;	   /* enum run_override */
	struct kube_secret *secret;
	struct kube_consumers *consumers;
	bool force; /* fields of kubectl's are taken over */
	char fingerprint[SECRET_FINGERPRINT_LEN];
	/* What the Secret held when it was first read; "" where nothing. */
	char first_fingerprint[SECRET_FINGERPRINT_LEN];
	/* What pods are started with: annotations.h. */
	char mark[RUN_MARK_LEN];
	struct readback_key *key; /* NULL once nothing is to be written */
	/* keyring: the key that is replaced, and stays beside the new one. */
	struct readback_key *current_key;
	struct secret_search *searched; /* run_search_keys(); NULL */
	bool needs_no_next;	 /* keyring: every pod has the key already */
	char *entry_id;		 /* of the key in the store */
	char *previous_entry_id; /* of the key that is replaced */
	/* Managers who had the entry; NULL: not looked at, "": nobody else. */
	char *taken_from;
	bool written;	   /* the Secret holds the key */
	bool changed;	   /* a write was sent, and maybe carried out */
	bool recorded;	   /* apply's own record was begun */
	bool fate_unknown; /* the answer and the read after it were lost */
	char *resource_version;
	struct rollout *rollout;
	bool proved;   /* the key came back from a store */
	bool waited;   /* the rollout was followed: its counts are known */
	bool not_done; /* the step that has just ended: it is a dry run */
	/* One line about the step that has just ended, for the reporter. */
	char *detail;
};

/*
 * What others print is searched for the keys that are at hand, from now on and
 * without them: run->searched.
 */
KR_FALLIBLE run_search_keys(struct run *run);
/* Wipes every key: waiting for pods may take minutes. */
void run_let_keys_go(struct run *run);

/* Takes key_source over. The options' objects stay the caller's. */
KR_FALLIBLE run_init(struct run *run, const struct run_options *options,
		     struct run_key *take_key_source);
void run_release(struct run *run);

/* What the step that is under way says of itself when it ends. */
void run_detail(struct run *run, const char *format, ...) KR_PRINTF(2, 3);
void run_warn(struct run *run, const char *format, ...) KR_PRINTF(2, 3);
void run_say(struct run *run, const char *format, ...) KR_PRINTF(2, 3);

/* Around every call of the reporter: several runs share it. */
void run_talk_begin(void);
void run_talk_end(void);
/* A reporter that takes the lock around each call of `inner` (borrowed). */
struct reporter run_talk_reporter(const struct reporter *inner);

/* Sets the mark: the rotation, and the state of the keyring. */
void run_mark(struct run *run, enum kube_ring_state state);

/*
 * Writes the Secret (or asks whether it could be), and keeps what is known
 * then: version, facts, keyring. In `write` the caller gives keys and mark.
 */
KR_FALLIBLE run_write(struct run *run, struct kube_secret_write *write);
KR_FALLIBLE run_keep_version(struct run *run, const char *version);
/*
 * The Secret holds what this run wrote (or found there), by its metadata
 * alone where nobody touched it. KR_ECONFLICT, reason "ObjectModified", where
 * it does not: the run knows then what is there instead.
 */
KR_FALLIBLE run_check_held(struct run *run);
/*
 * This very rotation wrote the Secret, and it holds another key now: somebody
 * put that there since, and it is not ours to overwrite.
 */
KR_FALLIBLE run_check_foreign(const struct run *run);
/* KR_EREFUSED where a write in single mode would drop keys of a keyring. */
KR_FALLIBLE run_check_single(const struct run *run);
/* Fingerprint of ENTRY_NEXT or ENTRY_PREVIOUS, "" where not there. */
const char *run_ring(const struct run *run, enum kube_ring which);

/*
 * Writes what is known into the result: the target, its consumers and pods,
 * the store; also after a failure.
 */
void run_fill_result(struct run *run);

/* The command that goes on from here, for hints; malloc'd. */
char *run_again_command(const struct run *run);

#endif
