#include "cli/gitopsknown.h"

#include <string.h>

#include "base/json.h"
#include "cli/connection.h"
#include "cli/ledgerfile.h"
#include "kube/secretobj.h"

struct finding {
	struct cli_context *context;
	struct result *result;
	struct cJSON *sources;
	struct gitops_known known;
};

static KR_FALLIBLE add(struct gitops_known *known, const char *fingerprint)
{
	char **grown;

	if (!fingerprint || !*fingerprint)
		return NULL;
	grown = reallocarray(known->items, known->count + 2, sizeof(*grown));
	if (!grown)
		return err_no_memory();
	known->items = grown;
	grown[known->count] = strdup(fingerprint);
	grown[known->count + 1] = NULL;
	return grown[known->count++] ? NULL : err_no_memory();
}

void gitops_known_release(struct gitops_known *known)
{
	for (size_t i = 0; i < known->count; i++)
		free(known->items[i]);
	free(known->items);
	*known = (struct gitops_known){ 0 };
}

static void say(struct finding *f, const char *source, size_t before)
{
	struct cJSON *row = json_append_object(f->sources);

	json_set_str(row, "source", source);
	json_set_int(row, "keys", (long long)(f->known.count - before));
}

static KR_FALLIBLE on_line(void *user, const struct cJSON *line)
{
	struct gitops_known *known = user;
	struct err *err = add(known, json_member_str(line, "fingerprint"));

	return err ? err
		   : add(known, json_member_str(line, "previousFingerprint"));
}

static KR_FALLIBLE of_ledger(struct finding *f)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	size_t before = f->known.count;
	struct err *err = cli_ledger_open(f->context, NULL, &ledger);

	if (err || !ledger || !ledger_exists(ledger))
		return err;
	err = ledger_each(ledger, on_line, &f->known);
	if (!err)
		say(f, ledger_path(ledger), before);
	return err;
}

static KR_FALLIBLE of_store(struct finding *f)
{
	struct store_list list = { 0 };
	size_t before = f->known.count;
	struct connection c;
	struct err *err = connection_open(f->context, f->result,
					  CONNECT_STORE | CONNECT_OFFLINE, &c);

	if (err)
		return err;
	err = store_entries(c.store, &list);
	for (size_t i = 0; i < list.count && !err; i++)
		err = add(&f->known, list.items[i].fingerprint);
	store_list_release(&list);
	if (!err)
		say(f, store_type(c.store), before);
	connection_release(&c);
	return err;
}

/* A first server-side apply of Argo CD's takes over what kubectl had applied,
 * and takes away what of it does not stand in Git. */
static void warn_of_kubectl(struct finding *f, const struct connection *c,
			    const struct kube_secret *s)
{
	for (size_t i = 0; i < s->owner_count; i++)
		if (s->owners[i].is_kubectl) {
			result_warn(f->result,
				    "%s: entry %s of Secret %s/%s is still "
				    "%s's: Argo CD's first sync of a manifest "
				    "without it would take it away; rotate "
				    "once before that",
				    c->access->context, s->entry, s->ns,
				    s->name, s->owners[i].manager);
			return;
		}
}

static KR_FALLIBLE of_secret(struct finding *f, const struct connection *c)
{
	kr_cleanup(kube_secret_freep) struct kube_secret *s = NULL;
	size_t before = f->known.count;
	struct err *err = kube_secret_get(c->kube, &c->secret, &s);

	if (err)
		return err;
	warn_of_kubectl(f, c, s);
	err = add(&f->known, s->live_fingerprint);
	for (int i = 0; i < RING_COUNT && !err; i++)
		err = add(&f->known, s->ring[i].fingerprint);
	if (!err)
		err = add(&f->known, s->facts.fingerprint);
	if (!err)
		err = add(&f->known, s->facts.replaced);
	if (!err)
		say(f, c->access->context, before);
	return err;
}

static KR_FALLIBLE of_context(struct finding *f)
{
	const char *name = f->context->options.kube.context;
	struct connection c;
	struct err *err = connection_open(f->context, f->result, 0, &c);

	if (err)
		return err;
	err = of_secret(f, &c);
	connection_release(&c);
	return err_hint(err_wrap(err, "%s", name ? name : "current context"),
			"--offline asks no cluster and no store");
}

static KR_FALLIBLE of_clusters(struct finding *f)
{
	const struct config *config = f->context->config;
	struct kube_flags *flags = &f->context->options.kube;
	const struct kube_flags given = *flags;
	struct err *err = NULL;

	if (flags->context || !config->n_environments)
		return of_context(f);
	for (size_t i = 0; i < config->n_environments && !err; i++) {
		const struct config_environment *e = &config->environments[i];

		for (size_t t = 0; t < e->n_targets && !err; t++) {
			flags->context = e->targets[t].context;
			if (!given.namespace_)
				flags->namespace_ = e->targets[t].namespace_;
			err = of_context(f);
		}
	}
	*flags = given;
	return err;
}

KR_FALLIBLE gitops_known_find(struct cli_context *context,
			      struct result *result, struct gitops_known *out)
{
	struct finding f = {
		.context = context,
		.result = result,
		.sources = json_add_array(result->document, "sources"),
	};
	struct err *err = of_ledger(&f);

	if (!err && !context->options.offline)
		err = of_store(&f);
	if (!err && !context->options.offline)
		err = of_clusters(&f);
	if (err) {
		gitops_known_release(&f.known);
		return err;
	}
	*out = f.known;
	return NULL;
}
