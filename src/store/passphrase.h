/*
 * The passphrase of the file store.
 *
 * From, first match: --passphrase-file, $KEYROT_PASSPHRASE_FILE, the systemd
 * credential "keyrot-passphrase" ($CREDENTIALS_DIRECTORY), the terminal. Never
 * from an option's value or the environment. The first line of a file counts.
 */
#ifndef KR_STORE_PASSPHRASE_H
#define KR_STORE_PASSPHRASE_H

#include "secret/secret.h"

struct passphrase_source {
	const char *file; /* --passphrase-file, or NULL; borrowed */
	bool may_ask;	  /* the terminal may be used */
};

/* Whether it can be asked for again after a wrong one. */
bool passphrase_is_asked(const struct passphrase_source *source);

/*
 * KR_ESTORE, reason "Locked", and the next step, where there is no source at
 * all. Opens nothing.
 */
KR_FALLIBLE passphrase_available(const struct passphrase_source *source);

/* `what` is what it opens, for the prompt. */
KR_FALLIBLE passphrase_get(const struct passphrase_source *source,
			   const char *what, struct secret **out);

/* For a new key: from a terminal twice, until both are the same. */
KR_FALLIBLE passphrase_get_new(const struct passphrase_source *source,
			       const char *what, struct secret **out);

#endif
