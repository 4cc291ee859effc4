#include "cli/gitopsapps.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/str.h"
#include "cli/connection.h"
#include "cli/gitops.h"
#include "config/config.h"
#include "kube/secretobj.h"

/* Argo CD waits 5 s (its default) before it heals the same thing again. */
#define SETTLE_MS 6000

struct cli_app {
	const struct config_application *config;
	struct kube_access *access;
	struct kube *kube;
	struct gitops_application app;
	struct kube_application *seen; /* NULL */
	bool asked;
};

/* Where the resource is, by context. */
static const char *context_of(const struct config *config,
			      const struct config_application *app)
{
	if (app->context || config->argocd.context)
		return app->context ? app->context : config->argocd.context;
	for (size_t i = 0; i < config->n_environments; i++)
		if (!app->environment ||
		    str_same(app->environment, config->environments[i].name))
			return config->environments[i].targets[0].context;
	return NULL;
}

static KR_FALLIBLE open_app(struct cli_apps *apps, struct cli_app *app)
{
	const struct config *config = apps->context->config;
	struct kube_flags flags = apps->context->options.kube;
	struct err *err;

	app->app = (struct gitops_application){
		.ns = app->config->namespace_	  ? app->config->namespace_
		      : config->argocd.namespace_ ? config->argocd.namespace_
						  : "argocd",
		.name = app->config->name,
		.argocd = apps->argocd,
		.by_refresh = config->argocd.trigger == TRIGGER_REFRESH,
	};
	if (apps->argocd)
		return NULL;
	flags.context = context_of(config, app->config);
	flags.namespace_ = NULL;
	if (!flags.context)
		return err_new(KR_ECONFIG,
			       "argocd: Application %s is of no environment",
			       app->config->name);
	err = kube_access_load(&flags, &app->access);
	if (!err)
		err = kube_open(app->access, &app->kube);
	app->app.kube = app->kube;
	return err_wrap(err, "Application %s", app->config->name);
}

/* A reference of keyrot.yaml. */
static struct ref ref_of(const struct config_ref *ref, const char *folder)
{
	static const enum ref_from from[] = {
		[REF_NONE] = REF_FROM_NOWHERE,
		[REF_ENV] = REF_FROM_ENV,
		[REF_FILE] = REF_FROM_FILE,
		[REF_EXEC] = REF_FROM_EXEC,
	};

	return (struct ref){ from[ref->kind], ref->value, folder };
}

static KR_FALLIBLE open_api(struct cli_apps *apps)
{
	const struct config *config = apps->context->config;
	kr_cleanup(str_freep) char *folder = NULL;
	struct argocd_options options = {
		.url = config->argocd.server,
		.ca = config->argocd.ca,
	};

	if (!config->argocd.server)
		return NULL;
	folder = config->path ? file_dirname(config->path) : strdup(".");
	if (!folder)
		return err_no_memory();
	options.folder = folder;
	options.token = ref_of(&config->argocd.token, folder);
	return argocd_new(&options, &apps->argocd);
}

KR_FALLIBLE cli_apps_open(struct cli_context *context, struct result *result,
			  struct cli_apps *out)
{
	const struct config_argocd *argocd = &context->config->argocd;
	struct err *err;

	*out = (struct cli_apps){ .context = context, .result = result };
	out->items = calloc(argocd->n_applications + 1, sizeof(*out->items));
	if (!out->items)
		return err_no_memory();
	err = open_api(out);
	for (size_t i = 0; i < argocd->n_applications && !err; i++) {
		out->items[i].config = &argocd->applications[i];
		out->count++;
		err = open_app(out, &out->items[i]);
	}
	return err;
}

void cli_apps_release(struct cli_apps *apps)
{
	for (size_t i = 0; i < apps->count; i++) {
		kube_application_free(apps->items[i].seen);
		kube_close(apps->items[i].kube);
		kube_access_free(apps->items[i].access);
	}
	free(apps->items);
	argocd_free(apps->argocd);
	*apps = (struct cli_apps){ 0 };
}

/* How many of the key's entries Git has; 0 outside of a repository. */
static KR_FALLIBLE count_entries(struct cli_apps *apps, size_t *out)
{
	kr_cleanup(gitrepo_release) struct gitrepo repo = { 0 };
	kr_cleanup(str_freep) char *manifest = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	struct gitops_check look;
	struct err *err = cli_gitops_repo(apps->context, apps->result, &repo);

	if (!err)
		err = cli_gitops_look(apps->context, &repo, apps->result, &look,
				      &manifest);
	if (!err)
		err = gitops_manifest_look(&look, NULL, &path, out);
	return err;
}

static KR_FALLIBLE reverts(const struct cli_app *app)
{
	struct err *err = err_new(
		KR_EREFUSED,
		"Application %s would put back what Git has: the manifest of "
		"the Secret has the key's entry%s",
		app->config->name,
		app->seen->self_heal ? ", and self-heal is on" : "");

	err = err_set_reason(err, "SelfHealReverts");
	return err_hint(err, "kubectl keyrot gitops manifest");
}

KR_FALLIBLE cli_apps_check(struct cli_apps *apps)
{
	const struct config *config = apps->context->config;
	size_t entries = 0;
	struct err *err = apps->count ? count_entries(apps, &entries) : NULL;

	for (size_t i = 0; i < apps->count && !err; i++) {
		struct cli_app *app = &apps->items[i];
		struct kube_application *now = NULL;
		const struct config_target *t =
			&config->environments[0].targets[0];

		err = gitops_application_get(&app->app, &now);
		if (err)
			break;
		kube_application_free(app->seen);
		app->seen = now;
		if (!kube_application_spares(
			    now, t->namespace_ ? t->namespace_ : "",
			    config->secret.name, config->secret.key)) {
			if (entries)
				err = reverts(app);
		} else if (!entries) {
			result_warn(apps->result,
				    "Application %s has "
				    "RespectIgnoreDifferences=true for the "
				    "key: each sync makes Argo CD its owner, "
				    "so that a rotation is refused; take it "
				    "out, and sync",
				    app->config->name);
		}
	}
	return err;
}

static void say(const struct cli_apps *apps, const char *format,
		const char *name)
{
	const struct reporter *r = apps->context->reporter;
	char text[512];

	(void)snprintf(text, sizeof(text), "Application %s %s", name, format);
	if (r->message)
		r->message(r->user, REPORT_INFO, text);
}

KR_FALLIBLE cli_apps_sync(struct cli_apps *apps, const char *rotation)
{
	int64_t timeout_ms = apps->context->config->argocd.timeout_ms;
	struct err *err = NULL;

	for (size_t i = 0; i < apps->count && !err; i++) {
		struct cli_app *app = &apps->items[i];

		say(apps, "is to become Synced and Healthy", app->config->name);
		kube_application_free(app->seen);
		app->seen = NULL;
		err = gitops_sync(&app->app, rotation,
				  timeout_ms > 0 ? timeout_ms
						 : GITOPS_SYNC_TIMEOUT_MS,
				  &app->asked, &app->seen);
		if (!err)
			say(apps, "is Synced and Healthy", app->config->name);
	}
	return err;
}

/* What was said of the target while the key was there is true no more. */
static void say_reverted(struct cli_apps *apps, const struct connection *c,
			 const char *live)
{
	struct cJSON *targets =
		json_member_mut(apps->result->document, "targets");
	struct cJSON *t;
	char text[160];

	(void)snprintf(text, sizeof(text),
		       "the Secret holds %.12s again: pods that start from now "
		       "on run another key than those that run",
		       *live ? live : "no key");
	cJSON_ArrayForEach (t, targets)
		if (str_same(json_str(t, "context"), c->access->context) &&
		    str_same(json_str(t, "namespace"), c->secret.ns))
			result_put_str(t, "state", text);
}

static KR_FALLIBLE check_key(struct cli_apps *apps, struct connection *c,
			     const char *rotation, bool strict)
{
	kr_cleanup(kube_secret_freep) struct kube_secret *s = NULL;
	struct err *err = kube_secret_get(c->kube, &c->secret, &s);

	if (err)
		return err;
	if (!strict && !str_same(s->facts.rotation, rotation))
		return NULL;
	if (*s->live_fingerprint && str_same(s->facts.rotation, rotation) &&
	    str_same(s->facts.fingerprint, s->live_fingerprint))
		return NULL;
	say_reverted(apps, c, s->live_fingerprint);
	err = err_new(KR_EGATE,
		      "Secret %s/%s in %s does not hold the key of rotation "
		      "%s any more: it holds %.12s",
		      c->secret.ns, c->secret.secret, c->access->context,
		      rotation,
		      *s->live_fingerprint ? s->live_fingerprint : "none");
	err = err_set_reason(err, "KeyReverted");
	return err_hint(err, "kubectl keyrot gitops manifest");
}

static KR_FALLIBLE check_targets(struct cli_apps *apps, const char *rotation,
				 bool strict)
{
	const struct config *config = apps->context->config;
	struct kube_flags *flags = &apps->context->options.kube;
	const struct kube_flags given = *flags;
	struct err *err = NULL;

	for (size_t i = 0; i < config->n_environments && !err; i++) {
		const struct config_environment *e = &config->environments[i];

		for (size_t t = 0; t < e->n_targets && !err; t++) {
			struct connection c;

			flags->context = e->targets[t].context;
			flags->namespace_ = e->targets[t].namespace_;
			err = connection_open(apps->context, apps->result, 0,
					      &c);
			if (err)
				break;
			err = check_key(apps, &c, rotation, strict);
			connection_release(&c);
		}
	}
	*flags = given;
	return err;
}

KR_FALLIBLE cli_apps_check_keys(struct cli_apps *apps, const char *rotation,
				bool strict)
{
	bool heals = false;
	struct err *err =
		apps->count ? check_targets(apps, rotation, strict) : NULL;

	for (size_t i = 0; i < apps->count; i++)
		heals = heals ||
			(apps->items[i].seen && apps->items[i].seen->automated);
	if (err || !heals || !strict)
		return err;
	clock_sleep_ms(SETTLE_MS);
	err = stop_check();
	return err ? err : check_targets(apps, rotation, strict);
}

void cli_apps_fill(struct cli_apps *apps)
{
	struct cJSON *list =
		json_add_array(apps->result->document, "applications");

	for (size_t i = 0; i < apps->count; i++) {
		const struct cli_app *app = &apps->items[i];
		const struct kube_application *s = app->seen;
		struct cJSON *row = json_append_object(list);

		json_set_str(row, "name", app->config->name);
		json_set_str(row, "namespace", app->app.ns);
		json_set_str(row, "sync", s ? s->sync : NULL);
		json_set_str(row, "health", s ? s->health : NULL);
		json_set_str(row, "operation", s ? s->phase : NULL);
		json_set_bool(row, "asked", app->asked);
		if (s)
			json_set_bool(row, "selfHeal", s->self_heal);
		else
			json_set_null(row, "selfHeal");
		buf_printf(&apps->result->text, "Application %s: %s, %s\n",
			   app->config->name,
			   s && s->sync ? s->sync : "unknown",
			   s && s->health ? s->health : "unknown");
	}
}
