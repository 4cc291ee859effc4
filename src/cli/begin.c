#include "cli/begin.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/columns.h"
#include "base/json.h"
#include "base/stop.h"
#include "cli/handover.h"
#include "config/config.h"
#include "runbook/approval.h"
#include "runbook/journal.h"
#include "runbook/operator.h"
#include "runbook/review.h"
#include "runbook/rotation.h"
#include "ui/term.h"
#include "ui/ui.h"

#define LOOK_AGAIN_MS 200

/* What failed is understood before anything new begins. */
static KR_FALLIBLE check_reviews(const struct cli_context *context,
				 struct result *result)
{
	const char *closed = context->options.review_closed;
	kr_cleanup(str_freep) char *operator_ = NULL;
	const char *given;
	struct err *err;

	if (closed && !rotation_is_valid(closed))
		return err_new(
			KR_EUSAGE,
			"--review-closed wants a rotation's id, such as kr-20261122-7f3a9c");
	given = context->options.operator_ ? context->options.operator_
					   : context->config->operator_;
	err = operator_find(given, NULL, &operator_, NULL);
	if (!err && closed)
		err = review_close(context->config, closed, operator_);
	return err ? err
		   : review_check(context->config, operator_,
				  context->command->name, result);
}

KR_FALLIBLE begin_refuse(const struct cli_context *context,
			 struct result *result, const char *open)
{
	kr_cleanup(str_freep) char *undone = NULL;
	kr_cleanup(str_freep) char *to = NULL;
	bool known = false;
	struct err *err = journal_look(context->config->service, open, &known,
				       &undone, &to);

	if (err)
		return err;
	err = err_new(KR_EREFUSED, "rotation %s of %s has not ended", open,
		      context->config->service);
	result_next(result, "kubectl keyrot resume %s", open);
	/* Nobody undoes a roll-back: the key that failed would come again. */
	if (!undone)
		result_next(result, "kubectl keyrot rollback %s", open);
	return err_set_reason(err, "RotationOpen");
}

static KR_FALLIBLE read_wait(const char *text, int64_t *out_ms)
{
	struct err *err;

	*out_ms = text ? -1 : 0;
	if (!text || !*text)
		return NULL;
	err = clock_parse_duration(text, true, out_ms);
	if (!err)
		return NULL;
	err_free(err);
	return err_new(KR_EUSAGE,
		       "--wait wants a duration, such as 90s, 5m or 1h30m");
}

/* Another process of this machine is at it: one waits, or is told. */
static KR_FALLIBLE wait_for(const struct cli_context *context, const char *open)
{
	const char *service = context->config->service;
	const int64_t since_ms = clock_boot_ms();
	int64_t wait_ms = 0;
	bool at_work = false;
	struct err *err = read_wait(context->options.wait, &wait_ms);

	if (!err)
		err = journal_is_at_work(service, open, &at_work);
	while (!err && at_work &&
	       (wait_ms < 0 || clock_boot_ms() - since_ms < wait_ms)) {
		clock_sleep_ms(LOOK_AGAIN_MS);
		err = stop_check();
		if (!err)
			err = journal_is_at_work(service, open, &at_work);
	}
	if (err || !at_work)
		return err;
	err = err_new(
		KR_EHELD,
		"rotation %s of %s is under way in another process of this machine",
		open, service);
	return err_hint(err, "kubectl keyrot status");
}

/* One at a time: what has not ended comes first, then what failed. */
KR_FALLIBLE begin_check(const struct cli_context *context,
			struct result *result)
{
	const char *service = context->config->service;
	kr_cleanup(str_freep) char *open = NULL;
	struct err *err = journal_find_open(service, &open);

	if (!err && open && !context->options.new_rotation) {
		err = wait_for(context, open);
		free(open);
		open = NULL;
		if (!err)
			err = journal_find_open(service, &open);
	}
	if (err)
		return err;
	if (!open || context->options.new_rotation)
		return check_reviews(context, result);
	return err_hint(begin_refuse(context, result, open),
			"to begin another one all the same: --new");
}

/* A person types the word, on a terminal, or it is not confirmed. */
static bool ask(void *user, const char *question, const char *word)
{
	struct cli_context *context = user;
	kr_cleanup(buf_release) struct buf text = BUF_INIT(4096);
	char line[512];
	size_t n;

	ui_suspend(context->ui);
	columns_wrap(&text, question, term_width(context->err->fd), 0, 2);
	out_text(context->err, buf_str(&text), text.len);
	if (!fgets(line, sizeof(line), stdin)) {
		out_puts(context->err, "\n");
		return false;
	}
	n = strcspn(line, "\r\n");
	line[n] = '\0';
	return strcmp(line, word) == 0;
}

KR_FALLIBLE begin_store(struct cli_context *context,
			struct store_options *options, struct store **out)
{
	const struct cli_options *o = &context->options;
	const struct config *config = context->config;

	*options = (struct store_options){
		.spec = o->store ? o->store : config->store.spec,
		.service = config->service,
		.item = o->store ? NULL : config->store.item,
		.passphrase_file = o->passphrase_file,
		.may_ask = true,
		.config = o->store ? NULL : config->store.fields,
		.config_path = o->store ? NULL : config->path,
	};
	return store_open(options, out);
}

void begin_options(struct cli_context *context, struct result *result,
		   struct store *store, struct rotate_options *out)
{
	const struct cli_options *o = &context->options;
	const struct config *config = context->config;

	*out = (struct rotate_options){
		.config = config,
		.flags = &o->kube,
		.reporter = context->reporter,
		.result = result,
		.store = store,
		.book = context->runbook,
		.consumers = o->consumers
				     ? o->consumers
				     : (const char *const *)config->consumers,
		.take_ownership = o->take_ownership,
		.operator_ = o->operator_ ? o->operator_ : config->operator_,
		.allow_insecure_tls = o->allow_insecure_tls,
		.allow_other_cluster = o->allow_other_cluster,
		.allow_outside_window = o->allow_outside_window,
		.allow_unvalidated = o->allow_unvalidated,
		.approve = o->approve,
		.allow_older_pods = o->allow_older_pods,
		.allow_not_reencrypted = o->allow_not_reencrypted,
		.allow_needed_previous = o->allow_needed_previous,
		.timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : -1,
		.confirm = isatty(STDIN_FILENO) && isatty(context->err->fd)
				   ? ask
				   : NULL,
		.hand_over = handover,
		.user = context,
	};
}

KR_FALLIBLE begin_wait(const struct cli_context *context,
		       struct rotate_options *options)
{
	return read_wait(context->options.wait, &options->wait_ms);
}

/* The environment that is named, or the one that a person has to confirm. */
static KR_FALLIBLE find_asking(struct rotation *rotation, const char *name,
			       struct rotate_env **out)
{
	size_t found = 0;

	for (size_t i = 0; i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];

		if (*name ? strcmp(env->name, name) != 0
			  : !env->config->confirm)
			continue;
		*out = env;
		found++;
	}
	if (found == 1)
		return NULL;
	return err_new(
		KR_EUSAGE,
		"which environment is to be approved? name it: --approval-request=ENV");
}

/* The key that the rotation made, by what the store says of it. */
static KR_FALLIBLE find_made(struct rotation *rotation, const char *id)
{
	struct store_list list = { 0 };
	struct err *err = store_entries(rotation->options.store, &list);
	bool found = false;

	for (size_t i = 0; !err && i < list.count; i++) {
		if (list.items[i].role != STORE_NEW ||
		    strcmp(list.items[i].rotation, id) != 0)
			continue;
		found = true;
		(void)snprintf(rotation->fingerprint,
			       sizeof(rotation->fingerprint), "%s",
			       list.items[i].fingerprint);
	}
	store_list_release(&list);
	(void)snprintf(rotation->id, sizeof(rotation->id), "%s", id);
	if (err || found)
		return err;
	return err_set_reason(err_new(KR_ESTORE,
				      "no key of rotation %s is in %s", id,
				      store_where(rotation->options.store)),
			      "EntryNotFound");
}

/* The text is printed, and nothing else is done. */
static KR_FALLIBLE write_request(struct rotation *rotation,
				 struct result *result, const char *name,
				 int64_t valid_ms)
{
	kr_cleanup(str_freep) char *text = NULL;
	struct rotate_env *env = NULL;
	struct err *err = find_asking(rotation, name, &env);

	if (!err && *rotation->to)
		err = rotate_find_promoted(rotation);
	/* Who asks, as the cluster knows them. */
	if (!err)
		err = step_read(&env->targets[0].run);
	if (!err)
		err = approval_text(rotation, env, *rotation->id != '\0',
				    env->targets[0].run.operator_,
				    clock_wall_ms() + valid_ms, &text);
	if (err)
		return err;
	buf_puts(&result->text, text);
	json_set_str(result->document, "approval", text);
	return NULL;
}

KR_FALLIBLE begin_request(struct cli_context *context, struct result *result,
			  const char *to, const char *id)
{
	const char *name = context->options.approval_request;
	struct store_options store_options;
	kr_cleanup(store_closep) struct store *store = NULL;
	struct rotate_options options;
	struct rotation rotation;
	struct err *err = begin_store(context, &store_options, &store);

	if (err)
		return err;
	begin_options(context, result, store, &options);
	err = rotation_init(&rotation, &options);
	if (!err && to)
		err = rotation_promote(&rotation, to);
	if (!err && id)
		err = find_made(&rotation, id);
	if (!err)
		err = write_request(&rotation, result, *name || !to ? name : to,
				    context->options.valid_ms);
	rotation_release(&rotation);
	return err;
}
