/*
 * The one error convention.
 *
 * A fallible function returns struct err *; NULL is success. The caller owns
 * the error: it returns it (perhaps wrapped), or frees it. Output parameters
 * are written only on success.
 *
 * The kind decides what is done about an error: the exit code, and whether a
 * read may be tried again. The text is for people. It says what happened and
 * to which object, and carries nothing of a body or file that could hold a
 * secret: there is no formatter for struct secret.
 */
#ifndef KR_BASE_ERR_H
#define KR_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

#define KR_FALLIBLE	     __attribute__((warn_unused_result)) struct err *
#define KR_PRINTF(at, first) __attribute__((format(printf, at, first)))
#define KR_NOT_NULL	     __attribute__((returns_nonnull))

/* Order is that of the table in err.c; see docs/errors.md for exit codes. */
enum err_kind {
	KR_EUNEXPECTED,	 /* 1   a bug, or a system call that should not fail */
	KR_ENOMEM,	 /* 1   memory is exhausted or a limit was reached */
	KR_EUSAGE,	 /* 2   command line */
	KR_ECONFIG,	 /* 2   keyrot.yaml, kubeconfig, key format */
	KR_EREFUSED,	 /* 3   a safety rule said no; nothing was changed */
	KR_ECLUSTER,	 /* 4   cannot be reached, or answered nonsense */
	KR_EAUTH,	 /* 4   credentials: none, expired, not accepted */
	KR_EFORBIDDEN,	 /* 4   the cluster does not allow it */
	KR_ENOTFOUND,	 /* 4   an object is not there */
	KR_EINVALID,	 /* 4   the cluster rejected the object */
	KR_ETIMEOUT,	 /* 4   no answer in time */
	KR_EROLLOUT,	 /* 5   a rollout failed or did not finish in time */
	KR_EGATE,	 /* 6   logs, probes, soak or suite said no */
	KR_EHELD,	 /* 7   someone else holds the rotation */
	KR_ECONFLICT,	 /* 7   the object changed under us */
	KR_ESTORE,	 /* 8   the password manager */
	KR_EINTERRUPTED, /* 130 a signal; the work can be resumed */
};

struct err;

/* A new error. Never fails: out of memory gives a static error object. */
struct err *err_new(enum err_kind kind, const char *format, ...)
	KR_PRINTF(2, 3) KR_NOT_NULL;

/* KR_ENOMEM. Takes no memory: it is a static object. */
struct err *err_no_memory(void) KR_NOT_NULL;

/* Like err_new(), with ": " and the text of errno (saved at the call). */
struct err *err_errno(enum err_kind kind, const char *format, ...)
	KR_PRINTF(2, 3) KR_NOT_NULL;

/*
 * Puts "context: " in front of the text of take_cause. Kind, reason and hint
 * stay. NULL stays NULL, so that `return err_wrap(f(), ...)` is fine.
 */
struct err *err_wrap(struct err *take_cause, const char *format, ...)
	KR_PRINTF(2, 3);

/*
 * Changes the kind, for a layer that knows better. NULL stays NULL, and a stop
 * request stays one, whatever it came in the way of.
 */
struct err *err_as(struct err *take_err, enum err_kind kind);

/*
 * Adds the next step: a command to type, or a sentence. One error has at most
 * one hint; the first one wins, since it was nearest to the cause.
 */
struct err *err_hint(struct err *take_err, const char *format, ...)
	KR_PRINTF(2, 3);

/*
 * Sets the machine-readable word of the JSON frame's `reason` (UpperCamelCase,
 * such as "ProgressDeadlineExceeded"). `reason` is copied. Without one the
 * kind's own word is used.
 */
struct err *err_set_reason(struct err *take_err, const char *reason);

enum err_kind err_kind(const struct err *err);
bool err_is(const struct err *err, enum err_kind kind); /* NULL: false */
const char *err_message(const struct err *err);
const char *err_hint_text(const struct err *err); /* NULL where none */
const char *err_reason(const struct err *err);

/* NULL gives 0. */
int err_exit_code(const struct err *err);
int err_kind_exit_code(enum err_kind kind);
const char *err_kind_name(enum err_kind kind);

void err_free(struct err *err);
KR_DEFINE_FREEP(err)

#endif
