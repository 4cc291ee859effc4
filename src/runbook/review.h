/*
 * The post-incident review of a rotation that failed or was rolled back: a
 * draft in Markdown, ID.review.md, beside the ledger where keyrot.yaml names
 * one, else beside the journals. The program fills in what it knows, people
 * write the rest, and no new rotation begins until it is closed: by the
 * file's own field `closed: true`, or by review_close().
 *
 * What the program wrote stands between two comments, and is written anew
 * when the rotation is gone on with; everything else is left as people have it.
 */
#ifndef KR_RUNBOOK_REVIEW_H
#define KR_RUNBOOK_REVIEW_H

#include "config/config.h"
#include "runbook/rotate.h"

/*
 * Makes or refreshes the draft of `rotation` (of what it undoes), from the
 * journals and from its result, which is filled. `reason` and `message` are
 * the failure's; NULL for a roll-back that came to its end. *out_path is
 * malloc'd.
 */
KR_FALLIBLE review_write(struct rotation *rotation, const char *reason,
			 const char *message, char **out_path);

/*
 * KR_EREFUSED, reason "ReviewOpen", names the first draft that is not closed.
 * Closed ones get their record in the ledger. `typed`: the command that is
 * told to be typed again once it is closed.
 */
KR_FALLIBLE review_check(const struct config *config, const char *operator_,
			 const char *typed, struct result *result);

/* Where the rotation's draft is (malloc'd; NULL: there is none), and whether it
 * is closed. */
KR_FALLIBLE review_look(const struct config *config, const char *rotation,
			char **out_path, bool *out_closed);

/* Closes it in the file. KR_EUSAGE where there is none of that rotation. */
KR_FALLIBLE review_close(const struct config *config, const char *rotation,
			 const char *operator_);

#endif
