/* apply's own records in the ledger, and what every target's hold. */
#include "runbook/record_run.h"

#include "config/config.h"
#include "kube/secretnote.h"
#include "runbook/ledgerplace.h"

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

struct ledger_record record_of_run(const struct run *run)
{
	const struct kube_target *t = &run->options.target;

	return (struct ledger_record){
		.rotation = run->rotation,
		.context = kube_access_of(run->options.kube)->context,
		.cluster_uid = run->cluster_uid,
		.namespace_ = t->ns,
		.secret = t->secret,
		.entry = t->entry,
		.operator_ = run->operator_,
		.operator_from = run->operator_from,
		.fingerprint = text_or_null(run->fingerprint),
		.previous_fingerprint = text_or_null(run->first_fingerprint),
		.resource_version = run->resource_version,
		.store_type = store_type(run->options.store),
		.store_entry = run->entry_id,
		.previous_entry = run->previous_entry_id,
		.taken_over = run->changed && run->taken_from
				      ? text_or_null(run->taken_from)
				      : NULL,
	};
}

bool record_run_is_kept(const struct run *run)
{
	const struct config *config = run->options.config;

	return config && config->ledger.path && run->options.dry == DRY_NONE;
}

void record_anchor(struct run *run, const char *head)
{
	struct err *err =
		kube_secret_note(run->options.kube, &run->options.target,
				 NOTE_LEDGER, head, NULL);

	if (err)
		run_warn(run, "the ledger's head is not anchored there: %s",
			 err_message(err));
	err_free(err);
}

static KR_FALLIBLE anchor(struct run *run, struct ledger *ledger)
{
	struct ledger_anchor head;
	char text[LEDGER_ANCHOR_LEN];
	struct err *err = ledger_head(ledger, &head);

	if (err)
		return err;
	ledger_anchor_text(&head, text);
	record_anchor(run, text);
	return NULL;
}

static struct ledgerplace place_of(const struct run *run)
{
	return (struct ledgerplace){
		.secret = run->options.target.secret,
		.entry = run->options.target.entry,
		.operator_ = run->operator_,
	};
}

KR_FALLIBLE record_run_check(const struct run *run)
{
	const struct ledgerplace place = place_of(run);

	return ledgerplace_check(run->options.config, &place);
}

KR_FALLIBLE record_run(struct run *run, const struct err *failed)
{
	static const char *const steps[] = { "write-secret", LEDGER_STEP_END };
	const char *overrides[RUN_MAX_OVERRIDES];
	const struct ledgerplace place = place_of(run);
	struct ledger_record record = record_of_run(run);
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct err *err;

	if (!record_run_is_kept(run) || !run->changed || run->recorded)
		return NULL;
	run->recorded = true; /* one that failed half-way is not tried again */
	run_list_overrides(run, overrides);
	record.overrides = overrides;
	record.outcome = !failed			   ? "done"
			 : err_is(failed, KR_EINTERRUPTED) ? "interrupted"
							   : "failed";
	record.reason = failed ? err_reason(failed) : NULL;
	err = run_search_keys(run);
	record.searched = run->searched;
	if (!err)
		err = ledgerplace_open(run->options.config, &place, &ledger);
	for (size_t i = 0; !err && i < sizeof(steps) / sizeof(*steps); i++) {
		record.step = steps[i];
		err = ledger_append(ledger, &record, NULL);
	}
	if (!err)
		err = ledger_checkpoint(ledger);
	if (!err)
		err = anchor(run, ledger);
	return err_wrap(err, "ledger");
}

KR_FALLIBLE step_ledger(struct run *run)
{
	struct err *err = record_run(run, NULL);

	if (!err && !run->changed)
		run_detail(run, "nothing was written");
	return err;
}
