/*
 * The hashes of a ledger: of a line, and of all lines as a tree (RFC 6962,
 * section 2.1: leaves are SHA-256(0x00 || line), nodes SHA-256(0x01 || left ||
 * right)).
 */
#ifndef KR_LEDGER_HASH_H
#define KR_LEDGER_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/anchor.h"

#define HASH_BYTES 32
/* Base64 of a hash and the NUL. */
#define HASH_BASE64_LEN 45

/* One context of the library, used again and again. */
struct hasher;

KR_FALLIBLE hasher_new(struct hasher **out);
void hasher_free(struct hasher *hasher);
KR_DEFINE_FREEP(hasher)

/*
 * SHA-256("keyrot-ledger-v1\n" || data), in hex: what a line ends with, over
 * its bytes before that.
 */
KR_FALLIBLE hash_line(struct hasher *hasher, const char *data, size_t len,
		      char out[LEDGER_HASH_LEN]);

/* The tree over the lines so far: roots of its complete parts. */
struct tree {
	uint64_t size;
	unsigned char peaks[64][HASH_BYTES];
};

KR_FALLIBLE tree_add(struct tree *tree, struct hasher *hasher, const char *line,
		     size_t len);
KR_FALLIBLE tree_root(const struct tree *tree, struct hasher *hasher,
		      unsigned char out[HASH_BYTES]);

void hash_hex(const unsigned char hash[HASH_BYTES], char out[LEDGER_HASH_LEN]);
void hash_base64(const unsigned char hash[HASH_BYTES],
		 char out[HASH_BASE64_LEN]);

#endif
