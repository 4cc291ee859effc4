/*
 * Other tools that write the Secret or restart its workloads, seen from the
 * marks that they leave.
 */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "kube/items.h"
#include "runbook/doctor.h"

static const struct sign {
	const char *where; /* labels or annotations */
	const char *name;  /* or the beginning of one, ending in '/' */
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

static void say_owner(struct doctor *doctor, const char *tool, const char *does)
{
	doctor_say(doctor, DOCTOR_WARNING, "owner",
		   "Change the key where that tool takes it from, or pause it.",
		   "%s manages the Secret: it %s", tool, does);
}

void doctor_signs_of_secret(struct doctor *doctor, const struct cJSON *secret)
{
	const struct cJSON *metadata = json_member(secret, "metadata");
	const struct cJSON *owner =
		json_first(json_member(metadata, "ownerReferences"));
	const char *said = "";

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		if (!has_sign(metadata, &signs[i]) ||
		    strcmp(said, signs[i].tool) == 0)
			continue;
		said = signs[i].tool;
		say_owner(doctor, signs[i].tool, signs[i].does);
	}
	for (; owner; owner = json_next(owner)) {
		const char *kind = json_str_or(owner, "kind", "");

		for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++)
			if (strcmp(owners[i].kind, kind) == 0 &&
			    strcmp(said, owners[i].tool) != 0)
				say_owner(doctor, owners[i].tool,
					  owners[i].does);
	}
}

struct err *doctor_signs_of_workload(void *user, const struct cJSON *workload)
{
	struct doctor *doctor = user;
	const struct cJSON *metadata = json_member(workload, "metadata");
	const struct cJSON *note =
		json_first(json_member(metadata, "annotations"));

	for (; note; note = json_next(note)) {
		const char *name = json_name(note);

		if (!strstr(name, "reloader.stakater.com/"))
			continue;
		doctor_say(doctor, DOCTOR_WARNING, "owner", NULL,
			   "Reloader restarts %s by itself when the Secret "
			   "changes: it may be restarted twice",
			   json_str_or(metadata, "name", "a workload"));
		break;
	}
	return NULL;
}
