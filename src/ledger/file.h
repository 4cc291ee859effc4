/*
 * The ledger's file: read whole, or opened for writing with the chain checked.
 */
#ifndef KR_LEDGER_FILE_H
#define KR_LEDGER_FILE_H

#include "base/appendlog.h"
#include "ledger/chain.h"

/* 300,000 lines of a usual length; a team writes some hundred a year. */
#define LEDGER_MAX_BYTES ((size_t)256 * 1024 * 1024)

struct ledger {
	char *path;
	char *service, *secret, *entry; /* NULL: any */
	char *key, *signers, *operator_;
	bool sign;
	bool git_commit;
	bool git_push;
};

/*
 * Takes the text's lines. on_line (NULL allowed) is told of each one after it
 * was added, and may parse it. A last line without its end is
 * KR_EGATE/"LedgerBroken".
 */
typedef struct err *chain_on_line(void *user, struct chain *chain,
				  struct chain_line *line);
KR_FALLIBLE chain_read(struct chain *chain, const char *text, size_t len,
		       chain_on_line *on_line, void *user);

/* For chain_read(): in what is written, a signature was looked at when it was
 * made. */
KR_FALLIBLE chain_believe(void *user, struct chain *chain,
			  struct chain_line *line);

/* The file as it is, not locked. KR_ECONFIG, reason "LedgerNotFound". */
KR_FALLIBLE ledger_read_text(const struct ledger *ledger, struct buf *out);

/* For a writer; locked until it is released. */
struct writing {
	const struct ledger *ledger;
	struct appendlog *log;
	struct chain chain;
};

/*
 * Opens, locks, repairs what a crash left behind the last line, checks the
 * chain and what it is about. With `make` an absent ledger is made.
 */
KR_FALLIBLE writing_open(const struct ledger *ledger, bool make,
			 chain_on_line *on_line, void *user,
			 struct writing *out);
/* Appends a line made of these fields; on disk when it returns. */
KR_FALLIBLE writing_add(struct writing *writing, enum line_type type,
			const struct cJSON *fields);
void writing_release(struct writing *writing);

/* The time of now as a record has it, added to `fields`. */
void ledger_set_time(struct cJSON *fields, const char *time);

/* The first line's fields. */
KR_FALLIBLE ledger_genesis(const struct ledger *ledger, struct cJSON *fields);

/* Adds a file's lines, comments left out, as the list "signers". */
KR_FALLIBLE ledger_add_signers(struct cJSON *fields, const char *path);

/* A record's fields. KR_EREFUSED where they hold one of its keys. */
KR_FALLIBLE ledger_record_fields(const struct ledger_record *record,
				 struct cJSON *fields);

/* Whether ledger_git_commit() could: KR_ECONFIG where it cannot. */
KR_FALLIBLE ledger_git_check(const struct ledger *ledger);

/* Commits the file, and nothing else, where it changed. */
KR_FALLIBLE ledger_git_commit(const struct ledger *ledger, uint64_t size);

#endif
