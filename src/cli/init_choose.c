/* Which of the entries that were seen is the one to be rotated. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/init.h"
#include "config/config.h"
#include "kube/path.h"
#include "runbook/result.h"

/* Where the first is this much ahead, nobody is asked. */
#define CLEAR_LEAD	3
#define SHARED_POINTS	3 /* seen in another environment, too */
#define MANIFEST_POINTS 2 /* its manifest is in the repository */
#define MAX_ANSWERS	9

static bool is_same(const struct cJSON *a, const struct cJSON *b)
{
	return str_same(json_str(a, "secret"), json_str(b, "secret")) &&
	       str_same(json_str(a, "entry"), json_str(b, "entry"));
}

static struct cJSON *find(struct cJSON *const *all, size_t n,
			  const struct cJSON *key)
{
	for (size_t i = 0; i < n; i++)
		if (is_same(all[i], key))
			return all[i];
	return NULL;
}

static bool holds(const struct cJSON *list, const char *text)
{
	const struct cJSON *item = json_first(list);

	while (item && !str_same(json_text(item), text))
		item = json_next(item);
	return item != NULL;
}

/* Puts what one cluster has of it to what others have. */
static void merge(struct cJSON *candidate, const struct discover_place *place,
		  const struct cJSON *key)
{
	struct cJSON *in = json_member_mut(candidate, "environments");
	struct cJSON *contexts = json_member_mut(candidate, "contexts");
	long long points = json_int(candidate, "points", 0);
	long long more = json_int(key, "points", 0);

	if (more > points)
		points = more;
	if (json_length(in) && !holds(in, place->environment))
		points += SHARED_POINTS;
	if (!holds(in, place->environment))
		json_append_str(in, place->environment);
	if (!holds(contexts, place->context))
		json_append_str(contexts, place->context);
	result_put_int(candidate, "points", points);
	if (json_bool(key, "keyring", false))
		result_put_bool(candidate, "keyring", true);
}

static struct cJSON *new_candidate(const struct init *init,
				   const struct cJSON *key)
{
	struct cJSON *candidate = json_copy(key);

	if (!candidate)
		return NULL;
	json_add_array(candidate, "environments");
	json_add_array(candidate, "contexts");
	for (size_t i = 0; i < init->n_manifests; i++) {
		if (!str_same(init->manifests[i].name, json_str(key, "secret")))
			continue;
		result_put_int(candidate, "points",
			       json_int(key, "points", 0) + MANIFEST_POINTS);
		break;
	}
	return candidate;
}

static int compare(const void *left, const void *right)
{
	const struct cJSON *a = *(struct cJSON *const *)left;
	const struct cJSON *b = *(struct cJSON *const *)right;
	long long difference =
		json_int(b, "points", 0) - json_int(a, "points", 0);

	if (!difference)
		difference = strcmp(json_str_or(a, "secret", ""),
				    json_str_or(b, "secret", ""));
	if (!difference)
		difference = strcmp(json_str_or(a, "entry", ""),
				    json_str_or(b, "entry", ""));
	return difference < 0 ? -1 : difference > 0;
}

/* All that was seen, most likely first, into init->candidates. */
static KR_FALLIBLE gather(struct init *init)
{
	struct cJSON **all = calloc(init->n_places * DISCOVER_MAX_KEYS + 1,
				    sizeof(struct cJSON *));
	size_t n = 0;

	init->candidates = json_array();
	if (!all || !init->candidates) {
		free(all);
		return err_no_memory();
	}
	for (size_t i = 0; i < init->n_places; i++) {
		const struct discover_place *place = &init->places[i];
		const struct cJSON *key =
			json_first(json_member(place->seen, "keys"));

		for (; key; key = json_next(key)) {
			struct cJSON *candidate = find(all, n, key);

			if (!candidate) {
				candidate = new_candidate(init, key);
				all[n++] = candidate;
			}
			merge(candidate, place, key);
		}
	}
	qsort(all, n, sizeof(*all), compare);
	for (size_t i = 0; i < n; i++)
		json_append(init->candidates, all[i]);
	free(all);
	return NULL;
}

/* "secrets-service-config SECRET_ENCRYPTION_KEY, 32 bytes as base64, ..." */
static char *describe(const struct cJSON *candidate)
{
	const struct cJSON *user =
		json_first(json_member(candidate, "consumers"));
	const struct cJSON *context =
		json_first(json_member(candidate, "contexts"));
	struct buf text = BUF_INIT(4096);

	buf_printf(&text, "%s %s", json_str_or(candidate, "secret", ""),
		   json_str_or(candidate, "entry", ""));
	if (json_str(candidate, "encoding"))
		buf_printf(&text, ", %lld bytes as %s",
			   json_int(candidate, "bytes", 0),
			   json_str(candidate, "encoding"));
	for (const char *mark = ", used by "; user; user = json_next(user)) {
		buf_printf(&text, "%s%s", mark, json_text(user));
		mark = ", ";
	}
	for (const char *mark = ", in "; context;
	     context = json_next(context)) {
		buf_printf(&text, "%s%s", mark, json_text(context));
		mark = ", ";
	}
	return buf_take(&text);
}

static KR_FALLIBLE ask_which(struct init *init, const struct cJSON **out)
{
	char *answers[MAX_ANSWERS] = { NULL };
	const struct cJSON *all[MAX_ANSWERS];
	const struct cJSON *c = json_first(init->candidates);
	struct init_question question = {
		.text = "Which entry holds the key that is to be rotated?",
		.flag = "--secret NAME --entry NAME",
		.answers = answers,
	};
	struct err *err = NULL;
	size_t chosen = 0;

	for (; !err && c && question.count < MAX_ANSWERS; c = json_next(c)) {
		all[question.count] = c;
		answers[question.count] = describe(c);
		if (!answers[question.count++])
			err = err_no_memory();
	}
	if (!err)
		err = init_ask(init, &question, &chosen);
	if (!err)
		*out = all[chosen];
	for (size_t i = 0; i < question.count; i++)
		free(answers[i]);
	return err;
}

static KR_FALLIBLE take(struct init *init, const struct cJSON *candidate)
{
	const char *encoding = json_str(candidate, "encoding");
	struct err *err = NULL;

	if (!str_keep(&init->secret, json_str(candidate, "secret")) ||
	    !str_keep(&init->entry, json_str(candidate, "entry")))
		return err_no_memory();
	init->keyring = json_bool(candidate, "keyring", false);
	init->form.bytes = (size_t)json_int(candidate, "bytes", 0);
	if (encoding)
		err = keyspec_parse_encoding(encoding, &init->form.encoding);
	return err;
}

/* Nothing was seen: the names that were given, or the manifest's. */
static KR_FALLIBLE take_unseen(struct init *init)
{
	const struct cli_options *o = &init->context->options;
	const char *secret = o->secret;
	kr_cleanup(config_freep) struct config *usual = NULL;
	struct err *err = config_defaults(&usual);

	if (err)
		return err;
	if (!secret && init->n_manifests == 1)
		secret = init->manifests[0].name;
	if (!secret) {
		err = err_new(
			KR_EUSAGE,
			"no Secret with an entry that looks like a key was seen");
		err = err_set_reason(err, "NoKeySeen");
		return err_hint(err, "--secret NAME --entry NAME name it");
	}
	if (!str_keep(&init->secret, secret) ||
	    !str_keep(&init->entry, o->entry ? o->entry : usual->secret.key))
		return err_no_memory();
	init_warn(init,
		  "no cluster showed entry %s of Secret %s: the names are "
		  "taken as they are",
		  init->entry, init->secret);
	return NULL;
}

/* Where each cluster has it. */
static KR_FALLIBLE place_keys(struct init *init)
{
	init->keys = calloc(init->n_places + 1, sizeof(*init->keys));
	if (!init->keys)
		return err_no_memory();
	for (size_t i = 0; i < init->n_places; i++) {
		const struct cJSON *key =
			json_first(json_member(init->places[i].seen, "keys"));

		while (key &&
		       (!str_same(json_str(key, "secret"), init->secret) ||
			!str_same(json_str(key, "entry"), init->entry)))
			key = json_next(key);
		init->keys[i] = key;
	}
	return NULL;
}

/* "secrets-service" of "secrets-service-config", or the one that uses it. */
static KR_FALLIBLE name_service(struct init *init)
{
	static const char *const tails[] = { "-config", "-secrets", "-secret",
					     "-keys",	"-key",	    "-env" };
	const struct cJSON *user = NULL;
	const char *name;
	char *slash;

	for (size_t i = 0; i < init->n_places && !user; i++)
		user = json_first(json_member(init->keys[i], "consumers"));
	if (!str_keep(&init->service, init->secret))
		return err_no_memory();
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		size_t n = strlen(init->service), cut = strlen(tails[i]);

		if (n > cut && text_ends_with(init->service, tails[i])) {
			init->service[n - cut] = '\0';
			return NULL;
		}
	}
	slash = user ? strchr(json_text(user), '/') : NULL;
	name = slash ? slash + 1 : NULL;
	if (name && !str_keep(&init->service, name))
		return err_no_memory();
	return NULL;
}

static void find_manifest(struct init *init)
{
	for (size_t i = 0; i < init->n_manifests; i++) {
		if (!str_same(init->manifests[i].name, init->secret))
			continue;
		init->manifest = &init->manifests[i];
		if (init->manifest->holds_data)
			init_warn(init,
				  "%s holds data: a key in a repository is "
				  "not a secret, and has to be rotated",
				  init->manifest->path);
		return;
	}
}

KR_FALLIBLE init_choose(struct init *init)
{
	const struct cJSON *first, *second, *chosen;
	struct err *err = gather(init);

	if (err)
		return err;
	first = chosen = json_first(init->candidates);
	second = first ? json_next(first) : NULL;
	if (second &&
	    json_int(first, "points", 0) - json_int(second, "points", 0) <
		    CLEAR_LEAD)
		err = ask_which(init, &chosen);
	if (!err)
		err = chosen ? take(init, chosen) : take_unseen(init);
	if (!err)
		err = place_keys(init);
	if (!err)
		err = name_service(init);
	if (!err)
		find_manifest(init);
	return err;
}

const char *init_namespace(const struct init *init, size_t place)
{
	const struct discover_place *p = &init->places[place];
	const char *flag = init->context->options.kube.namespace_;
	const char *own = "default";

	if (flag)
		return flag;
	if (init->keys[place])
		return json_str_or(init->keys[place], "namespace", "default");
	for (size_t i = 0; i < init->contexts.count; i++)
		if (str_same(init->contexts.items[i].name, p->context))
			own = init->contexts.items[i].namespace_;
	/* Nothing says where: where the others have it. */
	for (size_t i = 0; i < init->n_places; i++)
		if (strcmp(own, "default") == 0 && init->keys[i])
			own = json_str_or(init->keys[i], "namespace", own);
	return own;
}
