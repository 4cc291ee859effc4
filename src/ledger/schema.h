/*
 * What a line may hold: for each type its fields, in their order, each with
 * its form. A field that is not listed, stands twice or out of order, or has
 * another form is an error, in what is read as in what is written: no text
 * gets into a ledger by a name that was not thought of.
 */
#ifndef KR_LEDGER_SCHEMA_H
#define KR_LEDGER_SCHEMA_H

#include "ledger/scan.h"

#define SCHEMA_VERSION 1

enum line_type {
	LINE_GENESIS,	 /* the first: what the ledger is about */
	LINE_RECORD,	 /* something that happened */
	LINE_SIGNERS,	 /* who may sign from the next checkpoint on */
	LINE_CHECKPOINT, /* the root of all lines before it */
	LINE_TYPE_COUNT,
};

const char *line_type_name(enum line_type type);

/*
 * Checks the part of a line that stands between `"type":"` and `,"hash":"`.
 * `spare` is for strings with escapes. KR_EINVALID names the field and the form
 * it should have, never what stands there. *out_step is a record's step.
 */
struct schema_seen {
	enum line_type type;
	struct view step;
};
KR_FALLIBLE schema_check(const char *body, size_t len, struct buf *spare,
			 struct schema_seen *out);

/* Names of a record's fields in their order, for a table; NULL ends. */
const char *schema_record_field(size_t index);

#endif
