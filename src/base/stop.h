/*
 * The request to stop: SIGINT, SIGTERM or SIGHUP.
 *
 * The first signal sets a flag that every wait looks at, so that the work
 * stops at its next boundary; the second one ends the process at once with
 * exit code 130. Nothing is undone by either: the work can be resumed.
 */
#ifndef KR_BASE_STOP_H
#define KR_BASE_STOP_H

#include "base/err.h"

/* Installs the handlers; SIGPIPE is ignored from here on. */
void stop_install(void);

bool stop_requested(void);

/*
 * Holds signals back in the calling thread, and lets them through again; for
 * reexec(). They wait over an execve(2), until stop_install().
 */
void stop_hold(bool hold);

/* As if a signal came, so long from now: a limit for the whole program. */
void stop_after_ms(unsigned ms);

/* A descriptor that becomes readable on the first signal; for poll(2). */
int stop_fd(void);

/* KR_EINTERRUPTED where a stop was requested, NULL otherwise. */
KR_FALLIBLE stop_check(void);

/*
 * What is written to `fd` where a second signal ends the process: it gives a
 * terminal back as it was. Borrowed until it is replaced; NULL: nothing.
 */
void stop_restore(int fd, const char *text);

/* For tests and for a forked child: as if no signal had come. */
void stop_reset(void);

#endif
