#include "runbook/soak_setup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/proxy.h"
#include "runbook/soak_setup_internal.h"
#include "secret/secret.h"

#define MAX_TIMEOUT_MS 10000

void soak_setup_free(struct soak_setup *setup)
{
	if (!setup)
		return;
	prometheus_free(setup->prometheus);
	soak_watch_free(setup->watch);
	for (size_t i = 0; setup->queries && i < setup->n; i++)
		free(setup->queries[i]);
	free(setup->queries);
	free(setup->metrics);
	free(setup->last_at_ms);
	free(setup->folder);
	free(setup);
}

static struct ref ref_of(const struct config_ref *ref)
{
	static const enum ref_from from[] = {
		[REF_NONE] = REF_FROM_NOWHERE,
		[REF_ENV] = REF_FROM_ENV,
		[REF_FILE] = REF_FROM_FILE,
		[REF_EXEC] = REF_FROM_EXEC,
	};

	return (struct ref){ .from = from[ref->kind], .value = ref->value };
}

static int limit_of(double configured)
{
	return configured < 0 ? -1 : (int)configured;
}

static const char *aggregate_word(int aggregate)
{
	static const char *const words[] = {
		[AGGREGATE_NONE] = NULL, [AGGREGATE_SUM] = "sum",
		[AGGREGATE_AVG] = "avg", [AGGREGATE_MIN] = "min",
		[AGGREGATE_MAX] = "max",
	};

	return words[aggregate];
}

static struct soak_metric metric_of(const struct config_metric *m)
{
	static const enum soak_no_data no_data[] = {
		[NO_DATA_BREACH] = SOAK_NO_DATA_BREACH,
		[NO_DATA_HOLD] = SOAK_NO_DATA_HOLD,
		[NO_DATA_ZERO] = SOAK_NO_DATA_ZERO,
	};

	return (struct soak_metric){
		.name = m->name,
		.query = m->query,
		.aggregate = aggregate_word(m->aggregate),
		.rule = { .max = m->max,
			  .max_increase_pct = m->max_increase_pct,
			  .no_data = no_data[m->no_data],
			  .limits = { .breach = limit_of(m->allowed.breach),
				      .no_data = limit_of(m->allowed.no_data),
				      .nan = limit_of(m->allowed.nan),
				      .error = limit_of(m->allowed.error) } },
	};
}

/* A line break ends a comment at the query's end. */
static char *wrapped(const struct soak_metric *m)
{
	char *text = NULL;

	if (!m->aggregate)
		return strdup(m->query);
	return asprintf(&text, "%s(%s\n)", m->aggregate, m->query) < 0 ? NULL
								       : text;
}

static KR_FALLIBLE make_metrics(struct soak_setup *s)
{
	const struct config_soak *c = s->options.soak;

	s->n = c->n_metrics;
	s->metrics = calloc(s->n + 1, sizeof(*s->metrics));
	s->queries = calloc(s->n + 1, sizeof(*s->queries));
	s->last_at_ms = calloc(s->n + 1, sizeof(*s->last_at_ms));
	if (!s->metrics || !s->queries || !s->last_at_ms)
		return err_no_memory();
	for (size_t i = 0; i < s->n; i++) {
		s->metrics[i] = metric_of(&c->metrics[i]);
		s->queries[i] = wrapped(&s->metrics[i]);
		if (!s->queries[i])
			return err_no_memory();
	}
	return NULL;
}

/* The environment's proxy, as for the cluster. A URL that is kept elsewhere
 * has none: its host is not known here. */
static KR_FALLIBLE find_proxy(const char *url, char **out)
{
	struct proxy_env env = proxy_env_read();
	struct hosturl host = { 0 };
	struct ref ref;
	struct err *err;

	if (ref_parse(url, &ref))
		return NULL;
	err = hosturl_parse(url, &host);
	if (!err)
		err = proxy_from_env(&env, &host, out);
	hosturl_release(&host);
	return err_wrap(err, "the address of Prometheus");
}

/* A query must be over well before the next one is due. */
static int64_t timeout_of(const struct soak_setup *s)
{
	int64_t asked_ms = s->options.soak->prometheus.timeout_ms;
	int64_t most_ms = s->every_ms * 8 / 10;

	if (asked_ms <= 0)
		asked_ms = MAX_TIMEOUT_MS;
	return asked_ms < most_ms ? asked_ms : most_ms;
}

static KR_FALLIBLE open_prometheus(struct soak_setup *s)
{
	const struct config_prometheus *c = &s->options.soak->prometheus;
	kr_cleanup(str_freep) char *proxy = NULL;
	struct prometheus_options o = {
		.url = s->options.url ? s->options.url : c->url,
		.folder = s->folder,
		.token = ref_of(&c->token),
		.user = c->user,
		.password = ref_of(&c->password),
		.tenant = c->tenant,
		.ca = c->ca,
		.cert = c->cert,
		.key = c->key,
		.server_name = c->server_name,
		.allow_plain_http = c->allow_plain_http,
		.timeout_ms = timeout_of(s),
	};
	struct err *err = find_proxy(o.url, &proxy);

	if (err)
		return err;
	o.proxy_url = proxy;
	err = prometheus_new(&o, &s->prometheus);
	if (!err)
		prometheus_set_trace(s->prometheus, s->options.on_trace,
				     s->options.trace_user);
	return err;
}

KR_FALLIBLE soak_setup_new(const struct soak_setup_options *o,
			   struct soak_setup **out)
{
	kr_cleanup(soak_setup_freep) struct soak_setup *s =
		calloc(1, sizeof(*s));
	struct err *err;

	if (!s)
		return err_no_memory();
	s->options = *o;
	s->for_ms = o->for_ms >= 0 ? o->for_ms : o->soak->for_ms;
	s->every_ms = o->every_ms >= 0 ? o->every_ms : o->soak->every_ms;
	if (soak_ticks(s->for_ms, s->every_ms) == 0)
		return err_new(KR_ECONFIG,
			       "a soak takes a sample every 1s or more, and "
			       "from 1 to %d of them",
			       SOAK_MAX_TICKS);
	if (o->config_path)
		s->folder = file_dirname(o->config_path);
	err = make_metrics(s);
	if (!err)
		err = open_prometheus(s);
	if (!err && o->watch.kube)
		err = soak_watch_new(&o->watch, &s->watch);
	if (err)
		return err;
	*out = take_ptr(&s);
	return NULL;
}

void soak_setup_fill(struct soak_setup *s, struct soak_options *out_options,
		     struct soak_source *out_source)
{
	const struct config_soak *c = s->options.soak;

	*out_options = (struct soak_options){
		.for_ms = s->for_ms,
		.every_ms = s->every_ms,
		.settle_ms = c->settle_ms,
		.min_good_pct = c->min_good_pct,
		.metrics = s->metrics,
		.n_metrics = s->n,
		.reporter = s->options.reporter,
	};
	*out_source = (struct soak_source){ .baseline = soak_setup_begin,
					    .sample = soak_setup_sample,
					    .user = s };
	if (!s->watch)
		return;
	out_source->look = soak_setup_look;
	out_source->memory = soak_setup_memory;
	out_source->recall = soak_setup_recall;
}

const struct soak_watch *soak_setup_watch(const struct soak_setup *s)
{
	return s->watch;
}

const char *soak_setup_where(const struct soak_setup *s)
{
	return prometheus_where(s->prometheus);
}

static char *state_folder(void)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char *text = NULL;
	int n;

	if (state && *state == '/')
		n = asprintf(&text, "%s/keyrot", state);
	else
		n = asprintf(&text, "%s/.local/state/keyrot",
			     home && *home ? home : ".");
	return n < 0 ? NULL : text;
}

KR_FALLIBLE soak_setup_state_path(const char *rotation, const char *what,
				  char **out)
{
	kr_cleanup(secret_freep) struct secret *text = NULL;
	kr_cleanup(str_freep) char *folder = state_folder();
	char hash[SECRET_FINGERPRINT_LEN];
	struct err *err = secret_from_bytes(what, strlen(what), &text);

	if (!err)
		err = secret_fingerprint(text, hash);
	if (err)
		return err;
	if (!folder || asprintf(out, "%s/%s/soak-%.12s.jsonl", folder,
				rotation ? rotation : "none", hash) < 0)
		return err_no_memory();
	return NULL;
}
