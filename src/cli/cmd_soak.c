/* soak: watch metrics and cluster for a while, to a verdict. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/connection.h"
#include "cli/soaktext.h"
#include "config/config.h"
#include "kube/secretnote.h"
#include "runbook/journal.h"
#include "runbook/soak_setup.h"

static void on_trace(void *user, const struct http_trace_event *e)
{
	struct connection *c = user;

	if (c->context->options.verbosity >= CONNECTION_VERBOSE_REQUESTS)
		out_printf(c->context->err,
			   "Prometheus: %s %s %ld in %lld ms\n", e->method,
			   e->target, e->status, (long long)e->elapsed_ms);
}

/* No option takes a password as its value. */
static KR_FALLIBLE check_url(const char *url)
{
	if (!url || !strchr(url, '@'))
		return NULL;
	return err_hint(err_new(KR_EUSAGE,
				"--prometheus takes an address without a "
				"password"),
			"Name user and password in soak.prometheus of "
			"keyrot.yaml, or use --prometheus env:NAME");
}

static KR_FALLIBLE find_soak(const struct connection *c,
			     const struct config_soak **out)
{
	const struct config_environment *environment = c->target.environment;
	const struct config *config = c->context->config;
	struct err *err;

	if (environment && environment->soak.n_metrics) {
		*out = &environment->soak;
		return NULL;
	}
	err = environment
		      ? err_new(KR_ECONFIG, "environment %s has no soak in %s",
				environment->name, config->path)
		      : err_new(KR_ECONFIG,
				"%s has no environment with context %s, and "
				"so no metrics to watch",
				config->path ? config->path : "keyrot.yaml",
				c->access->context);
	return err_hint(err, "Add soak: with for, prometheus and metrics to "
			     "the environment (docs/soak.md)");
}

static void fill_setup(struct connection *c, const struct config_soak *soak,
		       struct soak_setup_options *out)
{
	const struct cli_options *o = &c->context->options;
	const struct config_environment *environment = c->target.environment;

	*out = (struct soak_setup_options){
		.soak = soak,
		.config_path = c->context->config->path,
		.url = o->prometheus,
		.for_ms = o->for_ms,
		.every_ms = o->every_ms,
		.watch = { .kube = c->kube,
			   .target = c->secret,
			   .consumers = c->target.consumers,
			   .forbid = (const char *const *)
					     environment->verify.forbid },
		.changed_ago_ms = -1,
		.reporter = c->context->reporter,
		.on_trace = on_trace,
		.trace_user = c,
	};
}

/* The frame's target, with what the Secret says. */
static void add_target(struct connection *c, const struct soak_setup *setup)
{
	const struct soak_watch *watch = soak_setup_watch(setup);
	const struct result_target names = {
		.context = c->access->context,
		.cluster = c->access->cluster,
		.namespace_ = c->secret.ns,
		.secret = c->secret.secret,
		.entry = c->secret.entry,
	};
	struct cJSON *target = result_add_target(c->result, &names);
	const char *rotation = soak_watch_rotation(watch);

	result_put_str(target, "fingerprint", soak_watch_fingerprint(watch));
	if (rotation)
		result_set_rotation(c->result, rotation);
}

static const char *on_fail_of(const struct connection *c,
			      const struct config_soak *soak)
{
	if (c->context->options.on_fail)
		return c->context->options.on_fail;
	return soak->on_fail == ON_FAIL_ROLLBACK ? "rollback" : "hold";
}

/* What `rotate` or `promote` began, here or on another machine. */
static KR_FALLIBLE is_of_rotation(struct connection *c, const char *rotation,
				  const struct store_list *list, bool *out)
{
	kr_cleanup(str_freep) char *undone = NULL;
	kr_cleanup(str_freep) char *to = NULL;

	/* Entries that were made for all clusters are a rotation's. */
	for (size_t i = 0; i < list->count; i++) {
		*out = str_same(list->items[i].rotation, rotation) &&
		       strncmp(list->items[i].secret, "*/", 2) == 0;
		if (*out)
			return NULL;
	}
	return journal_look(c->context->config->service, rotation, out, &undone,
			    &to);
}

/* *out: the entry that goes back where an `apply` wrote; NULL: roll back. */
static KR_FALLIBLE find_before(struct connection *c, const char *rotation,
			       char **out)
{
	kr_cleanup(store_list_release) struct store_list list = { 0 };
	struct kube_key_facts facts = { 0 };
	bool rotated = false;
	struct err *err = connection_open_store(c);

	if (err)
		return err;
	/* KeePassXC would ask for its password; nobody may be there now. */
	if (store_asks(c->store) && strcmp(store_type(c->store), "file") != 0)
		return NULL;
	err = kube_secret_facts(c->kube, &c->secret, &facts);
	if (!err)
		err = store_entries(c->store, &list);
	if (!err)
		err = is_of_rotation(c, rotation, &list, &rotated);
	for (size_t i = 0; !err && !rotated && i < list.count; i++) {
		if (str_same(list.items[i].fingerprint, facts.replaced) &&
		    !str_keep(out, list.items[i].id))
			err = err_no_memory();
	}
	kube_key_facts_release(&facts);
	return err;
}

static void say_back(struct connection *c, const char *rotation)
{
	const char *context = c->access->context, *ns = c->secret.ns;
	kr_cleanup(str_freep) char *before = NULL;

	/* Without an answer, a roll-back is what is said. */
	if (rotation)
		err_free(find_before(c, rotation, &before));
	if (before)
		result_next(
			c->result,
			"kubectl keyrot apply --context %s -n %s --from-store=%s",
			context, ns, before);
	else
		result_next(c->result,
			    "kubectl keyrot rollback --context %s -n %s",
			    context, ns);
}

static void say_next(struct connection *c, const struct soak_result *soak,
		     const char *rotation, const char *on_fail)
{
	const char *context = c->access->context, *ns = c->secret.ns;

	if (soak->verdict == SOAK_PASS)
		return;
	if (soak->verdict == SOAK_FAIL) {
		say_back(c, rotation);
		if (strcmp(on_fail, "hold") != 0)
			return;
	}
	result_next(c->result, "kubectl keyrot soak --context %s -n %s",
		    context, ns);
}

static void show_step(const struct connection *c, enum report_state state,
		      int64_t elapsed_ms)
{
	const struct reporter *r = c->context->reporter;
	const struct report_step step = {
		.target = c->access->context,
		.id = "soak",
		.title = "Watch metrics, pods, Secret and logs",
		.state = state,
		.elapsed_ms = elapsed_ms,
	};

	if (r->step)
		r->step(r->user, &step);
}

static KR_FALLIBLE run(struct connection *c, struct soak_setup *setup,
		       const struct config_soak *soak)
{
	const char *rotation = soak_watch_rotation(soak_setup_watch(setup));
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *what = NULL;
	struct soak_options options;
	struct soak_source source;
	struct soak_result result;
	struct err *err;

	if (asprintf(&what, "%s %s %s/%s/%s %s", c->access->origin,
		     c->access->context, c->secret.ns, c->secret.secret,
		     c->secret.entry, rotation ? rotation : "-") < 0)
		return err_no_memory();
	err = soak_setup_state_path(rotation, what, &path);
	if (err)
		return err;
	soak_setup_fill(setup, &options, &source);
	options.target = c->access->context;
	options.what = what;
	options.state_path = path;
	options.afresh = c->context->options.afresh;
	show_step(c, REPORT_RUNNING, 0);
	err = soak_run(&options, &source, &result);
	show_step(c,
		  !err && result.verdict == SOAK_PASS ? REPORT_DONE
						      : REPORT_FAILED,
		  err ? 0 : result.elapsed_ms);
	if (err)
		return err;
	soak_result_fill(&options, &result, c->result->document);
	soaktext_write(&options, &result, &c->result->text);
	say_next(c, &result, rotation, on_fail_of(c, soak));
	err = soak_result_error(&result);
	soak_result_release(&result);
	return err;
}

static KR_FALLIBLE soak_target(struct connection *c)
{
	kr_cleanup(soak_setup_freep) struct soak_setup *setup = NULL;
	struct soak_setup_options options;
	const struct config_soak *soak = NULL;
	struct err *err = check_url(c->context->options.prometheus);

	if (!err)
		err = find_soak(c, &soak);
	if (err)
		return err;
	fill_setup(c, soak, &options);
	err = soak_setup_new(&options, &setup);
	if (!err)
		err = soak_setup_look_first(setup);
	if (err)
		return err;
	add_target(c, setup);
	json_set_str(c->result->document, "onFail", on_fail_of(c, soak));
	json_set_str(c->result->document, "prometheus",
		     soak_setup_where(setup));
	return run(c, setup, soak);
}

KR_FALLIBLE cmd_soak(struct cli_context *context, struct result *result)
{
	struct connection connection;
	struct err *err = connection_open(context, result, 0, &connection);

	if (err)
		return err;
	err = connection_finish(&connection, soak_target(&connection));
	connection_release(&connection);
	return err;
}
