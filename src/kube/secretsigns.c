/* Other tools that write a Secret, seen from the marks that they leave. */
#include <string.h>

#include "base/json.h"
#include "kube/secretobj.h"

static const struct sign {
	const char *where; /* labels or annotations */
	const char *name;
	const char *value; /* NULL: any */
	const char *tool;
	const char *does;
} signs[] = {
	{ "annotations", "argocd.argoproj.io/tracking-id", NULL, "Argo CD",
	  "puts its own value back at the next sync" },
	{ "labels", "argocd.argoproj.io/instance", NULL, "Argo CD",
	  "puts its own value back at the next sync" },
	{ "labels", "kustomize.toolkit.fluxcd.io/name", NULL, "Flux",
	  "writes its own value back at its next interval" },
	{ "labels", "helm.toolkit.fluxcd.io/name", NULL, "Flux",
	  "writes the chart's value back at its next interval" },
	{ "annotations", "meta.helm.sh/release-name", NULL, "Helm",
	  "writes the chart's value at the next upgrade" },
	{ "labels", "app.kubernetes.io/managed-by", "Helm", "Helm",
	  "writes the chart's value at the next upgrade" },
	{ "labels", "reconcile.external-secrets.io/managed", NULL,
	  "External Secrets", "writes the provider's value back" },
	{ "labels", "reconcile.external-secrets.io/created-by", NULL,
	  "External Secrets", "writes the provider's value back" },
	{ "annotations", "sealedsecrets.bitnami.com/managed", NULL,
	  "Sealed Secrets", "writes the sealed value back" },
};

static const struct {
	const char *kind, *tool, *does;
} owners[] = {
	{ "ExternalSecret", "External Secrets",
	  "writes the provider's value back" },
	{ "SealedSecret", "Sealed Secrets", "writes the sealed value back" },
	{ "VaultStaticSecret", "Vault Secrets Operator",
	  "writes Vault's value back" },
	{ "Certificate", "cert-manager", "writes the certificate's key back" },
};

static bool has_sign(const struct cJSON *metadata, const struct sign *sign)
{
	const struct cJSON *at = json_member(metadata, sign->where);
	const char *value = json_member_str(at, sign->name);

	return value && (!sign->value || strcmp(value, sign->value) == 0);
}

static void note(struct kube_secret_signs *out, const char *tool,
		 const char *does)
{
	for (size_t i = 0; i < out->count; i++) {
		if (strcmp(out->items[i].tool, tool) == 0)
			return;
	}
	if (out->count < KUBE_SECRET_MAX_SIGNS)
		out->items[out->count++] =
			(struct kube_secret_sign){ tool, does };
}

void kube_secret_signs(const struct cJSON *secret,
		       struct kube_secret_signs *out)
{
	const struct cJSON *metadata = json_member(secret, "metadata");
	const struct cJSON *owner =
		json_first(json_member(metadata, "ownerReferences"));

	out->count = 0;
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		if (has_sign(metadata, &signs[i]))
			note(out, signs[i].tool, signs[i].does);
	}
	for (; owner; owner = json_next(owner)) {
		const char *kind = json_str_or(owner, "kind", "");

		for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++) {
			if (strcmp(owners[i].kind, kind) == 0)
				note(out, owners[i].tool, owners[i].does);
		}
	}
}
