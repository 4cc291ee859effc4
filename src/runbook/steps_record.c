/* The ledger: what was done to each target, and how the rotation ended. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "ledger/ledger.h"
#include "runbook/rotate.h"

static KR_FALLIBLE open_ledger(const struct rotation *rotation,
			       struct ledger **out)
{
	const struct config *config = rotation->options.config;
	const struct ledger_options options = {
		.path = config->ledger.path,
		.service = config->service,
		.secret = config->secret.name,
		.entry = config->secret.key,
		.sign = config->ledger.sign == SIGN_SSH,
		.operator_ = rotation_operator(rotation),
		.git_commit = config->ledger.git == GIT_COMMIT,
	};
	kr_cleanup(str_freep) char *folder = file_dirname(config->ledger.path);
	struct err *err = folder ? file_make_dirs(folder)
				 : err_new(KR_ENOMEM, "out of memory");

	return err ? err : ledger_open(&options, out);
}

static const char *outcome_of(const struct rotation *rotation,
			      const struct run *run)
{
	if (!run->written)
		return rotation->failed ? "failed" : "refused";
	return *rotation->undone ? "rolled-back" : "done";
}

static struct err *record_target(struct ledger *ledger,
				 const struct rotation *rotation,
				 const struct rotate_target *target)
{
	const struct run *run = &target->run;
	const struct secret *keys[] = { run->key ? readback_key_secret(run->key)
						 : NULL,
					NULL };
	const struct ledger_record record = {
		.rotation = rotation->id,
		.step = "write-secret",
		.context = target->context,
		.cluster_uid = target->env->config->cluster_id,
		.namespace_ = run->options.target.ns,
		.secret = run->options.target.secret,
		.entry = run->options.target.entry,
		.operator_ = rotation_operator(rotation),
		.fingerprint = *run->fingerprint ? run->fingerprint : NULL,
		.previous_fingerprint =
			*run->first_fingerprint ? run->first_fingerprint : NULL,
		.resource_version = run->resource_version,
		.outcome = outcome_of(rotation, run),
		.store_type = store_type(rotation->options.store),
		.store_entry = run->entry_id,
		.previous_entry = run->previous_entry_id,
		.keys = keys,
	};

	if (target->left_out || !run->secret)
		return NULL;
	return ledger_append(ledger, &record, NULL);
}

static KR_FALLIBLE record_end(struct ledger *ledger,
			      const struct rotation *rotation)
{
	const struct ledger_record record = {
		.rotation = rotation->id,
		.step = LEDGER_STEP_END,
		.operator_ = rotation_operator(rotation),
		.fingerprint =
			*rotation->fingerprint ? rotation->fingerprint : NULL,
		.outcome = rotation->failed    ? "failed"
			   : *rotation->undone ? "rolled-back"
					       : "done",
		.reason = rotation->failed,
		.store_type = store_type(rotation->options.store),
		.store_entry = rotation->entry_id,
	};

	return ledger_append(ledger, &record, NULL);
}

KR_FALLIBLE rotate_ledger(struct rotation *rotation)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct err *err;

	if (!rotation->options.config->ledger.path)
		return NULL;
	err = open_ledger(rotation, &ledger);
	for (size_t i = 0; !err && i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; !err && j < env->count; j++)
			err = record_target(ledger, rotation, &env->targets[j]);
	}
	if (!err)
		err = record_end(ledger, rotation);
	if (!err)
		err = ledger_checkpoint(ledger);
	return err_wrap(err, "ledger");
}
