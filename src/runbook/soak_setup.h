/*
 * A soak as keyrot.yaml describes it: metrics asked from Prometheus, and the
 * cluster watched beside them.
 *
 *	soak_setup_new(&options, &setup)
 *	soak_setup_fill(setup, &soak_options, &source)
 *	soak_run(&soak_options, &source, &result)
 *	soak_setup_free(setup)
 */
#ifndef KR_RUNBOOK_SOAK_SETUP_H
#define KR_RUNBOOK_SOAK_SETUP_H

#include "config/config.h"
#include "net/http.h"
#include "runbook/soak.h"
#include "runbook/soak_watch.h"

struct prometheus;
struct soak_setup;

/* Borrowed for the life of the setup. */
struct soak_setup_options {
	const struct config_soak *soak;
	const char *config_path; /* of keyrot.yaml: relative files; NULL */
	const char *url;	 /* instead of the configured one; NULL */
	int64_t for_ms;		 /* instead of the configured ones; < 0: not */
	int64_t every_ms;
	struct soak_watch_options watch;
	/*
	 * How long ago the change began: the baseline is the time before.
	 * < 0: since the Secret's entry was written, by its API server.
	 */
	int64_t changed_ago_ms;
	/* Baselines come with struct soak_options: they are not asked for. */
	bool has_baselines;
	const struct reporter *reporter;
	http_on_trace *on_trace; /* NULL */
	void *trace_user;
};

/* Reads certificates and credentials; sends nothing. KR_ECONFIG, KR_EAUTH. */
KR_FALLIBLE soak_setup_new(const struct soak_setup_options *options,
			   struct soak_setup **out);
void soak_setup_free(struct soak_setup *setup);
KR_DEFINE_FREEP(soak_setup)

/*
 * The first look at the cluster, for who wants to know the rotation before the
 * soak begins; otherwise the soak does it. Errors as soak_watch_begin().
 */
KR_FALLIBLE soak_setup_look_first(struct soak_setup *setup);

/*
 * Fills what the configuration says and leaves the rest zero: target, what,
 * age_ms, baselines, state_path and afresh are the caller's. Both borrow from
 * the setup.
 */
void soak_setup_fill(struct soak_setup *setup, struct soak_options *out_options,
		     struct soak_source *out_source);

/*
 * The baselines alone, for the preconditions of a change: one row for each
 * metric. Asked up to three times; KR_EGATE with reason SoakError where
 * Prometheus does not answer, KR_ECONFIG.
 */
KR_FALLIBLE soak_setup_baseline(struct soak_setup *setup,
				struct soak_baseline *out);

/* What is watched, after the baseline; NULL where it is not known. */
const struct soak_watch *soak_setup_watch(const struct soak_setup *setup);
const char *soak_setup_where(const struct soak_setup *setup);

/* "$XDG_STATE_HOME/keyrot/ROTATION/soak-HASH.jsonl", the hash being of
 * `what`; malloc'd. rotation NULL: "none". */
KR_FALLIBLE soak_setup_state_path(const char *rotation, const char *what,
				  char **out);

#endif
