/* What can be completed without a cluster. */
#include <string.h>

#include "base/json.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/completion.h"
#include "config/config.h"
#include "runbook/journal.h"
#include "store/store.h"

const struct config *completion_config(struct completion *c)
{
	struct err *err;

	if (c->config)
		return c->config;
	err = config_load(c->options.config, &c->config);
	if (err) {
		err_free(err);
		err = config_defaults(&c->config);
	}
	err_free(err);
	return c->config;
}

static const char *value_of(const struct kube_context *k,
			    enum option_completion what)
{
	if (what == COMPLETE_CLUSTER)
		return k->cluster;
	if (what == COMPLETE_USER)
		return k->user;
	return what == COMPLETE_NAMESPACE ? k->namespace_ : k->name;
}

/* Names of the kubeconfig; without one there is nothing to offer. */
static void offer_kubeconfig(struct completion *c, enum option_completion what)
{
	struct kube_contexts contexts = { 0 };
	struct err *err =
		kube_contexts_load(c->options.kube.kubeconfig, &contexts);

	for (size_t i = 0; !err && i < contexts.count; i++) {
		const struct kube_context *k = &contexts.items[i];

		completion_offer(c, value_of(k, what),
				 k->current ? "current" : "");
	}
	err_free(err);
	kube_contexts_release(&contexts);
}

static void offer_environments(struct completion *c)
{
	const struct config *config = completion_config(c);

	for (size_t i = 0; config && i < config->n_environments; i++)
		completion_offer(c, config->environments[i].name, "");
}

/* The namespaces that keyrot.yaml names, first of all. */
static void offer_config_namespaces(struct completion *c)
{
	const struct config *config = completion_config(c);

	for (size_t i = 0; config && i < config->n_environments; i++) {
		const struct config_environment *e = &config->environments[i];

		for (size_t j = 0; j < e->n_targets; j++)
			completion_offer(c, e->targets[j].namespace_, e->name);
	}
}

static void offer_rotation(void *user, const char *rotation, const char *undone,
			   const struct cJSON *lines)
{
	(void)lines;
	completion_offer(user, rotation, undone ? "a roll-back" : "");
}

/*
 * Whose entries can be listed without a question. What a pressed key starts
 * must open no window: a service's command is asked where it is logged in.
 */
static bool is_quiet(const char *spec)
{
	static const struct {
		const char *type, *needs; /* a variable; NULL: nothing */
	} stores[] = {
		{ "file", NULL },	{ "pass", NULL },
		{ "gopass", NULL },	{ "keepassxc", NULL },
		{ "vault", NULL },	{ "op", "OP_SERVICE_ACCOUNT_TOKEN" },
		{ "bw", "BW_SESSION" },
	};
	size_t n = spec ? strcspn(spec, ":") : 0;

	for (size_t i = 0; n && i < sizeof(stores) / sizeof(*stores); i++)
		if (strlen(stores[i].type) == n &&
		    strncmp(stores[i].type, spec, n) == 0)
			return !stores[i].needs || getenv(stores[i].needs);
	return n == 0;
}

/* The ids of the entries, or the rotations that they are of. */
static void offer_entries(struct completion *c, bool rotations)
{
	const struct config *config = completion_config(c);
	const char *flag = c->options.store;
	kr_cleanup(store_closep) struct store *store = NULL;
	struct store_list list = { 0 };
	struct store_options options;
	struct err *err;

	if (!config || !is_quiet(flag ? flag : config->store.spec))
		return;
	options = (struct store_options){
		.spec = flag ? flag : config->store.spec,
		.service = config->service,
		.item = flag ? NULL : config->store.item,
		.passphrase_file = c->options.passphrase_file,
		.config = flag ? NULL : config->store.fields,
		.config_path = flag ? NULL : config->path,
	};
	stop_after_ms(COMPLETION_TIMEOUT_MS);
	err = store_open(&options, &store);
	if (!err)
		err = store_entries(store, &list);
	for (size_t i = list.count; !err && i > 0; i--) {
		const struct store_meta *meta = &list.items[i - 1];

		completion_offer(c, rotations ? meta->rotation : meta->id,
				 meta->created_at);
	}
	err_free(err);
	store_list_release(&list);
}

static void offer_rotations(struct completion *c)
{
	const struct config *config = completion_config(c);

	if (config)
		err_free(journal_each(config->service, offer_rotation, c));
	offer_entries(c, true);
}

void completion_values(struct completion *c, enum option_completion what)
{
	const struct config *config;

	switch (what) {
	case COMPLETE_NOTHING:
	case COMPLETE_FILE:
		return;
	case COMPLETE_CONTEXT:
	case COMPLETE_CLUSTER:
	case COMPLETE_USER:
		offer_kubeconfig(c, what);
		return;
	case COMPLETE_STORE_ENTRY:
		offer_entries(c, false);
		return;
	case COMPLETE_ROTATION:
		offer_rotations(c);
		return;
	case COMPLETE_ENVIRONMENT:
		offer_environments(c);
		return;
	case COMPLETE_NAMESPACE:
		offer_config_namespaces(c);
		offer_kubeconfig(c, what);
		break;
	case COMPLETE_SECRET:
		config = completion_config(c);
		if (config && config->path)
			completion_offer(c, config->secret.name, "keyrot.yaml");
		break;
	case COMPLETE_ENTRY:
		config = completion_config(c);
		if (config && config->path)
			completion_offer(c, config->secret.key, "keyrot.yaml");
		break;
	case COMPLETE_MANAGER:
	case COMPLETE_WORKLOAD:
		break;
	}
	completion_cluster(c, what);
}
