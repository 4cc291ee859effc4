/* init: keyrot.yaml, filled in from what the clusters show. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/init.h"
#include "config/config.h"
#include "kube/path.h"
#include "runbook/result.h"
#include "store/store.h"

#define FILE_MAX_BYTES (1024 * 1024)

void init_warn(struct init *init, const char *format, ...)
{
	const struct reporter *r = init->context->reporter;
	kr_cleanup(str_freep) char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	if (!text)
		return;
	result_warn(init->result, "%s", text);
	if (r->message)
		r->message(r->user, REPORT_WARNING, text);
}

static void init_release(struct init *init)
{
	discover_release(init->places, init->n_places);
	free(init->places);
	kube_contexts_release(&init->contexts);
	for (size_t i = 0; i < init->n_manifests; i++) {
		free(init->manifests[i].path);
		free(init->manifests[i].name);
	}
	free(init->manifests);
	free(init->secret);
	free(init->entry);
	free(init->service);
	json_free(init->candidates);
	free(init->keys);
}

/* Looks at all of them. None that answers: there is nothing to write. */
static KR_FALLIBLE look(struct init *init)
{
	const struct cli_options *o = &init->context->options;
	kr_cleanup(config_freep) struct config *usual = NULL;
	struct discover_options options = {
		.flags = &o->kube,
		.secret = o->secret,
		.entry = o->entry,
	};
	struct err *err = config_defaults(&usual);
	size_t failed = 0;

	if (err)
		return err;
	options.usual_secret = usual->secret.name;
	options.usual_entry = usual->secret.key;
	discover_clusters(&options, init->places, init->n_places);
	for (size_t i = 0; i < init->n_places; i++) {
		struct discover_place *p = &init->places[i];

		if (err_is(p->err, KR_EINTERRUPTED) ||
		    err_is(p->err, KR_ECONFIG) || err_is(p->err, KR_EUSAGE))
			return take_ptr(&p->err);
		failed += p->err != NULL;
	}
	if (failed && failed == init->n_places)
		return err_wrap(take_ptr(&init->places[0].err), "%s",
				init->places[0].context);
	return NULL;
}

static void say_what_was_not_seen(struct init *init)
{
	for (size_t i = 0; i < init->n_places; i++) {
		const struct discover_place *p = &init->places[i];
		const struct cJSON *note =
			json_first(json_member(p->seen, "notes"));

		if (p->err)
			init_warn(init, "%s was not looked at: %s", p->context,
				  err_message(p->err));
		for (; note; note = json_next(note))
			init_warn(init, "%s: %s", p->context, json_text(note));
	}
}

/*
 * Of several contexts that are one environment by their names, those without
 * the key are none of it.
 */
static void drop_strangers(struct init *init)
{
	size_t kept = 0;

	for (size_t i = 0; i < init->n_places; i++) {
		struct discover_place place = init->places[i];
		const struct cJSON *key = init->keys[i];
		bool alone = true;

		for (size_t j = 0; j < init->n_places; j++)
			alone &= j == i || !init->places[j].environment ||
				 strcmp(init->places[j].environment,
					place.environment) != 0 ||
				 !init->keys[j];
		if (!key && !alone && place.seen &&
		    !init->context->options.staging &&
		    !init->context->options.production) {
			discover_release(&place, 1);
			init->places[i] = place;
			continue;
		}
		init->places[i] = (struct discover_place){ 0 };
		init->places[kept] = place;
		init->keys[kept++] = key;
	}
	init->n_places = kept;
}

/* The program itself has to accept what it writes. */
static KR_FALLIBLE check_text(const struct init *init, const struct buf *text)
{
	kr_cleanup(config_freep) struct config *config = NULL;

	return config_parse(init->path, buf_str(text), text->len, &config);
}

enum file_state { FILE_PRINTED, FILE_CREATED, FILE_UNCHANGED, FILE_REPLACED };

static const char *const states[] = { "printed", "created", "unchanged",
				      "replaced" };

static KR_FALLIBLE says_something_else(const struct init *init)
{
	struct err *err =
		err_new(KR_EREFUSED, "%s is there, and says something else",
			init->path);

	err = err_set_reason(err, "FileExists");
	result_next(init->result, "kubectl keyrot init --dry-run | diff %s -",
		    init->path);
	return err_hint(err, "to replace it all the same: --allow-overwrite");
}

/* A folder that is not there, or a place of somebody else's. */
static struct err *not_usable(struct err *take_err)
{
	return err_is(take_err, KR_EUNEXPECTED) ? err_as(take_err, KR_EUSAGE)
						: take_err;
}

static KR_FALLIBLE write_file(const struct init *init, const struct buf *text,
			      enum file_state *out)
{
	struct buf old = BUF_INIT(FILE_MAX_BYTES);
	struct err *err = file_read(init->path, &old);
	bool same = old.len == text->len &&
		    memcmp(buf_str(&old), buf_str(text), text->len) == 0;

	buf_release(&old);
	if (err_is(err, KR_ENOTFOUND)) {
		err_free(err);
		err = file_write_new(init->path, text->data, text->len);
		if (!err)
			*out = FILE_CREATED;
		return not_usable(err);
	}
	if (err)
		return not_usable(err);
	if (same) {
		*out = FILE_UNCHANGED;
		return NULL;
	}
	if (!init->context->options.allow_overwrite)
		return says_something_else(init);
	err = file_write_atomic(init->path, text->data, text->len);
	if (!err)
		*out = FILE_REPLACED;
	return err;
}

static void fill_target(const struct init *init, size_t i)
{
	const struct discover_place *place = &init->places[i];
	const struct cJSON *user =
		json_first(json_member(init->keys[i], "consumers"));
	struct cJSON *target = result_add_target(
		init->result,
		&(struct result_target){
			.context = place->context,
			.cluster = json_str(place->seen, "cluster"),
			.namespace_ = init_namespace(init, i),
			.secret = init->secret,
			.entry = init->entry,
		});

	result_put_str(target, "environment", place->environment);
	result_put_bool(target, "changed", false);
	for (; user; user = json_next(user)) {
		const char *text = json_text(user);
		const char *slash = strchr(text, '/');
		enum kube_kind kind;

		if (slash &&
		    kube_kind_parse(text, (size_t)(slash - text), &kind))
			(void)result_add_consumer(
				target, kube_kind_info(kind)->kind, slash + 1);
	}
}

static void fill_result(struct init *init, const struct buf *text,
			enum file_state state)
{
	struct cJSON *document = init->result->document;
	struct cJSON *file = json_add_object(document, "file");
	struct cJSON *clusters = json_add_array(document, "clusters");

	json_set_str(file, "path", init->path);
	json_set_str(file, "state", states[state]);
	json_set_str(file, "text", buf_str(text));
	json_set_str(document, "service", init->service);
	json_set_str(document, "manifest",
		     init->manifest ? init->manifest->path : NULL);
	for (size_t i = 0; i < init->n_places; i++) {
		struct cJSON *one = init->places[i].seen
					    ? json_copy(init->places[i].seen)
					    : json_object();

		if (!init->places[i].seen)
			json_set_str(one, "context", init->places[i].context);
		json_set_str(one, "error",
			     init->places[i].err
				     ? err_message(init->places[i].err)
				     : NULL);
		json_append(clusters, one);
		fill_target(init, i);
	}
}

static void say_cluster(const struct init *init, size_t i, struct buf *out)
{
	const struct discover_place *p = &init->places[i];
	const struct cJSON *user =
		json_first(json_member(init->keys[i], "consumers"));
	const struct cJSON *found =
		json_first(json_member(p->seen, "prometheus"));

	buf_printf(out, "  %-11s %s/%s", p->environment, p->context,
		   init_namespace(init, i));
	for (const char *mark = ": "; user; user = json_next(user)) {
		buf_printf(out, "%s%s", mark, json_text(user));
		mark = ", ";
	}
	buf_puts(out, "\n");
	if (found)
		buf_printf(out, "  %-11s Prometheus %s/%s\n", "",
			   json_str_or(found, "namespace", ""),
			   json_str_or(found, "service", ""));
	found = json_first(json_member(p->seen, "argocd"));
	for (; found; found = json_next(found))
		if (str_same(json_str(found, "namespace"),
			     init_namespace(init, i)))
			buf_printf(out, "  %-11s Argo CD Application %s\n", "",
				   json_str_or(found, "application", ""));
}

static void say(const struct init *init, const struct buf *text,
		enum file_state state)
{
	struct buf *out = &init->result->text;

	if (state == FILE_PRINTED) {
		buf_append(out, buf_str(text), text->len);
		return;
	}
	buf_printf(out, "%s: %s\n", init->path, states[state]);
	buf_printf(out, "  %-11s %s, entry %s", "secret", init->secret,
		   init->entry);
	if (init->form.bytes)
		buf_printf(out, ": %zu bytes as %s", init->form.bytes,
			   keyspec_encoding_name(init->form.encoding));
	buf_puts(out, "\n");
	for (size_t i = 0; i < init->n_places; i++)
		say_cluster(init, i, out);
	if (init->manifest)
		buf_printf(out, "  %-11s %s\n", "manifest",
			   init->manifest->path);
	result_next(init->result, "kubectl keyrot doctor --context %s",
		    init->places[0].context);
	result_next(init->result, "kubectl keyrot plan rotate");
}

static KR_FALLIBLE check_options(const struct cli_options *o, bool *out_print)
{
	const char *dry = o->dry_run;
	kr_cleanup(store_closep) struct store *store = NULL;
	struct err *err = NULL;

	*out_print = !*dry || strcmp(dry, "client") == 0 ||
		     strcmp(dry, "server") == 0;
	if (!*out_print && strcmp(dry, "none") != 0)
		return err_new(KR_EUSAGE, "--dry-run is client or none");
	if (o->store) {
		const struct store_options named = { .spec = o->store,
						     .service = "init" };

		err = store_open(&named, &store);
	}
	if (err)
		return err;
	if (o->prometheus && strchr(o->prometheus, '@'))
		return err_new(KR_EUSAGE, "--prometheus takes no password: "
					  "name it as env:NAME in the file");
	if (o->secret && !kube_name_is_valid(o->secret))
		return err_new(
			KR_EUSAGE,
			"--secret is not a name that Kubernetes accepts");
	if (o->entry && !kube_entry_is_valid(o->entry))
		return err_new(KR_EUSAGE,
			       "--entry is not a name of a Secret's entry");
	return NULL;
}

static KR_FALLIBLE run(struct init *init, bool print)
{
	struct buf text = BUF_INIT(FILE_MAX_BYTES);
	enum file_state state = FILE_PRINTED;
	struct err *err = init_find_contexts(init);

	if (!err)
		err = init_find_manifests(init);
	if (!err)
		err = look(init);
	if (!err) {
		say_what_was_not_seen(init);
		err = init_choose(init);
	}
	if (!err) {
		drop_strangers(init);
		err = init_text(init, &text);
	}
	if (!err)
		err = check_text(init, &text);
	if (!err && !print)
		err = write_file(init, &text, &state);
	if (!err) {
		fill_result(init, &text, state);
		say(init, &text, state);
	}
	buf_release(&text);
	return err;
}

KR_FALLIBLE cmd_init(struct cli_context *context, struct result *result)
{
	const struct cli_options *o = &context->options;
	struct init init = {
		.context = context,
		.result = result,
		.path = o->file ? o->file : "keyrot.yaml",
	};
	bool print;
	struct err *err = check_options(o, &print);

	if (!err)
		err = run(&init, print || strcmp(init.path, "-") == 0);
	init_release(&init);
	return err;
}
