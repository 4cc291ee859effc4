/*
 * One rotation as a document: gathered from what was kept of it, and nothing
 * guessed. The ledger tells who, what, when and how the soak went; the
 * journals of this machine every step; the result kept beside them which key
 * each pod ran; the review's draft whether it was understood. No cluster is
 * asked. What none of them says is null, and said so in `unknown`.
 *
 *	report_gather(&options, &result)
 *	report_markdown(result.document, &text) or report_html()
 */
#ifndef KR_REPORT_MODEL_H
#define KR_REPORT_MODEL_H

#include "config/config.h"
#include "ledger/ledger.h"
#include "runbook/result.h"
#include "runbook/step.h"

/* Borrowed for the call. */
struct report_options {
	const struct config *config;
	const struct runbook *book; /* the titles of its steps */
	const char *rotation;	    /* NULL: the newest one known */
	struct ledger *ledger;	    /* NULL: none */
	struct ledger_trust *trust; /* anchors and signers */
};

/*
 * Fills the frame's rotation, store, targets (of the last run: which key is
 * where) and next, and the member `report`. A roll-back stands in the report
 * of the rotation that it undoes, whichever of both is named.
 *
 * KR_EUSAGE, reason "RotationNotFound": nothing is known of it. KR_EGATE,
 * reason "LedgerBroken": the report is there all the same, and says so.
 */
KR_FALLIBLE report_gather(const struct report_options *options,
			  struct result *result);

/*
 * The pages, from the document that report_gather() made. Whatever came from
 * outside is escaped. The HTML is one file: no script, nothing from elsewhere.
 */
void report_markdown(const struct cJSON *document, struct buf *out);
void report_html(const struct cJSON *document, struct buf *out);

#endif
