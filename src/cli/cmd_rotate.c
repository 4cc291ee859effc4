/* rotate, resume, rollback: the whole runbook, through all environments. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/begin.h"
#include "cli/command.h"
#include "cli/handover.h"
#include "cli/planrunbook.h"
#include "cli/rotateend.h"
#include "cli/target.h"
#include "config/config.h"
#include "runbook/kept.h"
#include "runbook/rotate.h"

/* WAY_TO: a promotion; what is named is the environment. WAY_NAMED: a rotation
 * whose id was given to it beforehand, begun or gone on with. */
enum way { WAY_NEW, WAY_ON, WAY_BACK, WAY_RETIRE, WAY_TO, WAY_NAMED };

/* What a journal says of the rotation that is to be gone on with. */
static KR_FALLIBLE read_journal(struct rotation *rotation)
{
	const char *outcome = journal_outcome(rotation->journal);
	struct err *err;

	if (!outcome || strcmp(outcome, "rolled-back") != 0)
		return NULL;
	err = err_new(KR_EREFUSED,
		      "rotation %s has ended: its key was put back everywhere",
		      rotation->id);
	err = err_set_reason(err, "RotationEnded");
	return err_hint(err, "kubectl keyrot rotate");
}

/* Of the journal where there is one, else of what the clusters say. */
static KR_FALLIBLE find_open(struct rotation *rotation, const char *id,
			     struct rotate_found *out)
{
	kr_cleanup(str_freep) char *undone = NULL;
	kr_cleanup(str_freep) char *to = NULL;
	bool known = false;
	struct err *err = NULL;

	if (id)
		err = journal_look(rotation->options.config->service, id,
				   &known, &undone, &to);
	if (err || !known)
		return err ? err : rotation_find(rotation, id, out);
	(void)snprintf(out->id, sizeof(out->id), "%s", id);
	(void)snprintf(out->undone, sizeof(out->undone), "%s",
		       undone ? undone : "");
	(void)snprintf(out->to, sizeof(out->to), "%s", to ? to : "");
	return NULL;
}

/* Where nobody knows of it, it has not begun, and may have to wait for what
 * has. */
static KR_FALLIBLE find_named(struct rotation *rotation, const char *id,
			      struct rotate_found *out, bool *out_begun)
{
	struct err *err = find_open(rotation, id, out);

	*out_begun = !err;
	if (!err || strcmp(err_reason(err), "RotationUnknown") != 0)
		return err;
	err_free(err);
	(void)snprintf(out->id, sizeof(out->id), "%s", id);
	return begin_check(rotation->options.user, rotation->options.result);
}

static KR_FALLIBLE run_way(struct rotation *rotation,
			   const struct runbook *book, enum way way,
			   const char *id)
{
	kr_cleanup(str_freep) char *undoing = NULL;
	struct rotate_found found = { 0 };
	bool begun = way == WAY_ON;
	struct err *err = NULL;

	if (way == WAY_ON) {
		err = find_open(rotation, id, &found);
	} else if (way == WAY_NAMED) {
		err = find_named(rotation, id, &found, &begun);
	} else if (way == WAY_BACK) {
		if (id)
			(void)snprintf(found.undone, sizeof(found.undone), "%s",
				       id);
		else
			err = rotation_find_newest(rotation, found.undone);
		/* A roll-back that was interrupted is gone on with. */
		if (!err)
			err = journal_find_undo(
				rotation->options.config->service, found.undone,
				&undoing);
	} else if (way == WAY_TO) {
		(void)snprintf(found.to, sizeof(found.to), "%s", id);
	}
	if (!err)
		err = rotation_name(rotation, *found.id ? found.id : undoing);
	if (way == WAY_NAMED)
		rotation->resumed = begun;
	memcpy(rotation->undone, found.undone, sizeof(found.undone));
	if (!err && *found.to)
		err = rotation_promote(rotation, found.to);
	if (!err && begun)
		err = read_journal(rotation);
	if (err)
		return err;
	err = rotation_run(rotation, way == WAY_RETIRE	 ? book->retire
				     : *rotation->undone ? book->rollback
							 : book->rotate);
	return way == WAY_BACK ? rotation_if_unknown(rotation, err) : err;
}

/* Said before anything is done. */
static void say_mixed(const struct cli_context *context, struct result *result)
{
	const struct reporter *r = context->reporter;

	if (context->config->secret.mode != MODE_SINGLE ||
	    result_has_warning(result, RUN_MIXED_SENTENCE))
		return;
	result_warn(result, "%s", RUN_MIXED_SENTENCE);
	if (r->message)
		r->message(r->user, REPORT_WARNING, RUN_MIXED_SENTENCE);
}

static KR_FALLIBLE go(struct cli_context *context, struct result *result,
		      enum way way, const char *id, bool *out_back)
{
	struct store_options store_options;
	kr_cleanup(store_closep) struct store *store = NULL;
	struct rotate_options options;
	struct rotate_handed handed;
	struct rotation rotation;
	struct err *err = begin_store(context, &store_options, &store);

	if (err)
		return err;
	begin_options(context, result, store, &options);
	if (way == WAY_ON && handover_begin(context, result, &handed))
		options.handed = &handed;
	options.retires = way == WAY_RETIRE;
	/* There is more to be done after it, by this process. */
	if (way == WAY_NAMED)
		options.hand_over = NULL;
	err = begin_wait(context, &options);
	if (err)
		return err;
	err = rotation_init(&rotation, &options);
	if (!err)
		say_mixed(context, result);
	if (!err)
		err = run_way(&rotation, context->runbook, way, id);
	*out_back = rotateend_wants_back(&rotation, err);
	rotation_fill_result(&rotation);
	if (options.handed)
		handover_merge(context, result);
	rotateend_next(&rotation, result, err);
	if (way != WAY_RETIRE)
		rotateend_review(&rotation, result, err);
	kept_write(&rotation, err);
	rotation_release(&rotation);
	return err;
}

/* The failed gate stays what the command ends with. */
static KR_FALLIBLE go_back(struct cli_context *context, struct result *result,
			   const char *id, struct err *take_gate)
{
	struct err *err;
	bool again;

	json_set(result->document, "targets", json_array());
	json_set(result->document, "next", json_array());
	err = go(context, result, WAY_BACK, id, &again);
	if (!err) {
		json_set_bool(result->document, "rolledBack", true);
		return err_wrap(take_gate, "rolled back");
	}
	json_set_bool(result->document, "rolledBack", false);
	result_warn(result, "the roll-back failed: %s", err_message(err));
	err_free(take_gate);
	return err;
}

/* A dry run is the plan of it. */
static KR_FALLIBLE show_plan(struct cli_context *context, struct result *result,
			     enum way way)
{
	if (way == WAY_NAMED)
		return err_hint(
			err_new(KR_EUSAGE,
				"what a request asks for has no dry run"),
			"kubectl keyrot plan rotate");
	json_set_str(result->document, "dryRun", context->options.dry_run);
	return plan_runbook(context, result,
			    way == WAY_BACK	? "rollback"
			    : way == WAY_RETIRE ? "retire"
			    : way == WAY_TO	? "promote"
						: "rotate");
}

/* A rotation to its end, or all the way back. */
static KR_FALLIBLE go_on(struct cli_context *context, struct result *result,
			 enum way way, const char *id)
{
	const char *dry = context->options.dry_run;
	kr_cleanup(str_freep) char *copy = NULL;
	const char *made;
	bool back = false;
	struct err *err;

	if (dry && strcmp(dry, "none") != 0)
		return show_plan(context, result, way);
	err = go(context, result, way, id, &back);
	made = json_str(result->document, "rotation");
	copy = made ? strdup(made) : NULL;
	if (copy && back)
		return go_back(context, result, copy, err);
	return err;
}

KR_FALLIBLE cmd_rotate(struct cli_context *context, struct result *result)
{
	struct err *err;

	if (context->options.approval_request)
		return begin_request(context, result, NULL, NULL);
	err = begin_check(context, result);
	return err ? err : go_on(context, result, WAY_NEW, NULL);
}

KR_FALLIBLE cli_rotate_named(struct cli_context *context, struct result *result,
			     const char *id)
{
	return go_on(context, result, WAY_NAMED, id);
}

KR_FALLIBLE cmd_promote(struct cli_context *context, struct result *result)
{
	const char *to = NULL;
	struct err *err = cli_promote_to(context, &to);

	if (!err && context->options.approval_request)
		return begin_request(context, result, to, NULL);
	if (!err)
		err = begin_check(context, result);
	return err ? err : go_on(context, result, WAY_TO, to);
}

static KR_FALLIBLE named_id(const struct cli_context *context, char **out)
{
	if (!rotation_is_valid(context->args[0]))
		return err_new(
			KR_EUSAGE,
			"that is no rotation's id: it looks like kr-20261122-7f3a9c");
	*out = strdup(context->args[0]);
	return *out ? NULL : err_no_memory();
}

/* Of one that waits for it: a promotion, or a rotation with its own key. */
static KR_FALLIBLE request_for(struct cli_context *context,
			       struct result *result, const char *id)
{
	kr_cleanup(str_freep) char *undone = NULL;
	kr_cleanup(str_freep) char *to = NULL;
	bool known = false;
	struct err *err;

	if (!id)
		return err_new(
			KR_EUSAGE,
			"no rotation that has not ended is known here: name it");
	err = journal_look(context->config->service, id, &known, &undone, &to);
	if (!err && undone)
		err = err_new(KR_EUSAGE, "a roll-back needs no approval");
	return err ? err : begin_request(context, result, to, to ? NULL : id);
}

/* No id and no journal: the clusters and the store are asked. */
KR_FALLIBLE cmd_resume(struct cli_context *context, struct result *result)
{
	kr_cleanup(str_freep) char *id = NULL;
	struct err *err =
		context->n_args
			? named_id(context, &id)
			: journal_find_open(context->config->service, &id);

	if (!err && context->options.approval_request)
		return request_for(context, result, id);
	return err ? err : go_on(context, result, WAY_ON, id);
}

/* Undone, a roll-back would bring the key that failed again. */
static KR_FALLIBLE check_is_no_rollback(const struct cli_context *context,
					struct result *result, const char *id)
{
	kr_cleanup(str_freep) char *undone = NULL;
	kr_cleanup(str_freep) char *to = NULL;
	bool known = false;
	struct err *err = journal_look(context->config->service, id, &known,
				       &undone, &to);

	if (err || !undone)
		return err;
	result_next(result, "kubectl keyrot resume %s", id);
	return err_set_reason(
		err_new(KR_EREFUSED,
			"%s is itself a roll-back, of rotation %s: it is gone on with, not undone",
			id, undone),
		"NothingToRollBack");
}

KR_FALLIBLE cmd_rollback(struct cli_context *context, struct result *result)
{
	kr_cleanup(str_freep) char *id = NULL;
	struct err *err =
		context->n_args
			? named_id(context, &id)
			: journal_find_last(context->config->service, &id);

	if (!err && id)
		err = check_is_no_rollback(context, result, id);
	return err ? err : go_on(context, result, WAY_BACK, id);
}

KR_FALLIBLE cmd_retire(struct cli_context *context, struct result *result)
{
	kr_cleanup(str_freep) char *open = NULL;
	struct err *err;

	if (context->config->secret.mode != MODE_KEYRING)
		return err_hint(
			err_set_reason(
				err_new(KR_EREFUSED,
					"in single mode the Secret holds one key: the one before is in the store alone, and there is nothing to retire"),
				"NotAKeyring"),
			"say secret.mode: keyring in keyrot.yaml where the service can read with several keys");
	err = journal_find_open(context->config->service, &open);
	if (!err && open)
		err = begin_refuse(context, result, open);
	return err ? err : go_on(context, result, WAY_RETIRE, NULL);
}
