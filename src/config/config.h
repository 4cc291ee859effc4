/*
 * keyrot.yaml: what is rotated, where, in which order, and what proves it.
 *
 * The file is checked whole when it is read: an unknown field, a wrong type or
 * a contradiction is KR_ECONFIG with "FILE:LINE:COLUMN: ...". It holds no
 * secrets: a token is named by a reference, and one that is written out is an
 * error. Without a file the runbook's own names are the defaults.
 */
#ifndef KR_CONFIG_CONFIG_H
#define KR_CONFIG_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "secret/keyspec.h"

struct cJSON;

/* Where a token comes from; it is read when it is needed, not before. */
enum config_ref_kind { REF_NONE, REF_ENV, REF_FILE, REF_EXEC };

struct config_ref {
	enum config_ref_kind kind;
	char *value; /* name, path or command; NULL for REF_NONE */
};

enum config_mode { MODE_SINGLE, MODE_KEYRING };

struct config_secret {
	char *name;
	char *key; /* the entry */
	struct keyspec format;
	int mode; /* enum config_mode */
};

struct config_store {
	char *spec; /* "TYPE[:WHERE]"; NULL: not configured */
	char *item; /* NULL: not configured */
	/* The mapping, for what a backend reads by itself; NULL, or borrowed
	 * from the configuration. */
	const struct cJSON *fields;
};

struct config_target {
	char *context;
	char *namespace_; /* NULL: the context's own */
};

struct config_verify {
	char **expect; /* NULL-terminated, or NULL */
	char **forbid;
	int64_t within_ms; /* -1: not given */
};

/* Days and hours in a zone: "Mon-Thu 09:00-16:00 Europe/London". */
struct config_window {
	char *text;		      /* NULL: any time */
	unsigned days;		      /* bit 0 is Monday */
	int start_minute, end_minute; /* of the day; the end is not in it */
	char *zone;
};

/* UTC, and what this machine's /usr/share/zoneinfo has, and nothing beside it.
 */
bool window_zone_is_known(const struct config_window *window);

enum config_no_data { NO_DATA_BREACH, NO_DATA_HOLD, NO_DATA_ZERO };

enum config_aggregate {
	AGGREGATE_NONE,
	AGGREGATE_SUM,
	AGGREGATE_AVG,
	AGGREGATE_MIN,
	AGGREGATE_MAX,
};

/* Samples of a kind that are put up with; -1: the default. */
struct config_limits {
	double breach, no_data, nan, error;
};

struct config_metric {
	char *name;
	char *query;
	double max;		 /* NAN: no absolute limit */
	double max_increase_pct; /* NAN: no relative limit */
	int no_data;		 /* enum config_no_data */
	int aggregate;		 /* enum config_aggregate; of several series */
	struct config_limits allowed;
};

enum config_on_fail { ON_FAIL_HOLD, ON_FAIL_ROLLBACK };

struct config_prometheus {
	char *url; /* with a path prefix; or a reference that holds one */
	struct config_ref token;
	char *user; /* basic auth, with password */
	struct config_ref password;
	char *tenant;	       /* X-Scope-OrgID */
	char *ca, *cert, *key; /* files; relative ones: of keyrot.yaml's
				* folder */
	char *server_name;
	bool allow_plain_http;
	int64_t timeout_ms; /* of one query; 0: the default */
};

struct config_soak {
	int64_t for_ms; /* 0: no soak */
	int64_t every_ms;
	int64_t settle_ms;   /* -1: not given */
	double min_good_pct; /* of the samples; 90 */
	int on_fail;	     /* enum config_on_fail */
	struct config_prometheus prometheus;
	struct config_metric *metrics;
	size_t n_metrics;
};

/* So many targets, or that share of them; value 0: not given. */
struct config_share {
	double value;
	bool percent;
};

struct config_shares {
	struct config_share *items;
	size_t count;
};

/* Of an environment, and of its targets worked on at a time by default. */
#define CONFIG_MAX_TARGETS 200
#define CONFIG_PARALLEL	   64

struct config_environment {
	char *name;
	char *requires;	   /* an earlier environment; NULL */
	int64_t within_ms; /* of `requires`; -1: any age */
	bool confirm;
	char *approvers; /* allowed signers of --approve; NULL: config's */
	struct config_window window;
	char *cluster_id; /* UID of kube-system; NULL: not checked */
	struct config_target *targets;
	size_t n_targets;
	double parallel; /* targets worked on at a time; 0: the default */
	struct config_share max_unavailable; /* restarted at a time */
	struct config_shares waves;	     /* each up to so many, in all */
	int on_fail; /* enum config_on_fail; of rollout, logs and suite */
	struct config_verify verify;
	struct config_soak soak;
};

/* What answers with the fingerprint of its key, or does a round trip. */
struct config_probe {
	char *url; /* of probe.http; or a reference that holds one */
	struct config_ref token;
	char *ca; /* file; a relative one: of keyrot.yaml's folder */
	char *server_name;
	char *header; /* of the reply; NULL: the body */
	char *field;  /* path in a JSON body; NULL: the body as a whole */
	char **exec;  /* argv that prints the fingerprint */
	char **encrypt, **decrypt; /* argv of probe.roundTrip */
};

/* One of run, job, probe.url, probe.exec and probe.encrypt is there. */
struct config_check {
	char *name;
	char **run;  /* argv */
	char *junit; /* report that `run` writes; NULL */
	char *job;   /* manifest; a relative one: of keyrot.yaml's folder */
	struct config_probe probe;
	char **environments; /* that it is for; NULL: all */
	char **env;	     /* variables that commands get, too; NULL */
	int64_t timeout_ms;  /* -1: not given */
};

enum config_sign { SIGN_NONE, SIGN_SSH };
enum config_git { GIT_NONE, GIT_COMMIT, GIT_PUSH };

struct config_ledger {
	char *path; /* NULL: none */
	int sign;   /* enum config_sign */
	int git;    /* enum config_git */
	/* Files, for ssh-keygen; NULL: found, see ledger/ledger.h. */
	char *key;
	char *signers;
};

enum config_notify_type { NOTIFY_WEBHOOK, NOTIFY_SLACK, NOTIFY_COMMAND };
enum config_notify_mode { NOTIFY_STRUCTURED, NOTIFY_BINARY };

struct config_notify {
	int type;  /* enum config_notify_type */
	char *url; /* a URL, or a reference that holds one */
	int mode;  /* enum config_notify_mode, of a webhook's CloudEvents */
	char **channels; /* NULL: #security-ops and #platform-alerts */
	struct config_ref token;
	char **run; /* a command's argv */
	int64_t timeout_ms;
	char **on; /* NULL: everything */
};

/* What Argo CD is to bring up to date after a rotation. */
struct config_application {
	char *name;
	char *environment; /* whose; NULL: after everything */
	char *context;	   /* where the resource is; NULL: argocd's */
	char *namespace_;  /* NULL: argocd's */
};

enum config_trigger { TRIGGER_SYNC, TRIGGER_REFRESH };

struct config_argocd {
	char *context;	  /* NULL: the first target of the environment */
	char *namespace_; /* NULL: "argocd" */
	int trigger;	  /* enum config_trigger */
	char *server;	  /* its API; or a reference; NULL: the resource */
	struct config_ref token;
	char *ca;	    /* file; a relative one: of keyrot.yaml's folder */
	int64_t timeout_ms; /* of sync and health; 0: the default */
	struct config_application *applications;
	size_t n_applications;
};

struct config_gitops {
	char *requests; /* folder; NULL: rotations; of keyrot.yaml's folder */
	/* Fingerprints of values that look like a key and are none. */
	char **harmless;
};

struct config {
	char *path;	   /* of the file; NULL: the defaults */
	int version, kind; /* checked; there is one of each */
	char *service;
	struct config_secret secret;
	char **consumers; /* "kind/name"; NULL: found in the cluster */
	struct config_store store;
	struct config_environment *environments;
	size_t n_environments;
	struct config_check *validate;
	size_t n_validate;
	/* keyring: encrypts data anew after a promotion; no way: none. */
	struct config_check reencrypt;
	/* keyring: `run` ends with 0 where nobody needs the previous key. */
	struct config_check retire;
	char **dependents;
	/* A file of allowed signers, for environments that name none; NULL. A
	 * relative one: of keyrot.yaml's folder. */
	char *approvers;
	struct config_ledger ledger;
	char *operator_; /* NULL: auto */
	char *manifest;
	struct config_gitops gitops;
	struct config_argocd argocd;
	struct config_notify *notify;
	size_t n_notify;
	struct yaml_doc *doc; /* owned; NULL for the defaults */
};

/*
 * Finds and reads the file: `flag` (of --config; NULL), $KEYROT_CONFIG,
 * keyrot.yaml in this folder and its parents up to the Git root, and
 * $XDG_CONFIG_HOME/keyrot/keyrot.yaml. None of them: the defaults. A file that
 * was named but is not there is an error.
 */
KR_FALLIBLE config_load(const char *flag, struct config **out);

/* Reads a text; `name` stands for the file in messages. */
KR_FALLIBLE config_parse(const char *name, const char *text, size_t len,
			 struct config **out);

KR_FALLIBLE config_defaults(struct config **out);

/*
 * The target of a context, and its environment. With a namespace (may be
 * NULL) only a target of that one fits. false where the configuration does
 * not know the context, or knows several targets that fit.
 */
struct config_place {
	const struct config_environment *environment;
	const struct config_target *target;
};
size_t config_find_context(const struct config *config, const char *context,
			   const char *namespace_, struct config_place *out);

/* How many of n targets a share is, at least 1: a part of one is `up` to a
 * whole one, or left out. Not given: n. */
size_t config_share_of(const struct config_share *share, size_t n, bool up);

void config_free(struct config *config);
KR_DEFINE_FREEP(config)

#endif
