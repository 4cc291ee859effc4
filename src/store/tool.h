/*
 * Running a password manager's own program: an allow-listed environment, keys
 * over pipes only, a time limit, and errors that quote no key.
 */
#ifndef KR_STORE_TOOL_H
#define KR_STORE_TOOL_H

#include <stdint.h>

#include "base/proc.h"
#include "secret/secret.h"
#include "store/store.h"

struct tool_run {
	const char *const *argv;
	const struct proc_env *env;
	const struct secret *input; /* NULL: /dev/null */
	/* The key in it, which the program's complaint is searched for. */
	const struct secret *key;
	/* A complaint may hold a key that we do not know: drop it. */
	bool hide_complaint;
	size_t max_output_bytes;
	int64_t timeout_ms;
};

struct tool_result {
	int exit_code;
	struct secret *output;
	char *complaint; /* last line of standard error made clean; or "" */
	/* All of standard error, to be looked into, never shown; or "". */
	char *said;
};
void tool_result_release(struct tool_result *result);

/*
 * How long one run may take: `timeout` of the configuration's store, else 60 s,
 * or 5 minutes where a person may be typing a passphrase. KR_ECONFIG.
 */
KR_FALLIBLE tool_timeout(const struct store_options *options, int64_t *out_ms);

/*
 * Any exit code is a success here; KR_ESTORE where it cannot be run, was
 * killed, did not end in time, or printed too much.
 */
KR_FALLIBLE tool_run(const struct tool_run *run, struct tool_result *out);

/*
 * What a password manager needs of the operator's session: home, locale,
 * GnuPG, agents, display. Messages are asked for in English.
 */
void tool_session_env(struct proc_env *env);

/* "NAME failed (exit code N): COMPLAINT". */
struct err *tool_failed(const char *name, const struct tool_result *result);

/*
 * A program of GnuPG's family could not show an entry: "Mismatch" where gpg
 * said that it is damaged, else "Locked".
 */
struct err *gpg_show_failed(const char *name, const struct tool_result *result);

#endif
