/*
 * Where a token or password is: env:NAME, file:PATH or exec:COMMAND.
 *
 * A reference is read when it is needed and not before, and read again where
 * what it gave was refused: tokens are renewed under a program that runs for
 * half an hour.
 */
#ifndef KR_SECRET_REF_H
#define KR_SECRET_REF_H

#include "secret/secret.h"

enum ref_from {
	REF_FROM_NOWHERE, /* no reference: the zero value */
	REF_FROM_ENV,	  /* a variable of the environment */
	REF_FROM_FILE,	  /* a file; a relative path is of `folder` */
	REF_FROM_EXEC,	  /* words of a command, split at blanks; no shell */
};

/* All borrowed. */
struct ref {
	enum ref_from from;
	const char *value;  /* name, path or command */
	const char *folder; /* NULL: the current one */
};

/* "env:NAME" and the like; false where the text is none of them. */
bool ref_parse(const char *text, struct ref *out);

#define REF_MAX_BYTES	  (64 * 1024)
#define REF_EXEC_LIMIT_MS (30 * 1000)

/*
 * What is there, without the line break at its end. `what` names it for
 * errors, which never quote it: "the Prometheus token". KR_EAUTH where it is
 * not there, is empty or holds a control character; KR_EINTERRUPTED.
 */
KR_FALLIBLE ref_read(const struct ref *ref, const char *what,
		     struct secret **out);

/*
 * Whether it is where it is said to be, without reading it: KR_EUSAGE. A
 * command is not run. `option` names it.
 */
KR_FALLIBLE ref_check(const struct ref *ref, const char *option);

#endif
