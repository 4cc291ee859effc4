/* Entries of Secrets that look like keys, and the workloads that use them. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/consumers.h"
#include "kube/path.h"
#include "runbook/discover_internal.h"
#include "runbook/result.h"
#include "secret/base64.h"

/* An entry that is longer than this holds no key. */
#define MAX_VALUE_BYTES 256

struct search {
	struct discover_look *look;
	const char *ns; /* NULL: all of the cluster */
	struct cJSON *found[DISCOVER_MAX_KEYS];
	size_t count;
	size_t secrets;
	bool full; /* there are more Secrets than are looked at */
};

/* What is given by name is a key, whatever it looks like. */
static int points_of(const struct discover_options *o, const char *secret,
		     const char *entry, const struct secret *value,
		     struct keyspec *form)
{
	int points = discover_points(secret, entry, value, form);

	if ((o->secret && strcmp(o->secret, secret) != 0) ||
	    (o->entry && strcmp(o->entry, entry) != 0))
		return 0;
	if (o->secret && o->entry)
		return 100;
	if (o->secret || o->entry)
		return form->bytes ? points + DISCOVER_KEY_POINTS : 0;
	if (!form->bytes)
		return 0;
	if (strcmp(o->usual_secret, secret) == 0)
		points += DISCOVER_USUAL_POINTS;
	if (strcmp(o->usual_entry, entry) == 0)
		points += DISCOVER_USUAL_POINTS;
	return points;
}

/* The most likely first; then the context's own namespace, then by name. */
static int compare(const void *left, const void *right)
{
	static const char *const names[] = { "namespace", "secret", "entry" };
	const struct cJSON *a = *(struct cJSON *const *)left;
	const struct cJSON *b = *(struct cJSON *const *)right;
	long long difference =
		json_int(b, "points", 0) - json_int(a, "points", 0);

	if (!difference)
		difference =
			json_bool(b, "own", false) - json_bool(a, "own", false);
	for (size_t i = 0; !difference && i < 3; i++)
		difference = strcmp(json_str_or(a, names[i], ""),
				    json_str_or(b, names[i], ""));
	return difference < 0 ? -1 : difference > 0;
}

static void keep(struct search *search, struct cJSON *take_key)
{
	qsort(search->found, search->count, sizeof(*search->found), compare);
	if (search->count == DISCOVER_MAX_KEYS)
		json_free(search->found[--search->count]);
	search->found[search->count++] = take_key;
}

/* ENTRY_NEXT or ENTRY_PREVIOUS beside it: a keyring. */
static bool has_ring(const struct cJSON *data, const char *entry)
{
	static const char *const suffixes[] = { KUBE_NEXT_SUFFIX,
						KUBE_PREVIOUS_SUFFIX };
	char name[300];

	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", entry, suffixes[i]);
		if (json_member(data, name))
			return true;
	}
	return false;
}

/* ... and those two are no keys of their own. */
static bool is_of_ring(const struct cJSON *data, const char *entry)
{
	static const char *const suffixes[] = { KUBE_NEXT_SUFFIX,
						KUBE_PREVIOUS_SUFFIX };
	char name[300];

	for (size_t i = 0; i < 2; i++) {
		if (!text_ends_with(entry, suffixes[i]))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s",
			       (int)(strlen(entry) - strlen(suffixes[i])),
			       entry);
		if (json_member(data, name))
			return true;
	}
	return false;
}

static KR_FALLIBLE take_entry(struct search *search, const struct cJSON *object,
			      const struct cJSON *entry)
{
	const struct cJSON *data = json_member(object, "data");
	const char *ns = json_str_or(object, "metadata.namespace", "");
	const char *secret = json_str_or(object, "metadata.name", "");
	const char *text = json_text(entry);
	kr_cleanup(secret_freep) struct secret *value = NULL;
	struct keyspec form = { 0 };
	struct cJSON *key;
	struct err *err;
	int points;

	if (!text || strlen(text) > MAX_VALUE_BYTES ||
	    is_of_ring(data, json_name(entry)))
		return NULL;
	err = base64_decode(text, strlen(text), &value);
	if (err) {
		err_free(err);
		return NULL;
	}
	points = points_of(search->look->options, secret, json_name(entry),
			   value, &form);
	if (points < DISCOVER_KEY_POINTS)
		return NULL;
	key = json_object();
	json_set_str(key, "namespace", ns);
	json_set_str(key, "secret", secret);
	json_set_str(key, "entry", json_name(entry));
	json_set_int(key, "points", points);
	json_set_bool(key, "keyring", has_ring(data, json_name(entry)));
	if (form.bytes)
		json_set_int(key, "bytes", (long long)form.bytes);
	else
		json_set_null(key, "bytes");
	json_set_str(key, "encoding",
		     form.bytes ? keyspec_encoding_name(form.encoding) : NULL);
	json_set_bool(key, "own",
		      strcmp(ns, search->look->access->namespace_) == 0);
	if (!key)
		return err_no_memory();
	keep(search, key);
	return NULL;
}

static struct err *take_secret(void *user, const struct cJSON *item)
{
	struct search *search = user;
	const struct cJSON *entry = json_first(json_member(item, "data"));
	struct err *err = NULL;

	if (++search->secrets > DISCOVER_MAX_SECRETS) {
		search->full = true;
		return err_new(KR_ENOMEM, "more Secrets than are looked at");
	}
	/* What the cluster itself runs on is not rotated by this program. */
	if (!search->ns &&
	    text_starts_with(json_str_or(item, "metadata.namespace", ""),
			     "kube-"))
		return NULL;
	for (; !err && entry; entry = json_next(entry))
		err = take_entry(search, item, entry);
	return err;
}

/* Where all of them may not be listed, the one that is likely is read. */
static KR_FALLIBLE read_one(struct search *search)
{
	const struct discover_options *o = search->look->options;
	const char *name = o->secret ? o->secret : o->usual_secret;
	kr_cleanup(str_freep) char *path =
		kube_path(KIND_SECRET, search->look->access->namespace_, name);
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.what = "the Secret",
		.expect_kind = "Secret",
		.flags = KUBE_KEY | KUBE_KEY_LAST,
	};
	struct err *err;

	if (!path)
		return err_no_memory();
	err = kube_do(search->look->kube, &request);
	if (!err)
		err = take_secret(search, request.object);
	else if (err_is(err, KR_ENOTFOUND) || err_is(err, KR_EFORBIDDEN))
		err_free(take_ptr(&err));
	kube_request_release(&request);
	return err;
}

static KR_FALLIBLE list(struct search *search)
{
	kr_cleanup(str_freep) char *path =
		kube_path(KIND_SECRET, search->ns, NULL);
	kr_cleanup(str_freep) char *what = NULL;
	struct err *err;

	if (!path || asprintf(&what, "not all Secrets %s%s were looked at",
			      search->ns ? "of namespace " : "of the cluster",
			      search->ns ? search->ns : "") < 0) {
		what = NULL;
		return err_no_memory();
	}
	search->secrets = 0;
	err = kube_list(search->look->kube, path, "fieldSelector=type%3DOpaque",
			KUBE_KEY, take_secret, search, NULL);
	if (search->full)
		err = err_as(err, KR_ECLUSTER);
	if (err_is(err, KR_EFORBIDDEN) && search->ns) {
		struct err *read_err = read_one(search);

		if (read_err) {
			err_free(err);
			err = read_err;
		}
	}
	return discover_pass(search->look, err, what);
}

/* "deployment/x" of each, sorted; NULL where they could not be read. */
static KR_FALLIBLE read_consumers(struct discover_look *look, struct cJSON *key)
{
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;
	const struct kube_target target = {
		.ns = json_str_or(key, "namespace", ""),
		.secret = json_str_or(key, "secret", ""),
		.entry = json_str_or(key, "entry", ""),
		.keyring = json_bool(key, "keyring", false),
	};
	struct err *err = kube_consumers_read(look->kube, &target, NULL, 0,
					      CONSUMERS_NO_PODS, &c);
	struct cJSON *names;
	bool used = false;

	if (err)
		return discover_pass(look, err, "workloads were not looked at");
	names = json_add_array(key, "consumers");
	for (size_t i = 0; i < c->count; i++) {
		kr_cleanup(str_freep) char *name = NULL;

		if (c->items[i].kube_kind == KIND_COUNT ||
		    !c->items[i].use.entry_how)
			continue;
		if (asprintf(&name, "%s/%s",
			     kube_kind_info(c->items[i].kube_kind)->singular,
			     c->items[i].name) < 0) {
			name = NULL;
			return err_no_memory();
		}
		json_append_str(names, name);
		used = true;
	}
	if (used)
		result_put_int(key, "points",
			       json_int(key, "points", 0) +
				       DISCOVER_USED_POINTS);
	return NULL;
}

KR_FALLIBLE discover_keys(struct discover_look *look)
{
	struct search search = { .look = look };
	bool everywhere = look->access->namespace_is_default;
	struct err *err;

	search.ns = everywhere ? NULL : look->access->namespace_;
	err = list(&search);
	/* Who may not see all of the cluster sees the one namespace. */
	if (!err && everywhere && !search.count) {
		search.ns = look->access->namespace_;
		err = list(&search);
	}
	qsort(search.found, search.count, sizeof(*search.found), compare);
	for (size_t i = 0; !err && i < search.count; i++)
		if (i < DISCOVER_MAX_CONSUMERS)
			err = read_consumers(look, search.found[i]);
	qsort(search.found, search.count, sizeof(*search.found), compare);
	for (size_t i = 0; i < search.count; i++) {
		if (!json_member(search.found[i], "consumers"))
			json_set_null(search.found[i], "consumers");
		json_append(json_member_mut(look->seen, "keys"),
			    search.found[i]);
	}
	return err;
}
