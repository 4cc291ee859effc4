/* The record: ledger and its anchors. */
#include <string.h>

#include "base/json.h"
#include "ledger/ledger.h"
#include "runbook/ledgerplace.h"
#include "runbook/record_run.h"
#include "runbook/rotate.h"

KR_FALLIBLE rotation_open_ledger(const struct rotation *rotation,
				 struct ledger **out)
{
	const struct ledgerplace place = {
		.operator_ = rotation_operator(rotation),
	};

	return ledgerplace_open(rotation->options.config, &place, out);
}

static const char *outcome_of(const struct rotation *rotation,
			      const struct rotate_target *target)
{
	const struct run *run = &target->run;

	if (!run->written)
		return rotation->failed ? "failed" : "refused";
	if (rotation->failed && rotation->failed_in == target->env)
		return "failed";
	return *rotation->undone ? "rolled-back" : "done";
}

static struct err *record_target(struct ledger *ledger,
				 const struct rotation *rotation,
				 const struct rotate_target *target)
{
	const struct run *run = &target->run;
	const struct rollout_mixed seen =
		run->waited && !run->options.target.keyring
			? rollout_mixed(run->rollout)
			: (struct rollout_mixed){ 0 };
	const struct ledger_mixed mixed = { seen.pods, seen.ms };
	const char *overrides[RUN_MAX_OVERRIDES];
	struct ledger_record record;

	if (target->left_out || !run->secret)
		return NULL;
	/* It was stopped before its turn came: nothing was tried there. */
	if (rotation->failed && !target->tried && !run->written)
		return NULL;
	record = record_of_run(run);
	record.rotation = rotation->id;
	record.step = rotation->options.retires ? "retire" : "write-secret";
	rotation_list_overrides(rotation, target, overrides);
	record.overrides = overrides;
	record.approved_by = rotation_approver(rotation, target->env);
	record.outcome = outcome_of(rotation, target);
	record.mixed = seen.pods ? &mixed : NULL;
	record.searched = run->searched;
	return ledger_append(ledger, &record, NULL);
}

/* Somebody's Lease was taken over: the journal says whose. */
static KR_FALLIBLE record_takeover(struct ledger *ledger,
				   const struct rotation *rotation,
				   const struct rotate_target *target)
{
	const struct ledger_record record = {
		.rotation = rotation->id,
		.step = "takeover",
		.context = target->context,
		.namespace_ = target->run.options.target.ns,
		.secret = target->run.options.target.secret,
		.entry = target->run.options.target.entry,
		.operator_ = rotation_operator(rotation),
		.outcome = "done",
		.reason = "LeaseExpired",
	};

	return target->taken_from ? ledger_append(ledger, &record, NULL) : NULL;
}

static KR_FALLIBLE record_end(struct ledger *ledger,
			      const struct rotation *rotation)
{
	const struct rotate_target *first = &rotation->envs[0].targets[0];
	const char *overrides[RUN_MAX_OVERRIDES];
	const struct ledger_record record = {
		.rotation = rotation->id,
		.step = LEDGER_STEP_END,
		.operator_ = rotation_operator(rotation),
		.operator_from = first->run.operator_from,
		.overrides = overrides,
		.fingerprint =
			*rotation->fingerprint ? rotation->fingerprint : NULL,
		.outcome = rotation->failed    ? "failed"
			   : *rotation->undone ? "rolled-back"
					       : "done",
		.reason = rotation->failed,
		.store_type = store_type(rotation->options.store),
		.store_entry = rotation->entry_id,
	};

	rotation_list_overrides(rotation, NULL, overrides);
	return ledger_append(ledger, &record, NULL);
}

static struct err *anchor_target(struct rotation *rotation,
				 struct rotate_target *target, const void *user)
{
	(void)user;
	if (!target->left_out && target->run.written)
		record_anchor(&target->run, rotation->anchor);
	return NULL;
}

static KR_FALLIBLE anchor(struct rotation *rotation, struct ledger *ledger)
{
	struct ledger_anchor head;
	struct err *err = ledger_head(ledger, &head);

	if (err)
		return err;
	ledger_anchor_text(&head, rotation->anchor);
	return rotation_for_targets(rotation, NULL, false, anchor_target, NULL);
}

void rotation_record_written(struct rotation *rotation)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct err *err = NULL;

	if (!rotation->options.config->ledger.path)
		return;
	err = rotation_open_ledger(rotation, &ledger);
	for (size_t i = 0; !err && i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; !err && j < env->count; j++) {
			if (env->targets[j].run.written)
				err = record_target(ledger, rotation,
						    &env->targets[j]);
		}
	}
	if (err)
		result_warn(rotation->options.result, "ledger: %s",
			    err_message(err));
	err_free(err);
}

KR_FALLIBLE rotate_ledger(struct rotation *rotation)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct err *err;

	/* Half of a record would be worse than none: nothing was changed. */
	if (!rotation->options.config->ledger.path || rotation->ledger_refused)
		return NULL;
	err = rotation_open_ledger(rotation, &ledger);
	for (size_t i = 0; !err && i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; !err && j < env->count; j++) {
			err = record_takeover(ledger, rotation,
					      &env->targets[j]);
			if (!err)
				err = record_target(ledger, rotation,
						    &env->targets[j]);
		}
	}
	if (!err)
		err = record_end(ledger, rotation);
	if (!err)
		err = ledger_checkpoint(ledger);
	if (!err)
		err = anchor(rotation, ledger);
	return err_wrap(err, "ledger");
}
