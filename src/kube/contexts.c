/* The contexts that there are, for status, completion and init. */
#include <string.h>

#include "base/str.h"
#include "kube/access.h"
#include "kube/kubeconfig.h"

static bool keep(const struct kubeconfig *config,
		 const struct kubeconfig_entry *entry,
		 struct kube_context *context)
{
	const char *cluster = kubeconfig_str(entry, "cluster");
	const char *user = kubeconfig_str(entry, "user");
	const char *ns = kubeconfig_str(entry, "namespace");

	context->current = strcmp(entry->name, config->current_context) == 0;
	return str_keep(&context->name, entry->name) &&
	       str_keep(&context->cluster, cluster ? cluster : "") &&
	       str_keep(&context->user, user ? user : "") &&
	       str_keep(&context->namespace_, ns ? ns : "default");
}

KR_FALLIBLE kube_contexts_load(const char *kubeconfig_flag,
			       struct kube_contexts *out)
{
	kr_cleanup(kubeconfig_freep) struct kubeconfig *config = NULL;
	struct kube_contexts contexts = { 0 };
	struct err *err = kubeconfig_load(kubeconfig_flag, &config);
	size_t n;

	if (err)
		return err;
	n = config->entry_count[KUBECONFIG_CONTEXT];
	contexts.items = calloc(n + 1, sizeof(*contexts.items));
	if (!contexts.items)
		return err_no_memory();
	for (size_t i = 0; i < n && !err; i++) {
		contexts.count++;
		if (!keep(config, &config->entries[KUBECONFIG_CONTEXT][i],
			  &contexts.items[i]))
			err = err_no_memory();
	}
	if (err)
		kube_contexts_release(&contexts);
	else
		*out = contexts;
	return err;
}

void kube_contexts_release(struct kube_contexts *contexts)
{
	for (size_t i = 0; i < contexts->count; i++) {
		struct kube_context *c = &contexts->items[i];

		free(c->name);
		free(c->cluster);
		free(c->user);
		free(c->namespace_);
	}
	free(contexts->items);
	*contexts = (struct kube_contexts){ 0 };
}
