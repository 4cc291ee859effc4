/*
 * Shared by the files of validate.h; nobody else includes it.
 */
#ifndef KR_RUNBOOK_VALIDATE_INTERNAL_H
#define KR_RUNBOOK_VALIDATE_INTERNAL_H

#include "base/proc.h"
#include "runbook/validate.h"

/* A check while it runs. */
struct check {
	const struct validate_options *options;
	const struct config_check *config; /* NULL: the dependents */
	const char *name;
	struct cJSON *row; /* in the result */
	/* Of what a command prints: how much was shown while it ran. */
	size_t shown_out, shown_err;
	bool silenced; /* it printed a key */
};

typedef struct err *check_perform(struct check *check)
	__attribute__((warn_unused_result));
check_perform check_run, check_job, check_http, check_exec, check_trip;
check_perform check_dependents;

/* KR_EGATE, "NAME: what", reason "ValidationFailed". */
KR_FALLIBLE check_failed(const struct check *check, const char *format, ...)
	KR_PRINTF(2, 3);

/* The text with the words in braces filled in; malloc'd. */
KR_FALLIBLE check_fill(const struct check *check, const char *text, char **out);

/* A path of keyrot.yaml as it stands from here; malloc'd, NULL for memory. */
char *check_path(const struct check *check, const char *path);

/*
 * Runs a command; input NULL: nothing on standard input. What it printed is
 * searched for the keys: KR_EGATE, reason "KeyInOutput", with nothing of it
 * left in `out`. Any exit code is fine. With validate_options.live its lines
 * are shown as they come, each searched before.
 */
KR_FALLIBLE check_child(struct check *check, char *const *argv,
			const struct buf *input, struct proc_result *out);

/*
 * Whether the text is the fingerprint, or (probe.field) a JSON document that
 * has it there. KR_EGATE where not.
 */
KR_FALLIBLE check_answer(const struct check *check, const char *text);

bool check_holds_key(const struct check *check, const char *text, size_t len);

/* The last lines, for people; those that hold a key are left out. */
void check_show(const struct check *check, const char *who, const char *text);

#endif
