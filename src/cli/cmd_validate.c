/* validate: the gates of an environment, and the mark that they were passed. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/connection.h"
#include "config/config.h"
#include "runbook/mark.h"
#include "runbook/validate.h"
#include "secret/search.h"
#include "runbook/verify.h"

struct validating {
	struct cli_context *context;
	struct result *result;
	const struct config_environment *environment; /* NULL: none */
	struct connection *connections;
	/* What each Secret holds; beside connections. */
	struct kube_secret **secrets;
	struct validate_place *places;
	struct secret_search *searched;
	size_t count;
};

static KR_FALLIBLE find_env(const struct config *config, const char *name,
			    const struct config_environment **out)
{
	for (size_t i = 0; i < config->n_environments; i++) {
		if (strcmp(config->environments[i].name, name) != 0)
			continue;
		*out = &config->environments[i];
		return NULL;
	}
	return err_new(KR_EUSAGE, "%s has no environment of that name",
		       config->path ? config->path : "keyrot.yaml");
}

static KR_FALLIBLE allocate(struct validating *v, size_t n)
{
	v->connections = calloc(n, sizeof(*v->connections));
	v->secrets = calloc(n, sizeof(*v->secrets));
	v->places = calloc(n, sizeof(*v->places));
	return v->connections && v->secrets && v->places
		       ? secret_search_new(&v->searched)
		       : err_no_memory();
}

/* Each target of the environment as if its context had been named. */
static KR_FALLIBLE open_env(struct validating *v, const char *name)
{
	struct kube_flags *flags = &v->context->options.kube;
	struct err *err = find_env(v->context->config, name, &v->environment);

	if (!err && flags->context)
		err = err_new(KR_EUSAGE, "--env or --context, not both");
	if (!err)
		err = allocate(v, v->environment->n_targets);
	for (size_t i = 0; !err && i < v->environment->n_targets; i++) {
		const struct config_target *t = &v->environment->targets[i];

		flags->context = t->context;
		flags->namespace_ = t->namespace_;
		err = connection_open(v->context, v->result, 0,
				      &v->connections[i]);
		v->count += !err;
	}
	return err;
}

static KR_FALLIBLE open_all(struct validating *v)
{
	const char *env = v->context->options.env;
	struct err *err;

	if (env)
		return open_env(v, env);
	err = allocate(v, 1);
	if (!err)
		err = connection_open(v->context, v->result, 0,
				      &v->connections[0]);
	if (err)
		return err;
	v->count = 1;
	v->environment = v->connections[0].target.environment;
	return NULL;
}

/* What was checked is one key, everywhere. */
static KR_FALLIBLE look_at(struct validating *v, size_t at)
{
	const struct connection *c = &v->connections[at];
	struct kube_secret *s;
	struct err *err = kube_secret_get(c->kube, &c->secret, &v->secrets[at]);

	if (err)
		return err;
	s = v->secrets[at];
	if (!kube_secret_has_entry(s))
		return err_new(KR_ENOTFOUND, "Secret %s/%s has no entry %s",
			       s->ns, s->name, s->entry);
	err = secret_search_add(v->searched, s->live);
	if (err)
		return err;
	kube_secret_forget(s);
	v->places[at] = (struct validate_place){
		.kube = c->kube,
		.target = c->secret,
		.context = c->access->context,
		.changed_ms = s->facts.written_ms,
	};
	if (strcmp(s->live_fingerprint, v->secrets[0]->live_fingerprint) == 0)
		return NULL;
	return err_set_reason(
		err_new(KR_EGATE, "%s runs key %.12s, and %s runs %.12s",
			v->places[0].context, v->secrets[0]->live_fingerprint,
			v->places[at].context, s->live_fingerprint),
		"Drift");
}

static KR_FALLIBLE look_at_all(struct validating *v)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < v->count; i++)
		err = connection_verify(&v->connections[i]);
	for (size_t i = 0; !err && i < v->count; i++)
		err = look_at(v, i);
	return err;
}

static KR_FALLIBLE run_checks(struct validating *v)
{
	const struct validate_options options = {
		.config = v->context->config,
		.environment = v->environment,
		.name = v->environment ? v->environment->name
				       : v->places[0].context,
		.places = v->places,
		.n_places = v->count,
		.rotation = v->secrets[0]->facts.rotation,
		.fingerprint = v->secrets[0]->live_fingerprint,
		.searched = v->searched,
		.afresh = true,
		.reporter = v->context->reporter,
		.result = v->result,
	};
	struct err *err = validate_checks(&options);

	return err ? err : validate_dependents(&options);
}

static KR_FALLIBLE mark_all(struct validating *v)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < v->count; i++)
		err = mark_validated(v->connections[i].kube,
				     &v->connections[i].secret,
				     v->secrets[0]->live_fingerprint);
	if (!err)
		json_set_bool(v->result->document, "marked", true);
	return err;
}

static void say_check(struct buf *text, const struct cJSON *row)
{
	long long tests = json_int(row, "tests", -1);

	buf_printf(text, "%-8s %s", json_str_or(row, "outcome", ""),
		   json_str_or(row, "name", ""));
	if (json_int(row, "seconds", -1) >= 0)
		buf_printf(text, ", %lld s", json_int(row, "seconds", 0));
	if (tests >= 0)
		buf_printf(text, ", %lld tests", tests);
	buf_putc(text, '\n');
}

/* What people see; a failure says it all, with the state beside it. */
static void say_all(const struct validating *v)
{
	struct buf *text = &v->result->text;
	const struct cJSON *row =
		json_first(json_at(v->result->document, "checks"));

	buf_printf(text, "passed   logs of the pods\n");
	for (; row; row = json_next(row))
		say_check(text, row);
	buf_printf(text, "key %.12s %s\n", v->secrets[0]->live_fingerprint,
		   v->context->options.no_mark ? "passed; it is not marked"
					       : "is marked as validated");
}

static KR_FALLIBLE validate(struct validating *v)
{
	struct err *err = open_all(v);

	json_set(v->result->document, "checks", json_array());
	json_set_bool(v->result->document, "marked", false);
	if (!err)
		err = look_at_all(v);
	if (!err)
		err = run_checks(v);
	if (!err && !v->context->options.no_mark)
		err = mark_all(v);
	if (!err)
		say_all(v);
	return err;
}

KR_FALLIBLE cmd_validate(struct cli_context *context, struct result *result)
{
	struct validating v = { .context = context, .result = result };
	struct err *err = validate(&v);

	for (size_t i = 0; i < v.count; i++) {
		err = connection_finish(&v.connections[i], err);
		kube_secret_free(v.secrets[i]);
		connection_release(&v.connections[i]);
	}
	free(v.connections);
	free(v.secrets);
	free(v.places);
	secret_search_free(v.searched);
	return err;
}
