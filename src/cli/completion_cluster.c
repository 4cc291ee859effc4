/*
 * What the cluster can be asked for: names, from metadata alone. Values of
 * Secrets are not read.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/completion.h"
#include "cli/target.h"
#include "kube/names.h"

static void offer_names(struct completion *c, struct kube *kube,
			enum kube_kind kind, const char *ns)
{
	struct kube_names names = { 0 };
	struct err *err = kube_names_read(kube, kind, ns, &names);

	for (size_t i = 0; !err && i < names.count; i++)
		completion_offer(c, names.items[i], "");
	err_free(err);
	kube_names_release(&names);
}

/* "deployment/x"; of the kinds that what was typed can still be. */
static void offer_workloads(struct completion *c, struct kube *kube,
			    const char *ns)
{
	static const enum kube_kind kinds[] = {
		KIND_DEPLOYMENT,
		KIND_STATEFULSET,
		KIND_DAEMONSET,
		KIND_CRONJOB,
	};
	const char *before = c->before, *typed = c->typed;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		kr_cleanup(str_freep) char *kind = NULL;
		kr_cleanup(str_freep) char *whole = NULL;

		if (asprintf(&kind, "%s/", kube_kind_info(kinds[i])->singular) <
		    0) {
			kind = NULL;
			continue;
		}
		if (asprintf(&whole, "%s%s", before, kind) < 0) {
			whole = NULL;
			continue;
		}
		if (!text_starts_with(typed, kind) &&
		    !text_starts_with(kind, typed))
			continue;
		c->before = whole;
		c->typed = text_starts_with(typed, kind) ? typed + strlen(kind)
							 : "";
		offer_names(c, kube, kinds[i], ns);
		c->before = before;
		c->typed = typed;
	}
}

/* Who owns fields of its data, and which: what metadata show of them. */
static void offer_owned(struct completion *c, const struct cJSON *secret,
			bool entries)
{
	const struct cJSON *m =
		json_first(json_at(secret, "metadata.managedFields"));

	for (; m; m = json_next(m)) {
		const struct cJSON *field = json_first(
			json_member(json_member(m, "fieldsV1"), "f:data"));

		if (field && !entries)
			completion_offer(c, json_str_or(m, "manager", ""), "");
		for (; field && entries; field = json_next(field))
			if (text_starts_with(json_name(field), "f:"))
				completion_offer(c, json_name(field) + 2, "");
	}
}

static void offer_of_secret(struct completion *c, struct kube *kube,
			    const char *ns, bool entries)
{
	const struct config *config = completion_config(c);
	const char *name = c->options.secret ? c->options.secret
			   : config	     ? config->secret.name
					     : "";
	kr_cleanup(str_freep) char *path = kube_path(KIND_SECRET, ns, name);
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.what = "the Secret",
		.flags = KUBE_METADATA,
	};
	struct err *err;

	if (!path || !kube_name_is_valid(name))
		return;
	err = kube_do(kube, &request);
	if (!err)
		offer_owned(c, request.object, entries);
	err_free(err);
	kube_request_release(&request);
}

static void offer(struct completion *c, enum option_completion what,
		  struct kube *kube, const char *ns)
{
	if (what == COMPLETE_NAMESPACE)
		offer_names(c, kube, KIND_NAMESPACE, NULL);
	else if (what == COMPLETE_SECRET)
		offer_names(c, kube, KIND_SECRET, ns);
	else if (what == COMPLETE_WORKLOAD)
		offer_workloads(c, kube, ns);
	else
		offer_of_secret(c, kube, ns, what == COMPLETE_ENTRY);
}

/* The context that keyrot.yaml has first, where none was typed. */
static void choose_place(struct completion *c)
{
	const struct config *config = completion_config(c);
	struct kube_flags *flags = &c->options.kube;
	struct config_place place = { 0 };

	if (!config || !config->n_environments)
		return;
	if (!flags->context && config->environments[0].n_targets)
		flags->context = config->environments[0].targets[0].context;
	if (!flags->namespace_ && flags->context &&
	    config_find_context(config, flags->context, NULL, &place) == 1)
		flags->namespace_ = place.target->namespace_;
}

void completion_cluster(struct completion *c, enum option_completion what)
{
	kr_cleanup(kube_access_freep) struct kube_access *access = NULL;
	kr_cleanup(kube_closep) struct kube *kube = NULL;
	struct err *err;

	/* Whatever hangs, a plugin included, is given up. */
	stop_after_ms(COMPLETION_TIMEOUT_MS);
	choose_place(c);
	c->options.kube.stdin_is_taken = true;
	err = kube_access_load(&c->options.kube, &access);
	if (!err)
		err = kube_open(access, &kube);
	if (!err)
		offer(c, what, kube, access->namespace_);
	err_free(err);
}
