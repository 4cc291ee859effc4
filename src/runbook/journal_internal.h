/* What the journal's two files share: the one that writes it, and the one that
 * finds one among those of its folder. */
#ifndef KR_RUNBOOK_JOURNAL_INTERNAL_H
#define KR_RUNBOOK_JOURNAL_INTERNAL_H

#include "runbook/journal.h"

#define JOURNAL_SUFFIX	  ".jsonl"
#define JOURNAL_MAX_BYTES (16u * 1024 * 1024)

struct appendlog;

struct journal {
	struct appendlog *log; /* NULL where it is only looked at */
	struct cJSON *lines;   /* array of what the file holds */
	char *path;
	bool gap; /* a line could not be added: none comes after it */
};

/*
 * Appends what `text` holds to the lines. A line that is none (a foreign hand,
 * bytes that a power cut kept from the disk) is passed over: it remembers
 * nothing. So is what has no line end: it is still to be written, or cut.
 */
void journal_parse(struct journal *journal, const char *text, size_t len);

/*
 * Which of the folder's rotations began later is a number in the line that
 * says so, one more than the highest so far: clocks are set back, and two
 * rotations begin within a second. 0 where it has not begun.
 */
long long journal_number(const struct journal *journal);
KR_FALLIBLE journal_next_number(const char *folder, long long *out);

#endif
