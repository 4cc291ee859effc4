#include "ledger/anchor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX	   "keyrot-ledger-v1:"
#define HEX	   "0123456789abcdef"
#define MAX_DIGITS 15 /* of a size: what a double holds exactly */

void ledger_anchor_text(const struct ledger_anchor *anchor,
			char out[LEDGER_ANCHOR_LEN])
{
	(void)snprintf(out, LEDGER_ANCHOR_LEN, PREFIX "%s:%" PRIu64 ":%s",
		       anchor->id, anchor->size, anchor->root);
}

static bool parse_at(const char *at, struct ledger_anchor *out)
{
	struct ledger_anchor anchor = { 0 };
	size_t digits;

	if (strncmp(at, "kl-", 3) != 0 ||
	    strspn(at + 3, HEX) != LEDGER_ID_LEN - 4 ||
	    at[LEDGER_ID_LEN - 1] != ':')
		return false;
	memcpy(anchor.id, at, LEDGER_ID_LEN - 1);
	at += LEDGER_ID_LEN;
	digits = strspn(at, "0123456789");
	if (digits == 0 || digits > MAX_DIGITS || at[digits] != ':' ||
	    at[0] == '0')
		return false;
	anchor.size = strtoull(at, NULL, 10);
	at += digits + 1;
	if (strspn(at, HEX) != LEDGER_HASH_LEN - 1)
		return false;
	memcpy(anchor.root, at, LEDGER_HASH_LEN - 1);
	*out = anchor;
	return true;
}

bool ledger_anchor_find(const char *text, struct ledger_anchor *out)
{
	while ((text = strstr(text, PREFIX))) {
		text += sizeof(PREFIX) - 1;
		if (parse_at(text, out))
			return true;
	}
	return false;
}

const char *ledger_anchor_word(enum ledger_anchor_state state)
{
	static const char *const words[] = {
		[ANCHOR_NOT_CHECKED] = "not checked",
		[ANCHOR_HOLDS] = "holds",
		[ANCHOR_AHEAD] = "ahead",
		[ANCHOR_DIFFERS] = "differs",
		[ANCHOR_FOREIGN] = "foreign",
	};

	return words[state];
}
