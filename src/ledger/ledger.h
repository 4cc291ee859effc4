/*
 * The ledger: who rotated which key, when, and with what result; a file that
 * cannot be changed unnoticed.
 *
 * One JSON object a line. Each line holds the hash of the one before it and
 * ends with its own, taken over the bytes as they are stored. Checkpoints hold
 * the RFC 6962 root of all lines before them and may be signed by ssh-keygen.
 * Whoever can write the file can still write all of it anew or cut its end:
 * an anchor, which is the ledger's size and root kept elsewhere (annotation,
 * store entry, chat message), is what shows that. docs/ledger.md has the
 * format, by which the file can be checked without this program.
 *
 * Records hold fingerprints, never keys: a fixed list of fields, each with its
 * form, and nothing beside it.
 *
 * Every call opens the file, locks it where it writes, checks the chain from
 * its first line, does its work and closes it; nothing is held in between. A
 * chain that is broken is KR_EGATE, reason "LedgerBroken", with the line's
 * number. Where another process is writing, a call waits for some seconds
 * before it is KR_EHELD.
 */
#ifndef KR_LEDGER_LEDGER_H
#define KR_LEDGER_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/anchor.h"

struct cJSON;
struct ledger;
struct secret;

/* All borrowed until ledger_open() returns. */
struct ledger_options {
	const char *path;
	/* What the first line binds the ledger to, when it is made; an
	 * existing ledger of another Secret or entry is refused. NULL: any. */
	const char *service;
	const char *secret;
	const char *entry;
	/* For a new ledger: every rotation must end in a signed checkpoint.
	 * An existing one goes by its first line. */
	bool sign;
	/* For ssh-keygen: a private key's file, or that of a public key whose
	 * other half the agent holds. NULL: Git's user.signingKey, else the
	 * agent's first key. */
	const char *key;
	/* A file in the form of ssh-keygen's ALLOWED SIGNERS, copied into the
	 * first line. NULL: allowed_signers in the ledger's folder, else the
	 * signing key itself under the name `operator_`. */
	const char *signers;
	const char *operator_;
	bool git_commit; /* commit the file after each checkpoint */
	bool git_push;	 /* with it: push that, too */
};

/* Nothing is read or made yet. */
KR_FALLIBLE ledger_open(const struct ledger_options *options,
			struct ledger **out);
void ledger_free(struct ledger *ledger);
KR_DEFINE_FREEP(ledger)

const char *ledger_path(const struct ledger *ledger);
bool ledger_exists(const struct ledger *ledger);

/* What a gate measured; NAN is "no number". Borrowed for the call. */
struct ledger_metric {
	const char *name;
	const char *verdict; /* "pass", "fail", "inconclusive", "error" */
	double baseline, max, max_increase_pct;
	size_t ok, breach, no_data, nan, error; /* samples by outcome */
	const double *samples;			/* kept with six digits */
	size_t n_samples;
};

struct ledger_soak {
	const char *started; /* as `time` below */
	int64_t for_s, every_s;
	const struct ledger_metric *metrics;
	size_t n_metrics;
};

/* Pods on the old key beside new ones: how many at most, and how long. */
struct ledger_mixed {
	int pods;
	int64_t ms;
};

/*
 * What happened. Strings are borrowed for the call; NULL leaves a field out,
 * but rotation, step and outcome are required.
 */
struct ledger_record {
	const char *rotation; /* "kr-20261122-7f3a9c" */
	/* A word: "start", "write-secret", "soak" ... LEDGER_STEP_END is the
	 * last of a rotation: a signing ledger wants a signed checkpoint
	 * after it. */
	const char *step;
	const char *time; /* RFC 3339, UTC, whole seconds; NULL: now */
	const char *context;
	const char *cluster_uid; /* of the namespace kube-system */
	const char *namespace_;
	const char *secret;
	const char *entry;
	const char *operator_;
	const char *operator_from; /* how it was known: "cluster", "git" ... */
	const char *fingerprint;   /* 64 hex digits */
	const char *previous_fingerprint;
	const char *resource_version;
	/* "started", "done", "failed", "rolled-back", "refused",
	 * "interrupted" */
	const char *outcome;
	const char *verdict; /* as of a metric */
	const char *reason;  /* the error's word: "ProgressDeadlineExceeded" */
	const char *store_type;
	const char *store_entry;
	const char *previous_entry;
	const char *const *overrides; /* flags, NULL-terminated; NULL */
	const char *taken_over;	 /* managers who had the entry before; NULL */
	const char *approved_by; /* a second person; NULL */
	const struct ledger_mixed *mixed; /* NULL */
	const struct ledger_soak *soak;	  /* NULL */
	/* For the keys that the run had; NULL. A record that holds any of
	 * them, or a part, is refused. */
	const struct secret_search *searched;
};

#define LEDGER_STEP_END "end"

/*
 * Appends the record; makes the ledger where it is not there. It is on disk
 * when the call returns. Where the latest record of the same rotation, step,
 * context and namespace has the same outcome and fingerprint, nothing is
 * written (*out_was_there; NULL allowed): a resumed rotation may say again
 * what it said.
 *
 * KR_EINVALID: a field that has not its form. KR_EREFUSED: the ledger is about
 * another Secret, or the record holds a key.
 */
KR_FALLIBLE ledger_append(struct ledger *ledger,
			  const struct ledger_record *record,
			  bool *out_was_there);

/* Whether the record has its form (KR_EINVALID): nothing is written. */
KR_FALLIBLE ledger_check_record(const struct ledger_record *record);

/*
 * Appends a checkpoint of everything before it, signed where the ledger asks
 * for that, and commits the file where asked to. ssh-keygen may ask on the
 * terminal; the file is not locked meanwhile. No line is written where the
 * last one is such a checkpoint already. KR_EREFUSED, reason
 * "SignerNotAllowed": the signing key is not among the allowed signers.
 */
KR_FALLIBLE ledger_checkpoint(struct ledger *ledger);

/*
 * Whether what a checkpoint needs is there, before anything is changed that
 * has to be recorded: a key to sign with that may sign, a Git repository, and
 * a name to commit under. Nothing is signed, and nobody asked, but for the
 * passphrase of a private key that has no .pub beside it, where the ledger is
 * not made yet. KR_ECONFIG; KR_EREFUSED, reason "SignerNotAllowed".
 */
KR_FALLIBLE ledger_check_means(const struct ledger *ledger);

/* Size and root as of now, to be anchored elsewhere. */
KR_FALLIBLE ledger_head(struct ledger *ledger, struct ledger_anchor *out);

/*
 * Records that these signers (a file; its lines are copied) are allowed from
 * the next checkpoint on, which is itself to be signed by one of those before.
 */
KR_FALLIBLE ledger_set_signers(struct ledger *ledger, const char *signers);

/* What verifying found; filled as far as it came, also by a failure. */
struct ledger_report {
	char id[LEDGER_ID_LEN]; /* "" where not known */
	uint64_t size;		/* good lines */
	uint64_t bad_line;	/* first is 1; 0: none, or not about a line */
	char root[LEDGER_HASH_LEN];
	uint64_t records, checkpoints, signatures;
	uint64_t ended;	      /* records of LEDGER_STEP_END */
	uint64_t signed_size; /* lines before the last signed checkpoint */
	bool wants_signatures;
	size_t anchors_held; /* given ones that are a prefix of the file */
};

struct ledger_trust {
	/* Signers known from elsewhere (a file): each signature must be one
	 * of theirs, too. NULL: the ledger's own word is taken. */
	const char *signers;
	/* Their `state` is set. */
	struct ledger_anchor *anchors;
	size_t n_anchors;
};

/*
 * Checks everything: form, chain, roots, signatures, anchors. KR_EGATE, reason
 * "LedgerBroken", says the line and what is wrong; the first thing found ends
 * it. `trust` may be NULL.
 */
KR_FALLIBLE ledger_verify(struct ledger *ledger, struct ledger_trust *trust,
			  struct ledger_report *report);

/* The same over a text in memory; signatures are not looked at. */
KR_FALLIBLE ledger_check_text(const char *text, size_t len,
			      struct ledger_trust *trust,
			      struct ledger_report *report);

/*
 * Gives each line, the chain being checked on the way. `line` is borrowed for
 * the call. An error of on_line ends it and is returned.
 */
typedef struct err *ledger_on_line(void *user, const struct cJSON *line);
KR_FALLIBLE ledger_each(struct ledger *ledger, ledger_on_line *on_line,
			void *user);

#endif
