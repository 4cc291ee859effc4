/*
 * What may stand in gitops and argocd.
 */
#include "config/config.h"
#include "config/table.h"
#include "config/value.h"

#define AT(type, member) .offset = offsetof(struct type, member)

static const char *const triggers[] = { "sync", "refresh", NULL };

const struct field config_gitops_fields[] = {
	{ .name = "requests",
	  .type = FIELD_STRING,
	  AT(config_gitops, requests) },
	{ .name = "harmless",
	  .type = FIELD_STRINGS,
	  AT(config_gitops, harmless) },
	{ .name = NULL },
};

static const struct field application_fields[] = {
	{ .name = "name",
	  .type = FIELD_CUSTOM,
	  AT(config_application, name),
	  .required = true,
	  .read = value_secret_name,
	  .release = field_release_string },
	{ .name = "environment",
	  .type = FIELD_STRING,
	  AT(config_application, environment) },
	{ .name = "context",
	  .type = FIELD_STRING,
	  AT(config_application, context) },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  AT(config_application, namespace_) },
	{ .name = NULL },
};

const struct field config_argocd_fields[] = {
	{ .name = "context", .type = FIELD_STRING, AT(config_argocd, context) },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  AT(config_argocd, namespace_) },
	{ .name = "trigger",
	  .type = FIELD_CHOICE,
	  AT(config_argocd, trigger),
	  .choices = triggers },
	{ .name = "server",
	  .type = FIELD_CUSTOM,
	  AT(config_argocd, server),
	  .read = value_url,
	  .release = field_release_string },
	{ .name = "token",
	  .type = FIELD_CUSTOM,
	  AT(config_argocd, token),
	  .read = value_ref,
	  .release = value_release_ref },
	{ .name = "ca", .type = FIELD_STRING, AT(config_argocd, ca) },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  AT(config_argocd, timeout_ms) },
	{ .name = "applications",
	  .type = FIELD_LIST,
	  AT(config_argocd, applications),
	  .required = true,
	  .fields = application_fields,
	  .item_size = sizeof(struct config_application),
	  .count_offset = offsetof(struct config_argocd, n_applications) },
	{ .name = NULL },
};
