/* schedule: reminders, and whether a rotation is due. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/eachtarget.h"
#include "cli/ledgerfile.h"
#include "cli/schedule.h"
#include "runbook/notice.h"

#define DAY_MS	    ((int64_t)24 * 60 * 60 * 1000)
#define MAX_DAYS    36500
#define MAX_METRICS ((size_t)4 * 1024 * 1024)

KR_FALLIBLE schedule_parse_age(const char *option, const char *text,
			       int64_t *out_ms)
{
	size_t digits = strspn(text, "0123456789");
	long days;

	if (!digits || digits > 6 || strcmp(text + digits, "d") != 0)
		return err_wrap(clock_parse_duration(text, false, out_ms),
				"%s (90d works, too)", option);
	days = strtol(text, NULL, 10);
	if (days > MAX_DAYS)
		return err_new(KR_EUSAGE, "%s is more than a hundred years",
			       option);
	*out_ms = days * DAY_MS;
	return NULL;
}

KR_FALLIBLE schedule_rule(const struct cli_options *options,
			  struct due_rule *out)
{
	static const struct {
		const char *name;
		int months;
	} intervals[] = {
		{ "month", 1 },
		{ "quarter", 3 },
		{ "half-year", 6 },
		{ "year", 12 },
	};
	struct due_rule rule = { 0 };
	struct err *err = NULL;

	for (size_t i = 0; i < sizeof(intervals) / sizeof(*intervals); i++)
		if (strcmp(options->interval, intervals[i].name) == 0)
			rule.months = intervals[i].months;
	if (options->max_age)
		err = schedule_parse_age("--max-age", options->max_age,
					 &rule.max_age_ms);
	if (!err && options->max_age && !rule.max_age_ms)
		err = err_new(KR_EUSAGE, "--max-age is more than nothing");
	if (!err)
		*out = rule;
	return err;
}

static KR_FALLIBLE read_opened(struct connection *c)
{
	const struct config_environment *environment = c->target.environment;

	return due_read(c->kube, &c->secret,
			environment ? environment->name : NULL, c->result);
}

static void list_target(const struct cli_context *context,
			const struct config_environment *environment,
			const struct config_target *target,
			struct result *result)
{
	const struct cli_options *o = &context->options;
	const struct result_target names = {
		.context = target ? target->context : o->kube.context,
		.namespace_ = o->kube.namespace_ || !target
				      ? o->kube.namespace_
				      : target->namespace_,
		.secret = o->secret ? o->secret : context->config->secret.name,
		.entry = cli_entry(context),
	};

	due_unasked(&names, environment ? environment->name : NULL, result);
}

/* --offline: the targets that would have been asked. */
static void list_targets(const struct cli_context *context,
			 struct result *result)
{
	const struct config *config = context->config;
	const char *only = context->options.kube.context;
	size_t listed = 0;

	for (size_t i = 0; i < config->n_environments; i++) {
		const struct config_environment *e = &config->environments[i];

		for (size_t j = 0; j < e->n_targets; j++) {
			if (only && strcmp(only, e->targets[j].context) != 0)
				continue;
			list_target(context, e, &e->targets[j], result);
			listed++;
		}
	}
	if (!listed)
		list_target(context, NULL, NULL, result);
}

static KR_FALLIBLE ask_ledger(struct cli_context *context,
			      struct result *result)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct err *err = cli_ledger_open(context, NULL, &ledger);

	if (err)
		return err;
	if (ledger && ledger_exists(ledger))
		return due_from_ledger(ledger, result);
	if (!context->options.offline && !context->options.ledger)
		return NULL;
	return err_set_reason(err_new(KR_ECONFIG, "there is no ledger%s%s",
				      ledger ? " at " : "",
				      ledger ? ledger_path(ledger) : ""),
			      "LedgerNotFound");
}

KR_FALLIBLE schedule_look(struct cli_context *context, struct result *result)
{
	kr_cleanup(err_freep) struct err *unread = NULL;
	struct err *err;
	bool all;

	if (context->options.offline)
		list_targets(context, result);
	else
		unread = cli_each_target(context, result, read_opened, &all);
	err = ask_ledger(context, result);
	return err ? err : take_ptr(&unread);
}

static KR_FALLIBLE write_metrics(const struct cli_context *context,
				 const struct result *result, int64_t now_ms)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_METRICS);
	struct err *err;

	due_metrics(result, context->config->service, now_ms, &text);
	err = buf_check(&text, "the metrics");
	if (!err)
		err = file_write_public(context->options.metrics,
					buf_str(&text), text.len);
	return err_wrap(err_as(err, KR_ECONFIG), "--metrics");
}

struct telling {
	const struct cli_context *context;
	struct result *result;
};

static void on_warning(void *user, const char *text)
{
	const struct telling *t = user;

	cli_ledger_warn(t->context, t->result, text);
}

/* The rotation that is to be followed by another one, where it is known. */
static const char *last_rotation(const struct result *result,
				 const char *otherwise)
{
	const struct cJSON *targets = json_member(result->document, "targets");

	for (const struct cJSON *t = json_first(targets); t; t = json_next(t))
		if (json_bool(t, "overdue", false) && json_str(t, "rotation"))
			return json_str(t, "rotation");
	return otherwise;
}

/* The same id for each look at the same key, so that a receiver can tell. */
static void tell(const struct cli_context *context, struct result *result,
		 const struct err *due)
{
	const char *service = context->config->service;
	struct telling telling = { context, result };
	kr_cleanup(str_freep) char *id = NULL;
	struct notify_message message = {
		.event = NOTIFY_PERSON,
		.rotation = last_rotation(result, service),
		.service = service,
		.reason = err_reason(due),
		.summary = err_message(due),
		.next = "kubectl keyrot rotate",
	};

	if (asprintf(&id, "%s/%s/%s", service, message.reason,
		     json_str_or(result->document, "dueAt", "unknown")) < 0) {
		id = NULL;
		return;
	}
	message.id = id;
	(void)notice_send(context->config, &message, NULL, on_warning,
			  &telling);
}

/* Metrics are written whatever comes: that a look failed is one of them. */
static KR_FALLIBLE check(struct cli_context *context, struct result *result)
{
	kr_cleanup(err_freep) struct err *unread = NULL;
	kr_cleanup(err_freep) struct err *due = NULL;
	int64_t now_ms = clock_wall_ms();
	struct due_rule rule;
	struct err *err = schedule_rule(&context->options, &rule);

	if (err)
		return err;
	unread = schedule_look(context, result);
	due = due_judge(&rule, now_ms, result);
	if (context->options.metrics)
		err = write_metrics(context, result, now_ms);
	due_text(result);
	if (due && context->options.notify)
		tell(context, result, due);
	if (!err)
		err = take_ptr(&unread);
	return err ? err : take_ptr(&due);
}

KR_FALLIBLE cmd_schedule(struct cli_context *context, struct result *result)
{
	static const struct {
		const char *word;
		cli_run *run;
	} words[] = {
		{ "ics", schedule_ics },
		{ "caldav", schedule_caldav },
		{ "check", check },
		{ "cronjob", schedule_cronjob },
	};
	const char *word = context->n_args ? context->args[0] : "";

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].run(context, result);
	return err_hint(err_new(KR_EUSAGE, "schedule does one of: ics, caldav, "
					   "check, cronjob"),
			"kubectl keyrot schedule --help");
}
