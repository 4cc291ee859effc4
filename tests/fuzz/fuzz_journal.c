/*
 * Any bytes as a journal: it may have been torn anywhere, or written into by
 * hand. What it is asked has an answer, and it never fails.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "runbook/journal_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal journal = { .lines = json_array() };

	journal_parse(&journal, (const char *)data, size);
	if (journal_undone(&journal) && journal_to(&journal))
		abort();
	if (journal_is_done(&journal, "write-secret", "staging", NULL) &&
	    !json_first(journal.lines))
		abort();
	(void)journal_outcome(&journal);
	(void)journal_number(&journal);
	json_free(journal.lines);
	return 0;
}
