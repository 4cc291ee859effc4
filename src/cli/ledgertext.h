/*
 * A ledger's records for people and for spreadsheets.
 */
#ifndef KR_CLI_LEDGERTEXT_H
#define KR_CLI_LEDGERTEXT_H

#include "base/buf.h"

struct cJSON;

/* One row of a table, NULL: its head; in lines of at most `limit` columns, 0:
 * of any length. */
void ledgertext_row(const struct cJSON *line, size_t limit, struct buf *out);

/*
 * One row of CSV (RFC 4180) with every field of a record; NULL: its head. A
 * list is joined by blanks, a soak is its JSON. A text that a spreadsheet would
 * take for a formula gets a ' in front.
 */
void ledgertext_csv(const struct cJSON *line, struct buf *out);

#endif
