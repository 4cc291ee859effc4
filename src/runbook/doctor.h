/*
 * The preconditions of a rotation: may we, can we, who else writes there, and
 * what a rotation by hand left behind. Changes nothing.
 */
#ifndef KR_RUNBOOK_DOCTOR_H
#define KR_RUNBOOK_DOCTOR_H

#include "kube/client.h"
#include "kube/pod.h"
#include "runbook/result.h"
#include "store/store.h"

/* Borrowed for the call. */
struct doctor_options {
	struct kube *kube;
	struct store *store;
	struct kube_target target;
	const char *service;
	bool variable_was_set; /* the key stood in the environment */
	struct result *result;
};

/*
 * Writes `checks` and `role` into the result, and the text for people. The
 * error is that of the first check that failed; warnings are none.
 */
KR_FALLIBLE doctor_run(const struct doctor_options *options);

enum doctor_state { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED };

/* What the files of the doctor share. */
struct doctor {
	const struct doctor_options *options;
	struct cJSON *checks;
	struct err *first; /* of the first failure; owned */
	size_t allowed, asked;
	struct buf role; /* rules that are missing, as YAML */
};

/* A line of the report; `fix` is a command or sentence, NULL: none. */
void doctor_say(struct doctor *doctor, enum doctor_state state,
		const char *check, const char *fix, const char *format, ...)
	KR_PRINTF(5, 6);
/* Makes take_err the result's error, if it is the first one. */
void doctor_fail(struct doctor *doctor, struct err *take_err);

/* doctor_access.c: what may be done, by one review each. */
#define DOCTOR_REVIEWS 24
struct doctor_reviews {
	char *bodies[DOCTOR_REVIEWS];
	size_t count;
};
KR_FALLIBLE doctor_reviews_plan(const struct doctor_options *options,
				struct doctor_reviews *reviews,
				struct kube_request *requests);
void doctor_reviews_take(struct doctor *doctor,
			 const struct kube_request *requests);
void doctor_reviews_release(struct doctor_reviews *reviews);

/* doctor_signs.c: who else writes there, seen from labels and annotations. */
void doctor_signs_of_secret(struct doctor *doctor, const struct cJSON *secret);
/* As kube_on_item, user is a struct doctor. */
struct err *doctor_signs_of_workload(void *user, const struct cJSON *workload);

#endif
