/*
 * What commands that change nothing read of a target, in one round trip: the
 * Secret, the workloads that use it, and their pods.
 */
#ifndef KR_RUNBOOK_LOOK_H
#define KR_RUNBOOK_LOOK_H

#include "kube/consumers.h"
#include "kube/secretobj.h"
#include "runbook/reporter.h"
#include "runbook/result.h"

struct cJSON;

/* Borrowed for the call. */
struct look_options {
	struct kube *kube;
	struct kube_target target;
	/* "deployment/x", NULL-terminated; NULL: every one that refers to it */
	const char *const *consumers;
	const struct reporter *reporter;
	struct result *result;
};

struct look {
	struct kube_secret *secret;
	struct kube_consumers *consumers;
};

/* KR_ENOTFOUND where the Secret or the entry is not there. */
KR_FALLIBLE look_read(const struct look_options *options, struct look *out);
void look_release(struct look *look);

/* The target's object in the result, with what the Secret says. */
struct cJSON *look_add_target(const struct look_options *options,
			      const struct look *look);
/* A consumer's object with its counts; pods are the caller's. */
struct cJSON *look_add_consumer(struct cJSON *target,
				const struct consumer *consumer);

/*
 * KR_ENOTFOUND: the Secret is not there, with what may have been meant. Asks
 * for the names of the namespace's Secrets.
 */
struct err *look_no_secret(struct kube *kube, const struct kube_target *target);
/* The entry that may have been meant by one that is not there; NULL. */
const char *look_near_entry(const struct kube_secret *secret);

/* A line for people, and the same in the result's warnings. */
void look_warn(const struct look_options *options, const char *format, ...)
	KR_PRINTF(2, 3);

#endif
