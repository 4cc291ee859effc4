/* Whose field is it: what may be taken over, and what its owner will do. */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "kube/secretobj.h"

static const struct {
	const char *prefix;
	const char *outlook;
} outlooks[] = {
	{ "argocd", "Argo CD puts its own value back at the next sync" },
	{ "kustomize-controller",
	  "Flux writes its own value back at its next interval" },
	{ "helm-controller",
	  "Flux writes the chart's value back at its next interval" },
	{ "external-secrets",
	  "External Secrets writes its own value back at the next refresh" },
	{ "ExternalSecret/",
	  "External Secrets writes its own value back at the next refresh" },
	{ "SealedSecret/", "Sealed Secrets writes the sealed value back" },
	{ "sealed-secrets", "Sealed Secrets writes the sealed value back" },
	{ "controller", "its controller writes its own value back" },
	{ "Helm", "the next helm upgrade writes the chart's value" },
	{ "helm", "the next helm upgrade writes the chart's value" },
	{ "vault-secrets-operator",
	  "the Vault Secrets Operator writes its own value back" },
	{ "VaultStaticSecret/",
	  "the Vault Secrets Operator writes its own value back" },
	{ "terraform", "the next terraform apply writes its own value" },
	{ "Terraform", "the next terraform apply writes its own value" },
};

const char *kube_owner_outlook(const char *manager)
{
	for (size_t i = 0; i < sizeof(outlooks) / sizeof(*outlooks); i++) {
		if (text_starts_with(manager, outlooks[i].prefix))
			return outlooks[i].outlook;
	}
	return "it may write its own value back at any time";
}

static bool is_named(const char *const *take, const char *manager)
{
	for (; take && *take; take++) {
		if (strcmp(*take, manager) == 0)
			return true;
	}
	return false;
}

static struct err *refusal(const struct kube_secret *secret,
			   const struct kube_owner *owner)
{
	struct err *err = err_new(
		KR_EREFUSED, "entry %s of Secret %s/%s is owned by \"%s\": %s",
		secret->entry, secret->ns, secret->name, owner->manager,
		kube_owner_outlook(owner->manager));

	err = err_set_reason(err, "FieldOwned");
	return err_hint(
		err,
		"change the key where \"%s\" takes it from, or take the field from it with --take-ownership=%s",
		owner->manager, owner->manager);
}

KR_FALLIBLE kube_secret_may_take(const struct kube_secret *secret,
				 const char *const *take, bool *out_force,
				 char **out_from)
{
	struct buf from = BUF_INIT(4096);
	bool force = false;

	/* An object that no manager was recorded for belongs to nobody. */
	if (kube_secret_has_entry(secret) && secret->owner_count == 0)
		force = true;
	for (size_t i = 0; i < secret->owner_count; i++) {
		const struct kube_owner *owner = &secret->owners[i];

		if (owner->is_ours) {
			force |= !secret->facts.owned;
			continue;
		}
		if (!owner->is_kubectl && !is_named(take, owner->manager)) {
			buf_release(&from);
			return refusal(secret, owner);
		}
		force = true;
		buf_printf(&from, "%s%s", from.len ? ", " : "", owner->manager);
	}
	*out_from = buf_take(&from);
	if (!*out_from)
		return err_no_memory();
	*out_force = force;
	return NULL;
}
