/*
 * The gate after a rollout: the pods run the new key, and their logs say that
 * it works.
 */
#ifndef KR_RUNBOOK_VERIFY_H
#define KR_RUNBOOK_VERIFY_H

#include "runbook/look.h"

struct verify_options {
	struct look_options look;
	/* POSIX extended regular expressions, NULL-terminated, or NULL. */
	const char *const *expect;
	const char *const *forbid;
	int64_t within_ms;     /* < 0: 2 min with expectations, else 10 s */
	int64_t since_ms;      /* < 0: the whole log */
	bool nothing_expected; /* that no line is, is known: no warning */
	/* Nothing is to run, and nothing is expected of it: no pod, no fault.
	 */
	bool may_be_empty;
};

/*
 * KR_EGATE where a pod does not run the key of the Secret, or its log does not
 * say what it should; the result says it pod by pod. A gate that could not
 * look has not passed.
 */
KR_FALLIBLE verify_run(const struct verify_options *options);

#endif
