/*
 * Proof by logs: exactly the given pods are read, until each one said what it
 * should, one said what it must not, or the time is over.
 */
#ifndef KR_KUBE_LOGS_H
#define KR_KUBE_LOGS_H

#include "kube/consumers.h"
#include "kube/rollout.h"

struct logs_options {
	const char *ns;
	/* POSIX extended regular expressions. Each pod must write, for each
	 * `expect`, one line that matches. */
	const char *const *expect;
	size_t expect_count;
	const char *const *forbid;
	size_t forbid_count;
	int64_t within_ms; /* < 0: none */
	int64_t since_ms;  /* only the log of the last while; <= 0: all of it */
	/* Container restarts beyond this since the start are a failure. */
	int max_restarts;
	/* Asked for every line; true: the line holds key material. Such a line
	 * is never handed on, and fails the pod. NULL: not asked. */
	bool (*holds_key)(void *user, const char *line, size_t len);
	/* Lines that matched, cleaned; NULL allowed. */
	void (*on_match)(void *user, const char *pod, const char *container,
			 const char *line);
	void (*on_tick)(void *user);
	void *user;
};

enum logs_state {
	LOGS_WAITING, /* the time was over before everything expected came */
	LOGS_PASSED,
	LOGS_FORBIDDEN,	 /* a forbidden line */
	LOGS_KEY,	 /* key material in a line */
	LOGS_RESTARTED,	 /* a container restarted */
	LOGS_GONE,	 /* the pod ended or was replaced meanwhile */
	LOGS_UNREADABLE, /* the log cannot be read: see `message` */
};

struct logs_pod_result {
	const char *pod; /* borrowed from the pods given */
	char *container;
	enum logs_state state;
	size_t seen; /* expectations met */
	unsigned long lines;
	int restarts;  /* at the end */
	char *message; /* matched pattern or reason, or NULL */
};

struct logs_result {
	struct logs_pod_result *pods;
	size_t count;
	bool passed;
};

/*
 * `pods` are those to be read (all pods of one call in one namespace). A
 * pattern that does not compile is KR_ECONFIG. A gate that fails is not an
 * error: see out->passed.
 */
KR_FALLIBLE kube_logs_verify(struct kube *kube,
			     const struct kube_pod *const *pods, size_t n,
			     const struct logs_options *options,
			     struct logs_result *out);
/* KR_ECONFIG where the pattern does not compile. */
KR_FALLIBLE kube_logs_check_pattern(const char *pattern);
void logs_result_release(struct logs_result *result);
const char *logs_state_name(enum logs_state state);
/* What a pod did, after its name: "logged what is forbidden". */
const char *logs_fault(enum logs_state state);

#endif
