#include "cli/connection.h"

#include <string.h>

#include "base/clock.h"
#include "cli/keysource.h"
#include "config/config.h"
#include "kube/path.h"

static void on_trace(void *user, const struct http_trace_event *e)
{
	struct connection *c = user;
	struct out *err = c->context->err;

	if (c->context->options.verbosity < CONNECTION_VERBOSE_REQUESTS)
		return;
	if (e->status)
		out_printf(err, "%s %s%s %ld in %lld ms%s%s\n", e->method,
			   c->access->origin, e->target, e->status,
			   (long long)e->elapsed_ms,
			   e->key_connection ? ", key connection" : "",
			   e->new_connection ? ", new connection" : "");
	else
		out_printf(err, "%s %s%s no answer in %lld ms\n", e->method,
			   c->access->origin, e->target,
			   (long long)e->elapsed_ms);
}

static void on_warning(void *user, const char *text)
{
	struct connection *c = user;
	const struct reporter *r = c->context->reporter;

	c->warnings++;
	result_warn(c->result, "%s", text);
	if (r->message)
		r->message(r->user, REPORT_WARNING, text);
}

/* Where the context was not named, but is the kubeconfig's current one. */
static KR_FALLIBLE find_place(struct connection *c)
{
	struct cli_target *target = &c->target;
	const char *ns_flag = c->context->options.kube.namespace_;
	struct config_place place = { 0 };
	size_t n;

	if (target->target)
		return NULL;
	n = config_find_context(c->context->config, c->access->context, ns_flag,
				&place);
	if (n > 1)
		return err_new(
			KR_EUSAGE,
			"%s has %zu targets in context %s: name one by --namespace",
			c->context->config->path, n, c->access->context);
	if (n == 0)
		return NULL;
	target->environment = place.environment;
	target->target = place.target;
	if (!ns_flag && place.target->namespace_)
		c->secret.ns = place.target->namespace_;
	return NULL;
}

static KR_FALLIBLE open_cluster(struct connection *c)
{
	const struct kube_flags *flags = &c->context->options.kube;
	struct err *err = kube_access_load(flags, &c->access);

	if (err)
		return err;
	c->secret.ns = c->access->namespace_;
	err = find_place(c);
	if (!err)
		err = kube_open(c->access, &c->kube);
	if (err)
		return err;
	kube_set_trace(c->kube, on_trace, c);
	kube_set_warning(c->kube, on_warning, c);
	return NULL;
}

KR_FALLIBLE connection_open_store(struct connection *c)
{
	const struct cli_options *o = &c->context->options;

	c->store_options = (struct store_options){
		.spec = o->store ? o->store : c->context->config->store.spec,
		.service = c->context->config->service,
		.item = o->store ? NULL : c->context->config->store.item,
		.passphrase_file = o->passphrase_file,
		.may_ask = true,
		.config = o->store ? NULL : c->context->config->store.fields,
		.config_path = o->store ? NULL : c->context->config->path,
	};

	return store_open(&c->store_options, &c->store);
}

/* What the options name instead is no keyring that is known of. */
static bool is_keyring(const struct connection *c)
{
	const struct config_secret *s = &c->context->config->secret;

	return s->mode == MODE_KEYRING &&
	       strcmp(c->target.secret, s->name) == 0 &&
	       strcmp(c->target.entry, s->key) == 0;
}

static KR_FALLIBLE open_all(struct connection *c, int flags)
{
	struct cli_options *o = &c->context->options;
	struct err *err = cli_target_resolve(c->context, &c->target);

	if (err)
		return err;
	c->secret.secret = c->target.secret;
	c->secret.entry = c->target.entry;
	c->secret.keyring = is_keyring(c);
	c->secret.ns = o->kube.namespace_;
	o->kube.stdin_is_taken = o->key_file && strcmp(o->key_file, "-") == 0;
	if (!(flags & CONNECT_OFFLINE))
		err = open_cluster(c);
	if (!err && c->secret.ns && !kube_name_is_valid(c->secret.ns))
		err = err_new(KR_EUSAGE,
			      "\"%.60s\" cannot be a namespace's name",
			      c->secret.ns);
	if (!err && flags & CONNECT_STORE)
		err = connection_open_store(c);
	return err;
}

KR_FALLIBLE connection_open(struct cli_context *context, struct result *result,
			    int flags, struct connection *out)
{
	struct err *err;

	memset(out, 0, sizeof(*out));
	out->context = context;
	out->result = result;
	out->opened_ms = clock_boot_ms();
	err = open_all(out, flags);
	if (err)
		connection_release(out);
	return err;
}

static void say_timings(const struct connection *c)
{
	struct http_stats s = kube_stats(c->kube);

	out_printf(
		c->context->err,
		"%u requests over %u connections, %llu bytes of bodies sent, %llu received, %lld ms\n",
		s.requests, s.connections, s.sent_bytes, s.received_bytes,
		(long long)(clock_boot_ms() - c->opened_ms));
}

KR_FALLIBLE connection_finish(struct connection *c, struct err *take_err)
{
	const struct cli_options *o = &c->context->options;

	if (c->kube && o->timings)
		say_timings(c);
	if (take_err || !o->warnings_as_errors || !c->warnings)
		return take_err;
	return err_new(KR_ECLUSTER, "%u warning%s received", c->warnings,
		       c->warnings == 1 ? "" : "s");
}

void connection_release(struct connection *c)
{
	store_close(c->store);
	kube_close(c->kube);
	kube_access_free(c->access);
	memset(c, 0, sizeof(*c));
}

void connection_run_options(const struct connection *c, struct run_options *out)
{
	const struct cli_options *o = &c->context->options;
	const struct config *config = c->context->config;
	const struct config_environment *environment = c->target.environment;

	*out = (struct run_options){
		.reporter = c->context->reporter,
		.result = c->result,
		.kube = c->kube,
		.store = c->store,
		.target = c->secret,
		.service = config->service,
		.consumers = c->target.consumers,
		.operator_ = o->operator_ ? o->operator_ : config->operator_,
		.cluster_id = environment ? environment->cluster_id : NULL,
		.allow_other_cluster = o->allow_other_cluster,
		.take_ownership = o->take_ownership,
		.allow_secret_type = o->allow_secret_type,
		.create = o->create,
		.allow_insecure_tls = o->allow_insecure_tls,
		.no_restart = o->no_restart,
		.no_wait = o->no_wait,
		.timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : -1,
	};
}

KR_FALLIBLE connection_find_key(struct connection *c, struct run_key *out)
{
	struct keysource found = { 0 };
	struct err *err = keysource_find(c->context, c->secret.entry, &found);

	if (!err)
		*out = (struct run_key){
			.given = take_ptr(&found.given),
			.entry = take_ptr(&found.entry),
			.source = take_ptr(&found.name),
		};
	keysource_release(&found);
	return err;
}

struct err *connection_no_key(const struct connection *c,
			      const struct run_key *source,
			      struct err *take_err)
{
	if (!err_is(take_err, KR_ESTORE) || source->given || source->entry ||
	    strcmp(err_reason(take_err), "EntryNotFound") != 0 ||
	    c->context->options.from_store)
		return take_err;
	err_free(take_err);
	return keysource_none(c->secret.entry);
}
