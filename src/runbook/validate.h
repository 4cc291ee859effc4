/*
 * Validation of an environment that runs the new key: the checks of validate:
 * and the workloads that depend on the service. One row for each goes into the
 * result's `checks`. A check that could not look has not passed.
 *
 * Words in braces are filled in, in commands, addresses and the manifest's
 * path: {environment}, {context}, {namespace}, {rotation}, {fingerprint}.
 * Commands get them as KEYROT_ENVIRONMENT and so on, too.
 */
#ifndef KR_RUNBOOK_VALIDATE_H
#define KR_RUNBOOK_VALIDATE_H

#include "config/config.h"
#include "kube/client.h"
#include "kube/pod.h"
#include "runbook/reporter.h"
#include "runbook/result.h"

/* A target of the environment. */
struct validate_place {
	struct kube *kube;
	struct kube_target target;
	const char *context;
	int64_t changed_ms; /* the server's time of the write; 0: unknown */
};

/* Borrowed for the call. */
struct validate_options {
	const struct config *config;
	/* NULL: none of keyrot.yaml's; its name is the context's then. */
	const struct config_environment *environment;
	const char *name;
	const struct validate_place *places;
	size_t n_places; /* at least 1; checks are about the first */
	const char *rotation;
	const char *fingerprint;
	/* What is looked for in outputs and logs before they are shown. */
	const struct secret_search *searched;
	/* A Job that has ended well is not taken for an answer. */
	bool afresh;
	/* What commands print is shown as it comes, and not of a failure alone.
	 */
	bool live;
	const struct reporter *reporter;
	struct result *result;
};

/*
 * The checks in order, up to the first that does not pass: KR_EGATE, reason
 * "ValidationFailed", "KeyInOutput" where one printed a key, "ValidationError"
 * where it could not look. KR_ECONFIG for a manifest that cannot be used,
 * KR_EINTERRUPTED.
 */
KR_FALLIBLE validate_checks(const struct validate_options *options);

/*
 * The dependents in every place: their pods are ready and stay it, none of
 * their containers has restarted since the change, and their logs say nothing
 * forbidden since then: environment's verify.logs.forbid, else a list of words
 * of failed decryption (docs/validation.md). KR_EGATE, reason
 * "DependentFailed".
 */
KR_FALLIBLE validate_dependents(const struct validate_options *options);

#endif
