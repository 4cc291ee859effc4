/*
 * What the command line says: one structure for all commands, and the tables
 * of options that commands put together.
 */
#ifndef KR_CLI_OPTIONS_H
#define KR_CLI_OPTIONS_H

#include "cli/option.h"
#include "kube/access.h"

struct cli_options {
	/* kubectl's own; kube.stdin_is_taken is set by the key's source. */
	struct kube_flags kube;
	int verbosity; /* -v; 6 shows requests */
	bool warnings_as_errors;
	/* Taken for kubectl's sake; they change nothing here. */
	const char *ignored;

	/* every command */
	bool help;
	const char *output; /* "text" where not given; see output.h */
	const char *config;
	bool timings;
	bool plain; /* a terminal is written to as a pipe is */

	/* what is rotated; NULL: keyrot.yaml's, else the runbook's names */
	const char *secret;
	const char *entry;
	const char *const *consumers; /* "KIND/NAME"; NULL: found */

	/* where the key comes from, where it is kept, who does it */
	const char *key_file;	/* "-" is standard input */
	const char *from_store; /* "" is the newest entry */
	const char *store;	/* "TYPE[:WHERE]" */
	const char *passphrase_file;
	const char *operator_;

	/* apply */
	bool create;
	const char *const *take_ownership; /* managers */
	const char *dry_run;		   /* "none" where not given */
	bool no_restart;
	bool no_wait;
	int64_t timeout_ms; /* 0: no limit */
	bool allow_insecure_tls;
	bool allow_other_cluster;
	const char *allow_secret_type; /* beside Opaque */

	/* rotate, resume */
	bool allow_outside_window;
	bool allow_unvalidated;
	const char *wait; /* NULL: not at all; "": without a limit */
	bool new_rotation;
	const char *review_closed; /* id; NULL */

	/* ledger */
	const char *ledger; /* NULL: keyrot.yaml's */
	bool offline;
	const char *signers;
	const char *const *anchors;
	const char *const *ignore_ledgers; /* ids */

	/* status */
	const char *watch; /* a duration; "": the default; NULL: once */

	/* report; its file is init's, NULL: standard output */
	bool open;

	/* verify */
	const char *const *expect;
	const char *const *forbid;
	int64_t within_ms; /* -1: not given */
	int64_t since_ms;  /* -1: not given */

	/* soak */
	int64_t for_ms;		/* -1: not given */
	int64_t every_ms;	/* -1: not given */
	const char *on_fail;	/* NULL: keyrot.yaml's */
	const char *prometheus; /* URL; NULL: keyrot.yaml's */
	bool afresh;

	/* validate */
	const char *env; /* of keyrot.yaml; NULL: the context's */
	bool no_mark;

	/* retire */
	bool allow_older_pods;
	bool allow_not_reencrypted;
	bool allow_needed_previous;

	/* rotate, promote */
	const char *const *approve;   /* files */
	const char *approval_request; /* environment, "": the one that asks */
	int64_t valid_ms;

	/* promote */
	const char *to;	  /* environment; NULL: the next one */
	const char *from; /* NULL: the one before */

	/* init */
	const char *const *staging; /* contexts */
	const char *const *production;
	const char *file; /* that is written; "-" is standard output */
	bool yes;
	bool allow_overwrite;

	/* gitops */
	const char *reason;
	const char *folder; /* with the repository; NULL: where it stands */
	const char *base;   /* branch that the request's branch begins at */
	bool push;

	/* schedule */
	const char *interval;	  /* "quarter" where not given */
	const char *start;	  /* day; NULL: known from the last rotation */
	const char *alarm;	  /* before the day */
	const char *url, *url_ca; /* of a calendar, and who vouches for it */
	const char *login;
	const char *password_from; /* references */
	const char *token_from;
	const char *max_age; /* NULL: the interval */
	const char *metrics; /* file; NULL */
	bool notify;
	const char *image;
	const char *run;	 /* "check" where not given */
	const char *cron;	 /* NULL: what fits `run` and `interval` */
	const char *name;	 /* of the objects; NULL: from the service */
	const char *state_claim; /* NULL: an emptyDir */

	/* generate */
	bool to_store;
	bool to_stdout;
	bool allow_terminal;
	int bytes;	      /* 0: not given */
	const char *encoding; /* NULL: not given */
};

#define CLI_TIMEOUT_DEFAULT_MS (15 * 60 * 1000)

void cli_options_init(struct cli_options *options);

/* kubectl's own flags (`kubectl options`), the same for every command. */
extern const struct option cli_kube_flags[];
/* This program's, the same for every command. */
extern const struct option cli_common_flags[];
/* The types of stores, for completion; NULL ends. */
extern const char *const cli_store_words[];
/* Groups that commands choose from. */
extern const struct option cli_secret_flags[];
extern const struct option cli_consumer_flags[];
extern const struct option cli_key_flags[];
extern const struct option cli_store_flags[];
extern const struct option cli_operator_flags[];
extern const struct option cli_write_flags[];
extern const struct option cli_rollout_flags[];
extern const struct option cli_timeout_flags[];
extern const struct option cli_rotate_flags[];
extern const struct option cli_new_flags[];
extern const struct option cli_verify_flags[];
extern const struct option cli_soak_flags[];
extern const struct option cli_validate_flags[];
extern const struct option cli_retire_flags[];
extern const struct option cli_promote_flags[];
extern const struct option cli_approve_flags[];
extern const struct option cli_ledger_path_flags[];
extern const struct option cli_ledger_flags[];
extern const struct option cli_report_flags[];
extern const struct option cli_status_flags[];
extern const struct option cli_gitops_flags[];
extern const struct option cli_schedule_flags[];
extern const struct option cli_generate_flags[];
extern const struct option cli_terminal_flags[];
extern const struct option cli_init_flags[];

#endif
