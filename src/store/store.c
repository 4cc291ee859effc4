#include "store/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/passphrase.h"
#include "store/store_internal.h"

static const struct store_backend *const backends[] = {
	/* In the order of docs/stores.md. */
	&backend_file,	    &backend_pass,  &backend_gopass,
	&backend_keepassxc, &backend_vault, &backend_op,
	&backend_bw,	    &backend_exec,  &backend_none,
};

#define BACKEND_COUNT (sizeof(backends) / sizeof(*backends))

struct err *store_error(const char *reason, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return err_set_reason(err_new(KR_ESTORE, "%s", text), reason);
}

const char *const *store_types(void)
{
	static const char *names[BACKEND_COUNT + 1];

	for (size_t i = 0; i < BACKEND_COUNT; i++)
		names[i] = backends[i]->name;
	return names;
}

static struct err *unknown_type(const char *type)
{
	const char *meant = text_suggest(type, store_types());
	kr_cleanup(buf_release) struct buf list = BUF_INIT(1000);
	struct err *err =
		err_new(KR_EUSAGE, "unknown type of store \"%s\"", type);

	if (meant)
		return err_hint(err, "did you mean \"%s\"?", meant);
	for (size_t i = 0; i < BACKEND_COUNT; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", backends[i]->name);
	return err_hint(err, "use one of: %s", buf_str(&list));
}

static struct err *find_backend(const char *type,
				const struct store_backend **out)
{
	for (size_t i = 0; i < BACKEND_COUNT; i++) {
		if (strcmp(backends[i]->name, type) == 0) {
			*out = backends[i];
			return NULL;
		}
	}
	return unknown_type(type);
}

KR_FALLIBLE store_open(const struct store_options *options, struct store **out)
{
	const char *spec = options->spec ? options->spec : "file";
	const char *colon = strchr(spec, ':');
	kr_cleanup(str_freep) char *type =
		strndup(spec, colon ? (size_t)(colon - spec) : strlen(spec));
	kr_cleanup(store_closep) struct store *store =
		calloc(1, sizeof(*store));
	const struct store_backend *backend = NULL;
	struct err *err;

	if (!type || !store)
		return err_no_memory();
	err = find_backend(type, &backend);
	if (err)
		return err;
	store->options = options;
	err = backend->open(options, colon && colon[1] ? colon + 1 : NULL,
			    &store->state, &store->label);
	if (err)
		return err_wrap(err, "store %s", spec);
	store->backend = backend;
	*out = take_ptr(&store);
	return NULL;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->backend)
		store->backend->close(store->state);
	free(store->label);
	free(store);
}

const char *store_type(const struct store *store)
{
	return store->backend->name;
}

const char *store_where(const struct store *store)
{
	return store->label;
}

bool store_can_prove(const struct store *store)
{
	return store->backend->can_prove;
}

struct err *store_named(const struct store *store, struct err *take_err)
{
	if (!take_err)
		return NULL;
	if (!err_is(take_err, KR_ENOMEM) && !err_is(take_err, KR_EINTERRUPTED))
		take_err = err_as(take_err, KR_ESTORE);
	/* Without a reason of its own it has the kind's: the documented one
	 * for that is StoreFailed. */
	if (err_is(take_err, KR_ESTORE) &&
	    strcmp(err_reason(take_err), err_kind_name(KR_ESTORE)) == 0)
		take_err = err_set_reason(take_err, "StoreFailed");
	return err_wrap(take_err, "store %s", store->label);
}

bool store_asks(const struct store *store)
{
	const struct passphrase_source source = {
		.file = store->options->passphrase_file,
	};

	return store->backend->has_passphrase && passphrase_is_asked(&source);
}

KR_FALLIBLE store_probe(struct store *store)
{
	return store_named(store, store->backend->probe(store->state));
}

void store_list_release(struct store_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		store_meta_release(&list->items[i]);
	free(list->items);
	*list = (struct store_list){ 0 };
}

KR_FALLIBLE store_list_add(struct store_list *list,
			   struct store_meta *take_meta)
{
	if ((list->count & (list->count - 1)) == 0) {
		size_t room = list->count ? 2 * list->count : 1;
		struct store_meta *grown =
			reallocarray(list->items, room, sizeof(*grown));

		if (!grown) {
			store_meta_release(take_meta);
			return err_no_memory();
		}
		list->items = grown;
	}
	list->items[list->count++] = *take_meta;
	*take_meta = (struct store_meta){ 0 };
	return NULL;
}

/* Entries without a time come last: they are broken, and must be seen. */
static int compare_age(const void *a, const void *b)
{
	const struct store_meta *left = a, *right = b;
	int64_t l = INT64_MAX, r = INT64_MAX;

	if (!clock_parse_rfc3339(left->created_at, &l))
		l = INT64_MAX;
	if (!clock_parse_rfc3339(right->created_at, &r))
		r = INT64_MAX;
	if (l != r)
		return l < r ? -1 : 1;
	return strcmp(left->id, right->id);
}

static bool of_this_service(const struct store *store,
			    const struct store_meta *meta)
{
	return !*meta->service || !store->options->service ||
	       strcmp(meta->service, store->options->service) == 0;
}

/* The length of the rotation's id that an entry's begins with; 0: none. */
static size_t rotation_in(const char *id)
{
	const size_t day = 3, random = 12, end = 18;

	if (strncmp(id, "kr-", day) != 0 ||
	    strspn(id + day, "0123456789") != random - day - 1 ||
	    id[random - 1] != '-' ||
	    strspn(id + random, "0123456789abcdef") != end - random)
		return 0;
	return !id[end] || id[end] == '-' ? end : 0;
}

/* Not every list tells it: a name that has to be short does not. */
static KR_FALLIBLE tell_rotation(struct store_meta *meta)
{
	size_t len = *meta->rotation ? 0 : rotation_in(meta->id);
	char *rotation = len ? strndup(meta->id, len) : NULL;

	if (!len)
		return NULL;
	if (!rotation)
		return err_no_memory();
	free(meta->rotation);
	meta->rotation = rotation;
	return NULL;
}

KR_FALLIBLE store_entries(struct store *store, struct store_list *out)
{
	kr_cleanup(store_list_release) struct store_list all = { 0 };
	struct err *err = store->backend->list(store->state, &all);
	size_t kept = 0;

	if (err)
		return store_named(store, err);
	for (size_t i = 0; i < all.count; i++) {
		struct store_meta meta = all.items[i];

		all.items[i] = (struct store_meta){ 0 };
		if (of_this_service(store, &meta))
			all.items[kept++] = meta;
		else
			store_meta_release(&meta);
	}
	all.count = kept;
	for (size_t i = 0; !err && i < kept; i++)
		err = tell_rotation(&all.items[i]);
	if (err)
		return err;
	if (kept)
		qsort(all.items, kept, sizeof(*all.items), compare_age);
	*out = all;
	all = (struct store_list){ 0 };
	return NULL;
}
