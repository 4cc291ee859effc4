/*
 * Anchors: how far a ledger had come and what it held, in one word that can
 * stand in an annotation, in a store entry's metadata and in a message:
 *
 *	keyrot-ledger-v1:<ledger id>:<size>:<root, 64 hex digits>
 *
 * The root is that of RFC 6962 over the first `size` lines.
 */
#ifndef KR_LEDGER_ANCHOR_H
#define KR_LEDGER_ANCHOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LEDGER_HASH_LEN	  65 /* 64 hex digits and the NUL */
#define LEDGER_ID_LEN	  36 /* "kl-", 32 hex digits and the NUL */
#define LEDGER_ANCHOR_LEN 160

enum ledger_anchor_state {
	ANCHOR_NOT_CHECKED,
	ANCHOR_HOLDS,	/* a prefix of the file */
	ANCHOR_AHEAD,	/* the file is shorter: its end was cut off */
	ANCHOR_DIFFERS, /* the file held something else when it was anchored */
	ANCHOR_FOREIGN, /* of another ledger */
};

struct ledger_anchor {
	char id[LEDGER_ID_LEN];
	uint64_t size;
	char root[LEDGER_HASH_LEN];
	/* Where it was found, for people; borrowed, NULL allowed. */
	const char *source;
	enum ledger_anchor_state state;
};

void ledger_anchor_text(const struct ledger_anchor *anchor,
			char out[LEDGER_ANCHOR_LEN]);

/*
 * Finds the first anchor in a text, such as a message around it. false where
 * there is none. `source` and `state` are zeroed.
 */
bool ledger_anchor_find(const char *text, struct ledger_anchor *out);

/* "holds", "ahead", "differs", "foreign" or "not checked". */
const char *ledger_anchor_word(enum ledger_anchor_state state);

#endif
