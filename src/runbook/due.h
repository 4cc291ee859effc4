/*
 * When a key has to be rotated: its age, from the clusters and, where they
 * were not asked or did not answer, from the ledger. No key is read.
 *
 * A target in the document has `since` (RFC 3339; null: not known), and after
 * due_judge() `ageSeconds`, `dueAt` and `overdue`.
 */
#ifndef KR_RUNBOOK_DUE_H
#define KR_RUNBOOK_DUE_H

#include "kube/client.h"
#include "kube/pod.h"
#include "ledger/ledger.h"
#include "runbook/result.h"

struct due_rule {
	int months;	    /* calendar months, the day staying */
	int64_t max_age_ms; /* instead, where not 0 */
};

int64_t due_at_ms(const struct due_rule *rule, int64_t since_ms);

/* Adds the target, as the Secret's metadata describe it. environment NULL:
 * none is configured. */
KR_FALLIBLE due_read(struct kube *kube, const struct kube_target *target,
		     const char *environment, struct result *result);

/* Adds it as one that no cluster was asked about. */
void due_unasked(const struct result_target *names, const char *environment,
		 struct result *result);

/* For targets that are not known, the last record that a key was written to
 * them; a ledger that says no context speaks of all of them. */
KR_FALLIBLE due_from_ledger(struct ledger *ledger, struct result *result);

/* The oldest key's `since`, and the moment the first one is due; 0: none is
 * known. */
int64_t due_oldest_ms(const struct result *result);

/*
 * Judges each target at `now_ms`. KR_EGATE: "KeyOverdue", or "KeyAgeUnknown"
 * where one could not be judged: a look that failed is no pass.
 */
KR_FALLIBLE due_judge(const struct due_rule *rule, int64_t now_ms,
		      struct result *result);

/* Lines for people, into result->text. */
void due_text(struct result *result);

/* Prometheus' text format 0.0.4, one sample a target and metric. */
void due_metrics(const struct result *result, const char *service,
		 int64_t now_ms, struct buf *out);

#endif
