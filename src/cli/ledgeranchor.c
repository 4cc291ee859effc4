/*
 * Where a ledger's anchors are found: on the command line, in the annotations
 * of the Secrets, in the metadata of the store's entries.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/connection.h"
#include "cli/ledgerfile.h"
#include "kube/annotations.h"
#include "kube/path.h"

static bool is_ignored(const struct cli_context *context, const char *id)
{
	const char *const *ids = context->options.ignore_ledgers;

	for (; ids && *ids; ids++)
		if (strcmp(*ids, id) == 0)
			return true;
	return false;
}

/* Adds the anchor that the text holds, if any; `source` is copied. */
static KR_FALLIBLE add(const struct cli_context *context,
		       struct cli_anchors *anchors, const char *text,
		       const char *source)
{
	struct ledger_anchor anchor, *grown;

	if (!text || !ledger_anchor_find(text, &anchor) ||
	    is_ignored(context, anchor.id))
		return NULL;
	grown = reallocarray(anchors->items, anchors->count + 1,
			     sizeof(*grown));
	if (!grown)
		return err_no_memory();
	anchors->items = grown;
	anchor.source = strdup(source);
	if (!anchor.source)
		return err_no_memory();
	grown[anchors->count++] = anchor;
	return NULL;
}

void cli_anchors_release(struct cli_anchors *anchors)
{
	for (size_t i = 0; i < anchors->count; i++) {
		/* Made by add(). */
		union {
			const char *borrowed;
			char *own;
		} source = { .borrowed = anchors->items[i].source };

		free(source.own);
	}
	free(anchors->items);
	*anchors = (struct cli_anchors){ 0 };
}

static KR_FALLIBLE given(const struct cli_context *context,
			 struct cli_anchors *anchors)
{
	const char *const *texts = context->options.anchors;
	struct err *err = NULL;

	for (; texts && *texts && !err; texts++) {
		struct ledger_anchor anchor;

		if (!ledger_anchor_find(*texts, &anchor))
			return err_new(KR_EUSAGE,
				       "--anchor holds no anchor: "
				       "keyrot-ledger-v1:ID:SIZE:ROOT");
		err = add(context, anchors, *texts, "--anchor");
	}
	return err;
}

static KR_FALLIBLE of_secret(struct connection *c, struct cli_anchors *anchors)
{
	kr_cleanup(str_freep) char *path =
		kube_path(KIND_SECRET, c->secret.ns, c->secret.secret);
	char name[KUBE_NOTE_LEN], source[1024];
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.expect_kind = "PartialObjectMetadata",
		.flags = KUBE_METADATA | KUBE_QUIET,
	};
	struct err *err;

	if (!path)
		return err_no_memory();
	err = kube_note_on_secret(NOTE_LEDGER, c->secret.entry, name);
	if (err)
		return err;
	(void)snprintf(source, sizeof(source), "Secret %s/%s in %s",
		       c->secret.ns, c->secret.secret, c->access->context);
	err = kube_do(c->kube, &request);
	if (!err)
		err = add(c->context, anchors,
			  kube_annotation(request.object, name), source);
	kube_request_release(&request);
	return err;
}

/* What cannot be asked does not vouch; it is said, and the rest goes on. */
static void warn(const struct cli_context *context, struct result *result,
		 const char *what, struct err *take_err)
{
	kr_cleanup(str_freep) char *text = NULL;

	if (!take_err)
		return;
	if (asprintf(&text, "%s was not asked for its anchor: %s", what,
		     err_message(take_err)) < 0)
		text = NULL;
	cli_ledger_warn(context, result, text ? text : what);
	err_free(take_err);
}

static KR_FALLIBLE of_context(struct cli_context *context,
			      struct result *result,
			      struct cli_anchors *anchors)
{
	const char *name = context->options.kube.context;
	struct connection c;
	struct err *err = connection_open(context, result, 0, &c);

	if (!err) {
		err = of_secret(&c, anchors);
		connection_release(&c);
	}
	if (err_is(err, KR_ENOMEM) || err_is(err, KR_EINTERRUPTED))
		return err;
	warn(context, result, name ? name : "the current context", err);
	return NULL;
}

static KR_FALLIBLE of_clusters(struct cli_context *context,
			       struct result *result,
			       struct cli_anchors *anchors)
{
	const struct config *config = context->config;
	struct kube_flags *flags = &context->options.kube;
	const struct kube_flags given_flags = *flags;
	struct err *err = NULL;

	if (flags->context || !config->n_environments)
		return of_context(context, result, anchors);
	for (size_t i = 0; i < config->n_environments && !err; i++) {
		const struct config_environment *e = &config->environments[i];

		for (size_t t = 0; t < e->n_targets && !err; t++) {
			flags->context = e->targets[t].context;
			if (!given_flags.namespace_)
				flags->namespace_ = e->targets[t].namespace_;
			err = of_context(context, result, anchors);
		}
	}
	*flags = given_flags;
	return err;
}

static KR_FALLIBLE of_entries(struct cli_context *context, struct connection *c,
			      struct cli_anchors *anchors)
{
	struct store_list list = { 0 };
	struct err *err = store_entries(c->store, &list);

	for (size_t i = 0; i < list.count && !err; i++) {
		char source[512];

		(void)snprintf(source, sizeof(source), "store entry %s",
			       list.items[i].id);
		err = add(context, anchors, list.items[i].ledger, source);
	}
	store_list_release(&list);
	return err;
}

static KR_FALLIBLE of_store(struct cli_context *context, struct result *result,
			    struct cli_anchors *anchors)
{
	struct connection c;
	struct err *err = connection_open(context, result,
					  CONNECT_STORE | CONNECT_OFFLINE, &c);

	if (!err) {
		err = of_entries(context, &c, anchors);
		connection_release(&c);
	}
	if (err_is(err, KR_ENOMEM) || err_is(err, KR_EINTERRUPTED))
		return err;
	warn(context, result, "the store", err);
	return NULL;
}

KR_FALLIBLE cli_anchors_find(struct cli_context *context, struct result *result,
			     struct cli_anchors *out)
{
	struct cli_anchors anchors = { 0 };
	struct err *err = given(context, &anchors);

	if (!err && !context->options.offline)
		err = of_clusters(context, result, &anchors);
	if (!err && !context->options.offline)
		err = of_store(context, result, &anchors);
	if (err) {
		cli_anchors_release(&anchors);
		return err;
	}
	*out = anchors;
	return NULL;
}
