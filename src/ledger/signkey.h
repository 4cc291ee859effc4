/*
 * Which key signs, and the children that use it.
 */
#ifndef KR_LEDGER_SIGNKEY_H
#define KR_LEDGER_SIGNKEY_H

#include <stdint.h>

#include "base/proc.h"

/*
 * The signing key: `key` (a path, or a public key itself, as Git's
 * user.signingKey may be), else Git's user.signingKey where Git signs by ssh,
 * else the agent's first. *out_path or *out_line (a public key) is malloc'd,
 * the other one NULL. KR_ECONFIG, reason "NoSigningKey", where there is none.
 */
KR_FALLIBLE signkey_find(const char *key, char **out_path, char **out_line);

/*
 * "ssh-ed25519 AAAA..." of a key's file, private (its .pub is looked at first)
 * or public; malloc'd.
 */
KR_FALLIBLE signkey_public(const char *path, char **out_line);
/* The same of a line: without what comes after the key. NULL: it is none. */
char *signkey_line(const char *line);

/*
 * Runs ssh-keygen, ssh-add or git with an environment that holds what they
 * need for keys and agents. input NULL: the terminal is theirs. out NULL: an
 * exit code other than 0 is KR_EUNEXPECTED with the last words of the program.
 */
KR_FALLIBLE signkey_run(const char *const *argv, const char *input,
			int64_t timeout_ms, struct proc_result *out);

#endif
