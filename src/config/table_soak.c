/*
 * What may stand in an environment's soak.
 */
#include <math.h>

#include "config/config.h"
#include "config/table.h"
#include "config/value.h"

#define AT(type, member) .offset = offsetof(struct type, member)

static const char *const on_fails[] = { "hold", "rollback", NULL };
static const char *const no_datas[] = { "breach", "hold", "zero", NULL };
static const char *const aggregates[] = { "none", "sum", "avg",
					  "min",  "max", NULL };

void config_soak_init(struct config_soak *soak)
{
	soak->every_ms = (int64_t)30 * 1000;
	soak->settle_ms = -1;
	soak->min_good_pct = 90;
}

static const struct field prometheus_fields[] = {
	{ .name = "url",
	  .help = "with its path prefix, without /api/v1",
	  .type = FIELD_CUSTOM,
	  AT(config_prometheus, url),
	  .required = true,
	  .read = value_url,
	  .release = field_release_string },
	{ .name = "token",
	  .help = "bearer token",
	  .type = FIELD_CUSTOM,
	  AT(config_prometheus, token),
	  .read = value_ref,
	  .release = value_release_ref },
	{ .name = "user",
	  .help = "for basic authentication",
	  .type = FIELD_STRING,
	  AT(config_prometheus, user) },
	{ .name = "password",
	  .help = "for basic authentication",
	  .type = FIELD_CUSTOM,
	  AT(config_prometheus, password),
	  .read = value_ref,
	  .release = value_release_ref },
	{ .name = "tenant",
	  .help = "X-Scope-OrgID of Mimir and Cortex",
	  .type = FIELD_STRING,
	  AT(config_prometheus, tenant) },
	{ .name = "ca",
	  .help = "certificates to trust, a file",
	  .type = FIELD_STRING,
	  AT(config_prometheus, ca) },
	{ .name = "cert",
	  .help = "client certificate, a file",
	  .type = FIELD_STRING,
	  AT(config_prometheus, cert) },
	{ .name = "key",
	  .help = "its key, a file",
	  .type = FIELD_STRING,
	  AT(config_prometheus, key) },
	{ .name = "serverName",
	  .help = "name in the server's certificate",
	  .type = FIELD_STRING,
	  AT(config_prometheus, server_name) },
	{ .name = "allowPlainHTTP",
	  .help = "talk http, which all on the way can read",
	  .type = FIELD_BOOL,
	  AT(config_prometheus, allow_plain_http) },
	{ .name = "timeout",
	  .help = "of one question (10s)",
	  .type = FIELD_DURATION,
	  AT(config_prometheus, timeout_ms) },
	{ .name = NULL },
};

static const struct field limit_fields[] = {
	{ .name = "breach",
	  .help = "samples above the limit",
	  .type = FIELD_NUMBER,
	  AT(config_limits, breach) },
	{ .name = "noData",
	  .help = "samples without a series, and missed ones",
	  .type = FIELD_NUMBER,
	  AT(config_limits, no_data) },
	{ .name = "nan",
	  .help = "samples that are no number",
	  .type = FIELD_NUMBER,
	  AT(config_limits, nan) },
	{ .name = "error",
	  .help = "samples that could not be asked",
	  .type = FIELD_NUMBER,
	  AT(config_limits, error) },
	{ .name = NULL },
};

static const struct field metric_fields[] = {
	{ .name = "name",
	  .help = "for people",
	  .type = FIELD_STRING,
	  AT(config_metric, name),
	  .required = true },
	{ .name = "query",
	  .help = "PromQL that gives one number",
	  .type = FIELD_STRING,
	  AT(config_metric, query),
	  .required = true },
	{ .name = "max",
	  .help = "a value above it is a breach",
	  .type = FIELD_NUMBER,
	  AT(config_metric, max) },
	{ .name = "maxIncrease",
	  .help = "above the mean of the time before",
	  .type = FIELD_CUSTOM,
	  AT(config_metric, max_increase_pct),
	  .read = value_percent },
	{ .name = "noData",
	  .help = "what a missing series counts as",
	  .type = FIELD_CHOICE,
	  AT(config_metric, no_data),
	  .required = true,
	  .choices = no_datas },
	{ .name = "aggregate",
	  .help = "makes one number of several series",
	  .type = FIELD_CHOICE,
	  AT(config_metric, aggregate),
	  .choices = aggregates },
	{ .name = "allowed",
	  .help = "samples that are put up with, of each kind",
	  .type = FIELD_MAPPING,
	  AT(config_metric, allowed),
	  .fields = limit_fields },
	{ .name = NULL },
};

static void metric_init(void *item)
{
	struct config_metric *metric = item;

	metric->max = NAN;
	metric->max_increase_pct = NAN;
	metric->allowed = (struct config_limits){ -1, -1, -1, -1 };
}

const struct field config_soak_fields[] = {
	{ .name = "for",
	  .help = "how long",
	  .type = FIELD_DURATION,
	  AT(config_soak, for_ms),
	  .required = true },
	{ .name = "every",
	  .help = "time between samples (30s)",
	  .type = FIELD_DURATION,
	  AT(config_soak, every_ms) },
	{ .name = "settle",
	  .help = "recorded, and not judged (1m, a tenth of `for` at most)",
	  .type = FIELD_DURATION,
	  AT(config_soak, settle_ms) },
	{ .name = "minGood",
	  .help = "samples that must be good (90%)",
	  .type = FIELD_CUSTOM,
	  AT(config_soak, min_good_pct),
	  .read = value_percent },
	{ .name = "onFail",
	  .help = "what a failed soak asks for (hold)",
	  .type = FIELD_CHOICE,
	  AT(config_soak, on_fail),
	  .choices = on_fails },
	{ .name = "prometheus",
	  .help = "the server",
	  .type = FIELD_MAPPING,
	  AT(config_soak, prometheus),
	  .required = true,
	  .fields = prometheus_fields },
	{ .name = "metrics",
	  .help = "what is watched",
	  .type = FIELD_LIST,
	  AT(config_soak, metrics),
	  .required = true,
	  .fields = metric_fields,
	  .item_size = sizeof(struct config_metric),
	  .count_offset = offsetof(struct config_soak, n_metrics),
	  .item_init = metric_init },
	{ .name = NULL },
};
