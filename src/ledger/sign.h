/*
 * Signatures by ssh-keygen -Y: keys stay with the agent, in a hardware token
 * or in the operator's file, and never come into this process.
 */
#ifndef KR_LEDGER_SIGN_H
#define KR_LEDGER_SIGN_H

#include <stdint.h>

#include "base/err.h"
#include "ledger/hash.h"

#define SIGN_NAMESPACE "keyrot-ledger"

/*
 * What a checkpoint's signature is over: the ledger's name, its size and the
 * base64 root, a line each (the body of a C2SP tlog checkpoint). malloc'd;
 * NULL without memory.
 */
char *sign_note(const char *ledger_id, uint64_t size,
		const char root[HASH_BASE64_LEN]);

/* Files for ssh-keygen, kept over several signatures. */
struct signer;
KR_FALLIBLE signer_new(struct signer **out);
void signer_free(struct signer *signer);
KR_DEFINE_FREEP(signer)

/*
 * Signs the note with `key` (see struct ledger_options; NULL: found). May ask
 * on the terminal. *out_signature is malloc'd, armoured.
 */
KR_FALLIBLE sign_make(struct signer *signer, const char *key, const char *note,
		      char **out_signature);

/*
 * Whether `name` is allowed to sign by the text `allowed`, was so at `time`
 * (RFC 3339), and did. KR_EGATE, reason "SignerNotAllowed", where not.
 */
struct sign_check {
	const char *namespace_; /* NULL: SIGN_NAMESPACE */
	const char *allowed;
	const char *name;
	const char *time;
	const char *note;
	const char *signature;
};
KR_FALLIBLE sign_verify(struct signer *signer, const struct sign_check *check);

/*
 * The name under which `allowed` lists who made the signature; check->name is
 * not looked at. malloc'd. KR_EGATE, reason "SignerNotAllowed", where none.
 */
KR_FALLIBLE sign_name(struct signer *signer, const struct sign_check *check,
		      char **out_name);

/* "ssh-ed25519 AAAA..." of the key that sign_make() would take; malloc'd. */
KR_FALLIBLE sign_public_key(const char *key, char **out_line);

#endif
