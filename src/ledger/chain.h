/*
 * The chain: takes a ledger's lines one after the other and knows, at each
 * point, what they add up to. Reading, writing and verifying all go through
 * it.
 */
#ifndef KR_LEDGER_CHAIN_H
#define KR_LEDGER_CHAIN_H

#include "base/buf.h"
#include "ledger/hash.h"
#include "ledger/ledger.h"
#include "ledger/schema.h"

/* A soak of a day and ten metrics is some 200 KiB. */
#define CHAIN_MAX_LINE ((size_t)1024 * 1024)

struct chain {
	struct hasher *hasher;
	struct tree tree;	    /* its size is the number of lines */
	char head[LEDGER_HASH_LEN]; /* of the last line */
	enum line_type last_type;
	bool last_is_signed;

	/* of the first line; owned */
	char *id, *service, *secret, *entry;
	bool wants_signatures;

	/* Who may sign now, one a line; and from the next signed checkpoint
	 * on, where that changes. Owned; NULL where none. */
	char *signers, *next_signers;

	uint64_t records, checkpoints, signatures, ended;
	uint64_t ended_size;  /* lines up to the last end of a rotation */
	uint64_t signed_size; /* lines before the last signed checkpoint */

	struct ledger_trust *trust; /* borrowed; NULL: no anchors */
	struct buf spare;	    /* of the scanner */
};

KR_FALLIBLE chain_init(struct chain *chain, struct ledger_trust *trust);
void chain_release(struct chain *chain);

/*
 * Takes one line, without its line end. KR_EGATE, reason "LedgerBroken",
 * where it is not the next one; chain->tree.size is then that of the good
 * lines. A signature is only counted: call chain_signed() once it was found
 * good, or is not to be looked at.
 */
struct chain_line {
	enum line_type type;
	const char *text; /* borrowed */
	size_t len;
	/* Owned. Of a record NULL, until chain_line_parse() was called. */
	struct cJSON *tree;
};
KR_FALLIBLE chain_add(struct chain *chain, const char *text, size_t len,
		      struct chain_line *out);
KR_FALLIBLE chain_line_parse(struct chain_line *line);
void chain_line_release(struct chain_line *line);

/* The list's texts, a line each; *field is freed before. NULL where none. */
KR_FALLIBLE chain_join_signers(const struct cJSON *list, char **field);

/* The checkpoint that was just added holds: new signers come into force. */
void chain_signed(struct chain *chain);

/* After the last line: rules about the whole, and anchors that are ahead. */
KR_FALLIBLE chain_finish(struct chain *chain);

KR_FALLIBLE chain_root(const struct chain *chain,
		       unsigned char out[HASH_BYTES]);

/* {"v":1,"seq":<15>,"prev":"<64>","type":" and the NUL */
#define CHAIN_START_LEN 128
/* What the next line has to begin with; its length. */
size_t chain_start(const struct chain *chain, char out[CHAIN_START_LEN]);

/*
 * Makes the next line from the fields behind `type`: with v, seq, prev, type
 * in front and the hash at its end, checked as a read one is.
 */
KR_FALLIBLE chain_make_line(const struct chain *chain, enum line_type type,
			    const struct cJSON *fields, struct buf *out);

/* KR_EGATE/"LedgerBroken" about line `number` (from 1; 0: the whole). */
struct err *chain_broken(uint64_t number, const char *format, ...)
	KR_PRINTF(2, 3) KR_NOT_NULL;

#endif
