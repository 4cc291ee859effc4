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
	  .help = "the folder of rotation requests",
	  .type = FIELD_STRING,
	  AT(config_gitops, requests) },
	{ .name = "harmless",
	  .help = "fingerprints of values that look like a key and are none",
	  .type = FIELD_STRINGS,
	  AT(config_gitops, harmless) },
	{ .name = NULL },
};

static const struct field application_fields[] = {
	{ .name = "name",
	  .help = "of the Application",
	  .type = FIELD_CUSTOM,
	  AT(config_application, name),
	  .required = true,
	  .read = value_secret_name,
	  .release = field_release_string },
	{ .name = "environment",
	  .help = "that it delivers",
	  .type = FIELD_STRING,
	  AT(config_application, environment) },
	{ .name = "context",
	  .help = "of the cluster where it stands",
	  .type = FIELD_STRING,
	  AT(config_application, context) },
	{ .name = "namespace",
	  .help = "of it (argocd)",
	  .type = FIELD_STRING,
	  AT(config_application, namespace_) },
	{ .name = NULL },
};

const struct field config_argocd_fields[] = {
	{ .name = "context",
	  .help = "of the cluster where Argo CD runs",
	  .type = FIELD_STRING,
	  AT(config_argocd, context) },
	{ .name = "namespace",
	  .help = "of Argo CD (argocd)",
	  .type = FIELD_STRING,
	  AT(config_argocd, namespace_) },
	{ .name = "trigger",
	  .help = "asks for a sync, or for a refresh alone",
	  .type = FIELD_CHOICE,
	  AT(config_argocd, trigger),
	  .choices = triggers },
	{ .name = "server",
	  .help = "Argo CD's API, instead of its objects",
	  .type = FIELD_CUSTOM,
	  AT(config_argocd, server),
	  .read = value_url,
	  .release = field_release_string },
	{ .name = "token",
	  .help = "of that API",
	  .type = FIELD_CUSTOM,
	  AT(config_argocd, token),
	  .read = value_ref,
	  .release = value_release_ref },
	{ .name = "ca",
	  .help = "certificates to trust, a file",
	  .type = FIELD_STRING,
	  AT(config_argocd, ca) },
	{ .name = "timeout",
	  .help = "until it is synced and healthy",
	  .type = FIELD_DURATION,
	  AT(config_argocd, timeout_ms) },
	{ .name = "applications",
	  .help = "that are waited for",
	  .type = FIELD_LIST,
	  AT(config_argocd, applications),
	  .required = true,
	  .fields = application_fields,
	  .item_size = sizeof(struct config_application),
	  .count_offset = offsetof(struct config_argocd, n_applications) },
	{ .name = NULL },
};
