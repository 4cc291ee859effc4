/* schedule cronjob: manifests that run this program in the cluster. */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/cron.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/schedule.h"
#include "cli/target.h"
#include "cli/yamlout.h"
#include "kube/access.h"
#include "runbook/jobmanifest.h"

#define MAX_ARGS   16
#define MAX_NAME   264
#define MAX_CONFIG ((size_t)512 * 1024)
#define DEADLINE_S (10 * 60)
#define ROTATION_S (6 * 60 * 60)

enum run { RUN_CHECK, RUN_STATUS, RUN_VERIFY, RUN_ROTATE, RUN_COUNT };

static const struct {
	const char *word;
	unsigned uses;
	const char *cron; /* UTC */
	long long deadline_s;
} runs[RUN_COUNT] = {
	[RUN_CHECK] = { "check", PERMIT_CHECK, "17 6 * * *", DEADLINE_S },
	[RUN_STATUS] = { "status", PERMIT_STATUS, "17 6 * * *", DEADLINE_S },
	[RUN_VERIFY] = { "verify", PERMIT_VERIFY, "17 6 * * *", DEADLINE_S },
	[RUN_ROTATE] = { "rotate", PERMIT_ROTATE, NULL, ROTATION_S },
};

struct cron {
	struct cli_context *context;
	enum run run;
	struct kube_access *access; /* NULL: --namespace is enough */
	struct jobmanifest manifest;
	char name[MAX_NAME];
	char schedule[64];
	const char *args[MAX_ARGS];
	size_t n_args;
	struct cJSON *list; /* owned */
};

static void add_arg(struct cron *cron, const char *arg)
{
	if (arg && cron->n_args + 1 < MAX_ARGS)
		cron->args[cron->n_args++] = arg;
}

static void add_option(struct cron *cron, const char *option, const char *value)
{
	if (!value)
		return;
	add_arg(cron, option);
	add_arg(cron, value);
}

/* What the pod says to itself; it has no keyrot.yaml unless it rotates. */
static void set_args(struct cron *cron)
{
	const struct cli_options *o = &cron->context->options;

	if (cron->run == RUN_CHECK)
		add_arg(cron, "schedule");
	add_arg(cron, runs[cron->run].word);
	if (cron->run == RUN_ROTATE)
		return;
	add_option(cron, "--secret", cron->manifest.secret);
	add_option(cron, "--entry", cli_entry(cron->context));
	if (cron->run != RUN_CHECK)
		return;
	add_option(cron, "--every", o->max_age ? NULL : o->interval);
	add_option(cron, "--max-age", o->max_age);
	add_option(cron, "--metrics", o->metrics);
}

/* Not at the full hour, where everyone's begin; a rotation on the second of
 * the month, in working hours. */
static KR_FALLIBLE set_schedule(struct cron *cron)
{
	const char *text = cron->context->options.cron;
	struct due_rule rule;
	struct err *err = schedule_rule(&cron->context->options, &rule);

	if (err)
		return err;
	if (text &&
	    (strlen(text) >= sizeof(cron->schedule) || !cron_is_valid(text)))
		return err_new(
			KR_EUSAGE,
			"--cron is no schedule: five fields within their ranges, "
			"such as \"17 6 * * 1-5\"");
	if (!text)
		text = runs[cron->run].cron;
	if (text)
		(void)snprintf(cron->schedule, sizeof(cron->schedule), "%s",
			       text);
	else if (rule.months == 12)
		(void)snprintf(cron->schedule, sizeof(cron->schedule),
			       "17 9 2 1 *");
	else
		(void)snprintf(cron->schedule, sizeof(cron->schedule),
			       "17 9 2 */%d *", rule.months);
	return NULL;
}

static void set_name(struct cron *cron)
{
	const char *given = cron->context->options.name;

	(void)snprintf(cron->name, sizeof(cron->name), "keyrot-%s",
		       cron->context->config->service);
	cron->manifest.name = given ? given : cron->name;
}

/* The namespace is a matter of files: no cluster is asked. */
static KR_FALLIBLE find_namespace(struct cron *cron)
{
	const struct cli_options *o = &cron->context->options;
	struct err *err;

	cron->manifest.ns = o->kube.namespace_;
	if (cron->manifest.ns)
		return NULL;
	err = kube_access_load(&o->kube, &cron->access);
	if (!err)
		cron->manifest.ns = cron->access->namespace_;
	return err_hint(err, "name the namespace: -n NAMESPACE");
}

/* A pod forgets: what holds the keys has to be somewhere else. */
static KR_FALLIBLE check_store(const struct cron *cron)
{
	static const char *const local[] = { "file", "pass", "gopass",
					     "keepassxc", "none" };
	const struct config *config = cron->context->config;
	const char *spec = config->store.spec ? config->store.spec : "file";
	size_t n = strcspn(spec, ":");

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		if (strlen(local[i]) == n && strncmp(local[i], spec, n) == 0)
			return err_hint(
				err_set_reason(
					err_new(KR_EREFUSED,
						"the store \"%s\" is on one "
						"machine, and a pod's files "
						"end with it",
						local[i]),
					"StoreNotReachable"),
				"a service keeps the key: store: {type: vault, "
				"...} with auth: kubernetes");
	return NULL;
}

static KR_FALLIBLE check_rotation(const struct cron *cron)
{
	const struct config *config = cron->context->config;

	if (!config->path || !config->n_environments)
		return err_new(KR_ECONFIG, "--run rotate needs a keyrot.yaml "
					   "with environments");
	if (config->ledger.path && !cron->context->options.state_claim)
		return err_hint(
			err_new(KR_ECONFIG,
				"the ledger would end with the pod: "
				"--state-claim, and a path below " JOBMANIFEST_STATE_DIR),
			"ledger: {path: " JOBMANIFEST_STATE_DIR
			"/ledger.jsonl}");
	return check_store(cron);
}

static KR_FALLIBLE add_config(struct cron *cron)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_CONFIG);
	const struct config *config = cron->context->config;
	const char **contexts = NULL;
	size_t n = 0;
	struct err *err;

	for (size_t i = 0; i < config->n_environments; i++)
		n += config->environments[i].n_targets;
	contexts = calloc(n + 1, sizeof(*contexts));
	if (!contexts)
		return err_no_memory();
	n = 0;
	for (size_t i = 0; i < config->n_environments; i++)
		for (size_t j = 0; j < config->environments[i].n_targets; j++)
			contexts[n++] =
				config->environments[i].targets[j].context;
	err = file_read(config->path, &text);
	if (!err)
		err = jobmanifest_config(&cron->manifest, buf_str(&text),
					 contexts, cron->list);
	free(contexts);
	return err;
}

static void add_cronjob(struct cron *cron)
{
	struct cJSON *object = jobmanifest_object(&cron->manifest, "batch/v1",
						  "CronJob", cron->list);
	struct cJSON *spec = json_add_object(object, "spec");

	json_set_str(spec, "schedule", cron->schedule);
	json_set_str(spec, "concurrencyPolicy", "Forbid");
	json_set_int(spec, "startingDeadlineSeconds", ROTATION_S);
	json_set_int(spec, "successfulJobsHistoryLimit", 1);
	json_set_int(spec, "failedJobsHistoryLimit", 3);
	jobmanifest_job_spec(&cron->manifest, runs[cron->run].deadline_s,
			     json_add_object(spec, "jobTemplate"));
}

static KR_FALLIBLE build(struct cron *cron)
{
	const struct cli_options *o = &cron->context->options;
	struct err *err = NULL;

	while (strcmp(runs[cron->run].word, o->run) != 0)
		cron->run++;
	cron->manifest.secret =
		o->secret ? o->secret : cron->context->config->secret.name;
	cron->manifest.image = o->image;
	cron->manifest.uses = runs[cron->run].uses;
	cron->manifest.state_claim = o->state_claim;
	set_name(cron);
	set_args(cron);
	cron->manifest.args = cron->args;
	if (cron->run == RUN_ROTATE)
		err = check_rotation(cron);
	if (!err)
		err = set_schedule(cron);
	if (!err)
		err = find_namespace(cron);
	if (!err)
		err = jobmanifest_check(&cron->manifest);
	if (err)
		return err;
	jobmanifest_access(&cron->manifest, cron->list);
	if (cron->run == RUN_ROTATE) {
		cron->manifest.config_map = cron->manifest.name;
		err = add_config(cron);
	}
	if (!err)
		add_cronjob(cron);
	return err;
}

KR_FALLIBLE schedule_cronjob(struct cli_context *context, struct result *result)
{
	struct cron cron = { .context = context, .list = json_array() };
	struct err *err = build(&cron);

	if (!err && strcmp(context->options.output, "text") == 0)
		yamlout_print_all(cron.list, context->out);
	if (!err)
		json_set(result->document, "manifests", take_ptr(&cron.list));
	json_free(cron.list);
	kube_access_free(cron.access);
	return err;
}
