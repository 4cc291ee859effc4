/*
 * Child processes: by argv, never by a shell.
 *
 * A child gets exactly the environment and the descriptors 0, 1, 2 that are
 * named here, runs in its own process group unless it needs the terminal, and
 * dies with this process. At the deadline, or when a stop is requested, the
 * whole group is killed.
 */
#ifndef KR_BASE_PROC_H
#define KR_BASE_PROC_H

#include <stdint.h>

#include "base/buf.h"

enum proc_stdin {
	PROC_STDIN_NULL,    /* /dev/null */
	PROC_STDIN_INHERIT, /* the program's own: the child may ask the user */
	PROC_STDIN_DATA,    /* stdin_data through a pipe, closed after it */
};

enum proc_stderr {
	PROC_STDERR_INHERIT,
	PROC_STDERR_CAPTURE, /* into result.err, cut at max_stderr_bytes */
	PROC_STDERR_NULL,
};

/* An error ends the child and is what proc_run() returns. */
typedef struct err *proc_on_output(void *user, const char *data, size_t len);

/* What has been kept so far, each time that it was looked for more. */
typedef void proc_on_look(void *user, const struct buf *out,
			  const struct buf *err);

struct proc_spec {
	/* NULL-terminated. argv[0] without '/' is looked up in `search_path`.
	 */
	const char *const *argv;
	/* NULL-terminated "NAME=value"; see proc_env_*(). */
	const char *const *envp;
	/* PATH to search; NULL: this process's. Relative entries are skipped.
	 */
	const char *search_path;
	enum proc_stdin stdin_mode;
	const void *stdin_data; /* borrowed; written by write(2) only */
	size_t stdin_len;
	enum proc_stderr stderr_mode;
	size_t max_stdout_bytes; /* more is an error, and the child is killed */
	size_t max_stderr_bytes; /* more is dropped */
	int64_t timeout_ms;	 /* < 0: none */
	/* Gets what is printed, piece by piece, and result.out stays empty:
	 * for output without a limit. NULL: kept. */
	proc_on_output *on_stdout;
	proc_on_look *on_look; /* NULL */
	void *user;
};

struct proc_result {
	int exit_code;	 /* -1 where killed by a signal */
	int term_signal; /* 0 where it exited */
	struct buf out;
	struct buf err;
};

/*
 * Runs to the end. An exit code other than 0 is not an error here.
 * KR_ENOTFOUND: not on PATH or no such file. KR_EFORBIDDEN: not executable.
 * KR_ETIMEOUT: killed at the deadline. KR_ENOMEM: it printed too much.
 * KR_EINTERRUPTED: a stop was requested meanwhile.
 */
KR_FALLIBLE proc_run(const struct proc_spec *spec, struct proc_result *out);
void proc_result_release(struct proc_result *result);

/*
 * Where `name` is in `path` (NULL: $PATH): malloc'd absolute path or NULL.
 * Relative and empty entries of PATH are skipped.
 */
char *proc_find(const char *name, const char *path);

/*
 * An environment built from an allow-list. proc_env_base() takes what a
 * well-behaved child needs (HOME, PATH, LANG, LC_*, TERM, TZ, TMPDIR, USER,
 * LOGNAME, XDG_*); further names are taken one by one where they are set.
 */
struct proc_env {
	char **vars;
	size_t count;
	bool failed;
};
void proc_env_base(struct proc_env *env);
void proc_env_inherit(struct proc_env *env, const char *name);
/* Everything this process has (credential plugins are promised that). */
void proc_env_inherit_all(struct proc_env *env);
/* Replaces an earlier value. */
void proc_env_set(struct proc_env *env, const char *name, const char *value);
/* NULL-terminated and borrowed; KR_ENOMEM where building it failed. */
KR_FALLIBLE proc_env_vars(const struct proc_env *env, const char *const **out);
void proc_env_release(struct proc_env *env);

#endif
