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
	  .type = FIELD_CUSTOM,
	  AT(config_prometheus, url),
	  .required = true,
	  .read = value_url,
	  .release = field_release_string },
	{ .name = "token",
	  .type = FIELD_CUSTOM,
	  AT(config_prometheus, token),
	  .read = value_ref,
	  .release = value_release_ref },
	{ .name = "user", .type = FIELD_STRING, AT(config_prometheus, user) },
	{ .name = "password",
	  .type = FIELD_CUSTOM,
	  AT(config_prometheus, password),
	  .read = value_ref,
	  .release = value_release_ref },
	{ .name = "tenant",
	  .type = FIELD_STRING,
	  AT(config_prometheus, tenant) },
	{ .name = "ca", .type = FIELD_STRING, AT(config_prometheus, ca) },
	{ .name = "cert", .type = FIELD_STRING, AT(config_prometheus, cert) },
	{ .name = "key", .type = FIELD_STRING, AT(config_prometheus, key) },
	{ .name = "serverName",
	  .type = FIELD_STRING,
	  AT(config_prometheus, server_name) },
	{ .name = "allowPlainHTTP",
	  .type = FIELD_BOOL,
	  AT(config_prometheus, allow_plain_http) },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  AT(config_prometheus, timeout_ms) },
	{ .name = NULL },
};

static const struct field limit_fields[] = {
	{ .name = "breach", .type = FIELD_NUMBER, AT(config_limits, breach) },
	{ .name = "noData", .type = FIELD_NUMBER, AT(config_limits, no_data) },
	{ .name = "nan", .type = FIELD_NUMBER, AT(config_limits, nan) },
	{ .name = "error", .type = FIELD_NUMBER, AT(config_limits, error) },
	{ .name = NULL },
};

static const struct field metric_fields[] = {
	{ .name = "name",
	  .type = FIELD_STRING,
	  AT(config_metric, name),
	  .required = true },
	{ .name = "query",
	  .type = FIELD_STRING,
	  AT(config_metric, query),
	  .required = true },
	{ .name = "max", .type = FIELD_NUMBER, AT(config_metric, max) },
	{ .name = "maxIncrease",
	  .type = FIELD_CUSTOM,
	  AT(config_metric, max_increase_pct),
	  .read = value_percent },
	{ .name = "noData",
	  .type = FIELD_CHOICE,
	  AT(config_metric, no_data),
	  .required = true,
	  .choices = no_datas },
	{ .name = "aggregate",
	  .type = FIELD_CHOICE,
	  AT(config_metric, aggregate),
	  .choices = aggregates },
	{ .name = "allowed",
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
	  .type = FIELD_DURATION,
	  AT(config_soak, for_ms),
	  .required = true },
	{ .name = "every", .type = FIELD_DURATION, AT(config_soak, every_ms) },
	{ .name = "settle",
	  .type = FIELD_DURATION,
	  AT(config_soak, settle_ms) },
	{ .name = "minGood",
	  .type = FIELD_CUSTOM,
	  AT(config_soak, min_good_pct),
	  .read = value_percent },
	{ .name = "onFail",
	  .type = FIELD_CHOICE,
	  AT(config_soak, on_fail),
	  .choices = on_fails },
	{ .name = "prometheus",
	  .type = FIELD_MAPPING,
	  AT(config_soak, prometheus),
	  .required = true,
	  .fields = prometheus_fields },
	{ .name = "metrics",
	  .type = FIELD_LIST,
	  AT(config_soak, metrics),
	  .required = true,
	  .fields = metric_fields,
	  .item_size = sizeof(struct config_metric),
	  .count_offset = offsetof(struct config_soak, n_metrics),
	  .item_init = metric_init },
	{ .name = NULL },
};
