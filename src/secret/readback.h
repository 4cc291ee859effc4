/*
 * A key that came back from a password manager.
 *
 * Whatever writes a key to a cluster takes this type, and only src/store can
 * make one (secret/readback_make.h; the layer check allows no other include):
 * that a cluster holds a key which no store holds is impossible by
 * construction.
 */
#ifndef KR_SECRET_READBACK_H
#define KR_SECRET_READBACK_H

#include "secret/secret.h"

struct readback_key;

/* All borrowed. */
const struct secret *readback_key_secret(const struct readback_key *key);
const char *readback_key_fingerprint(const struct readback_key *key);
/* The store's id of the entry. */
const char *readback_key_entry(const struct readback_key *key);
/* false where the store is `none`: the record says "not proved". */
bool readback_key_is_proved(const struct readback_key *key);

/*
 * One more owner of the same key, which may be on another thread; NULL of NULL.
 * It is wiped when the last of them lets go of it.
 */
struct readback_key *readback_key_share(struct readback_key *key);
void readback_key_free(struct readback_key *key);
KR_DEFINE_FREEP(readback_key)

#endif
