/*
 * What may stand in keyrot.yaml, level by level. Reading, releasing and the
 * schema are made from these tables.
 */
#include "config/table.h"

#include <math.h>

#include "config/config.h"
#include "config/value.h"

#define AT(type, member) .offset = offsetof(struct type, member)

static const char *const versions[] = { "keyrot.dev/v1", NULL };
static const char *const kinds[] = { "Rotation", NULL };
static const char *const modes[] = { "single", "keyring", NULL };
static const char *const signs[] = { "none", "ssh", NULL };
static const char *const gits[] = { "none", "commit", "push", NULL };
static const char *const on_fails[] = { "hold", "rollback", NULL };
static const char *const notify_types[] = { "webhook", "slack", "command",
					    NULL };
static const char *const notify_modes[] = { "structured", "binary", NULL };

static const struct field secret_fields[] = {
	{ .name = "name",
	  .type = FIELD_CUSTOM,
	  AT(config_secret, name),
	  .read = value_secret_name,
	  .release = field_release_string },
	{ .name = "key",
	  .type = FIELD_CUSTOM,
	  AT(config_secret, key),
	  .read = value_secret_key,
	  .release = field_release_string },
	{ .name = "format",
	  .type = FIELD_CUSTOM,
	  AT(config_secret, format),
	  .read = value_format },
	{ .name = "mode",
	  .type = FIELD_CHOICE,
	  AT(config_secret, mode),
	  .choices = modes },
	{ .name = NULL },
};

static const struct field target_fields[] = {
	{ .name = "context",
	  .type = FIELD_STRING,
	  AT(config_target, context),
	  .required = true },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  AT(config_target, namespace_) },
	{ .name = NULL },
};

static const struct field logs_fields[] = {
	{ .name = "expect", .type = FIELD_STRINGS, AT(config_verify, expect) },
	{ .name = "forbid", .type = FIELD_STRINGS, AT(config_verify, forbid) },
	{ .name = NULL },
};

static const struct field verify_fields[] = {
	{ .name = "logs",
	  .type = FIELD_MAPPING,
	  .offset = 0, /* the patterns stand in the same structure */
	  .fields = logs_fields },
	{ .name = "within",
	  .type = FIELD_DURATION,
	  AT(config_verify, within_ms) },
	{ .name = NULL },
};

static const struct field environment_fields[] = {
	{ .name = "name",
	  .type = FIELD_STRING,
	  AT(config_environment, name),
	  .required = true },
	{ .name = "requires",
	  .type = FIELD_STRING,
	  AT(config_environment, requires) },
	{ .name = "within",
	  .type = FIELD_DURATION,
	  AT(config_environment, within_ms) },
	{ .name = "confirm",
	  .type = FIELD_BOOL,
	  AT(config_environment, confirm) },
	{ .name = "approvers",
	  .type = FIELD_STRING,
	  AT(config_environment, approvers) },
	{ .name = "window",
	  .type = FIELD_CUSTOM,
	  AT(config_environment, window),
	  .read = value_window,
	  .release = value_release_window },
	{ .name = "clusterID",
	  .type = FIELD_STRING,
	  AT(config_environment, cluster_id) },
	{ .name = "targets",
	  .type = FIELD_LIST,
	  AT(config_environment, targets),
	  .required = true,
	  .fields = target_fields,
	  .item_size = sizeof(struct config_target),
	  .count_offset = offsetof(struct config_environment, n_targets) },
	{ .name = "parallel",
	  .type = FIELD_NUMBER,
	  AT(config_environment, parallel) },
	{ .name = "maxUnavailable",
	  .type = FIELD_CUSTOM,
	  AT(config_environment, max_unavailable),
	  .read = value_share },
	{ .name = "waves",
	  .type = FIELD_CUSTOM,
	  AT(config_environment, waves),
	  .read = value_shares,
	  .release = value_release_shares },
	{ .name = "onFail",
	  .type = FIELD_CHOICE,
	  AT(config_environment, on_fail),
	  .choices = on_fails },
	{ .name = "verify",
	  .type = FIELD_MAPPING,
	  AT(config_environment, verify),
	  .fields = verify_fields },
	{ .name = "soak",
	  .type = FIELD_MAPPING,
	  AT(config_environment, soak),
	  .fields = config_soak_fields },
	{ .name = NULL },
};

static void environment_init(void *item)
{
	struct config_environment *environment = item;

	environment->within_ms = -1;
	environment->verify.within_ms = -1;
	config_soak_init(&environment->soak);
}

static const struct field ledger_fields[] = {
	{ .name = "path",
	  .type = FIELD_STRING,
	  AT(config_ledger, path),
	  .required = true },
	{ .name = "sign",
	  .type = FIELD_CHOICE,
	  AT(config_ledger, sign),
	  .choices = signs },
	{ .name = "git",
	  .type = FIELD_CHOICE,
	  AT(config_ledger, git),
	  .choices = gits },
	{ .name = "key", .type = FIELD_STRING, AT(config_ledger, key) },
	{ .name = "signers", .type = FIELD_STRING, AT(config_ledger, signers) },
	{ .name = NULL },
};

static const struct field notify_fields[] = {
	{ .name = "type",
	  .type = FIELD_CHOICE,
	  AT(config_notify, type),
	  .required = true,
	  .choices = notify_types },
	{ .name = "url",
	  .type = FIELD_CUSTOM,
	  AT(config_notify, url),
	  .read = value_url,
	  .release = field_release_string },
	{ .name = "channels",
	  .type = FIELD_STRINGS,
	  AT(config_notify, channels) },
	{ .name = "token",
	  .type = FIELD_CUSTOM,
	  AT(config_notify, token),
	  .read = value_ref,
	  .release = value_release_ref },
	{ .name = "mode",
	  .type = FIELD_CHOICE,
	  AT(config_notify, mode),
	  .choices = notify_modes },
	{ .name = "run", .type = FIELD_STRINGS, AT(config_notify, run) },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  AT(config_notify, timeout_ms) },
	{ .name = "on", .type = FIELD_STRINGS, AT(config_notify, on) },
	{ .name = NULL },
};

const struct field config_fields[] = {
	{ .name = "apiVersion",
	  .type = FIELD_CHOICE,
	  AT(config, version),
	  .required = true,
	  .choices = versions },
	{ .name = "kind",
	  .type = FIELD_CHOICE,
	  AT(config, kind),
	  .required = true,
	  .choices = kinds },
	{ .name = "service",
	  .type = FIELD_CUSTOM,
	  AT(config, service),
	  .required = true,
	  .read = value_secret_name,
	  .release = field_release_string },
	{ .name = "secret",
	  .type = FIELD_MAPPING,
	  AT(config, secret),
	  .fields = secret_fields },
	{ .name = "consumers",
	  .type = FIELD_CUSTOM,
	  AT(config, consumers),
	  .read = value_consumers,
	  .release = field_release_strings },
	{ .name = "store",
	  .type = FIELD_CUSTOM,
	  AT(config, store),
	  .read = value_store,
	  .release = value_release_store },
	{ .name = "environments",
	  .type = FIELD_LIST,
	  AT(config, environments),
	  .fields = environment_fields,
	  .item_size = sizeof(struct config_environment),
	  .count_offset = offsetof(struct config, n_environments),
	  .item_init = environment_init },
	{ .name = "validate",
	  .type = FIELD_LIST,
	  AT(config, validate),
	  .fields = config_check_fields,
	  .item_size = sizeof(struct config_check),
	  .count_offset = offsetof(struct config, n_validate),
	  .item_init = config_check_init },
	{ .name = "reencrypt",
	  .type = FIELD_MAPPING,
	  AT(config, reencrypt),
	  .fields = config_reencrypt_fields },
	{ .name = "retire",
	  .type = FIELD_MAPPING,
	  AT(config, retire),
	  .fields = config_retire_fields },
	{ .name = "dependents",
	  .type = FIELD_CUSTOM,
	  AT(config, dependents),
	  .read = value_workloads,
	  .release = field_release_strings },
	{ .name = "approvers", .type = FIELD_STRING, AT(config, approvers) },
	{ .name = "ledger",
	  .type = FIELD_MAPPING,
	  AT(config, ledger),
	  .fields = ledger_fields },
	{ .name = "operator",
	  .type = FIELD_CUSTOM,
	  AT(config, operator_),
	  .read = value_operator,
	  .release = field_release_string },
	{ .name = "manifest", .type = FIELD_STRING, AT(config, manifest) },
	{ .name = "gitops",
	  .type = FIELD_MAPPING,
	  AT(config, gitops),
	  .fields = config_gitops_fields },
	{ .name = "argocd",
	  .type = FIELD_MAPPING,
	  AT(config, argocd),
	  .fields = config_argocd_fields },
	{ .name = "notify",
	  .type = FIELD_LIST,
	  AT(config, notify),
	  .fields = notify_fields,
	  .item_size = sizeof(struct config_notify),
	  .count_offset = offsetof(struct config, n_notify) },
	{ .name = NULL },
};
