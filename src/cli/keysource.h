/*
 * Where a key comes from, first match: --key-file, --from-store, the
 * environment variable named like the Secret's entry, the store's newest
 * entry. No option takes a key as its value.
 */
#ifndef KR_CLI_KEYSOURCE_H
#define KR_CLI_KEYSOURCE_H

#include "cli/command.h"
#include "secret/secret.h"

struct keysource {
	/* A key that was brought, checked against the configured format;
	 * owned. NULL: the store's, see `entry`. */
	struct secret *given;
	/* Id of a store's entry; owned. NULL with no key: the newest one. */
	char *entry;
	/* "--key-file new.key", "$SECRET_ENCRYPTION_KEY", "the store". */
	char *name;
};
void keysource_release(struct keysource *source);

/*
 * KR_EUSAGE for options that contradict, KR_ECONFIG for a key that is not one
 * (by position and count, never by content). A newline at the end is taken
 * off, and said. Whether the store has an entry is for the caller to find
 * out: keysource_none() is the error for it.
 */
KR_FALLIBLE keysource_find(struct cli_context *context, const char *entry,
			   struct keysource *out);

/* Names every way to give a key. */
struct err *keysource_none(const char *entry);

/*
 * Takes the variable named `entry` out of the environment: its bytes are
 * wiped where they stand, so that no child process and nobody who reads
 * /proc gets them. *out is NULL where it is not set.
 */
KR_FALLIBLE keysource_take_variable(const char *entry, struct secret **out);

#endif
