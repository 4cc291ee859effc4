/* Reading the workloads and pods that use a Secret. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "kube/consumers_internal.h"
#include "kube/names.h"

size_t kube_consumers_read_count(const struct kube_consumers *c)
{
	return c->source_count;
}

/* A list begins, perhaps for the second time: its objects are void. */
static void begin(void *user)
{
	struct consumer_source *source = user;
	struct kube_consumers *c = source->consumers;
	size_t kept = 0;

	if (source->kind == KIND_POD)
		kube_pods_clear(&c->pods);
	if (source->kind == KIND_HPA)
		consumers_free_autoscalers(c);
	for (size_t i = 0; i < c->name_count; i++)
		c->names[i].found &= c->names[i].kind != source->kind;
	for (size_t i = 0; i < c->count; i++) {
		struct consumer item = c->items[i];

		if (item.kube_kind == source->kind &&
		    (!source->name || strcmp(item.name, source->name) == 0))
			consumer_release(&item);
		else
			c->items[kept++] = item;
	}
	c->count = kept;
}

/* A page that was cut and read anew gives what it gave before. */
static bool is_known(const struct kube_consumers *c, const char *uid)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->items[i].uid, uid) == 0)
			return true;
	}
	return false;
}

static struct err *take_workload(void *user, const struct cJSON *item)
{
	struct consumer_source *source = user;
	struct kube_consumers *c = source->consumers;
	struct consumer consumer = { 0 };
	struct consumer_name *name;
	struct err *err;

	if (is_known(c, json_str_or(item, "metadata.uid", "")))
		return NULL;
	err = consumer_read(source->kind, item, &c->target, &consumer);
	if (err)
		return err;
	name = consumers_name_of(c, source->kind, consumer.name);
	if (name)
		name->found = true;
	consumer.named = name != NULL;
	consumer.left_out = c->name_count && !name;
	if (!consumer.use.how && !consumer.named) {
		consumer_release(&consumer);
		return NULL;
	}
	if (!consumer.use.how)
		err = consumers_warn(c, "%s %s does not refer to Secret %s",
				     consumer.kind, consumer.name, c->secret);
	if (err) {
		consumer_release(&consumer);
		return err;
	}
	return consumers_add(c, &consumer);
}

static struct err *take_pod(void *user, const struct cJSON *item)
{
	struct consumer_source *source = user;

	return kube_consumers_take_pod(source->consumers, item);
}

static struct err *take_autoscaler(void *user, const struct cJSON *item)
{
	struct consumer_source *source = user;

	return consumers_keep_autoscaler(source->consumers, item);
}

static kube_on_item *taker_of(const struct consumer_source *source)
{
	if (source->kind == KIND_POD)
		return take_pod;
	return source->kind == KIND_HPA ? take_autoscaler : take_workload;
}

void kube_consumers_plan_reads(struct kube_consumers *c,
			       struct kube_request *requests)
{
	c->reading = true;
	for (size_t i = 0; i < c->source_count; i++)
		requests[i] = (struct kube_request){
			.method = "GET",
			.path = c->sources[i].full,
			.what = c->sources[i].what,
			.expect_kind = c->sources[i].list_kind,
			.on_begin = begin,
			.on_item = taker_of(&c->sources[i]),
			.item_user = &c->sources[i],
		};
}

/* The error for a named workload that is not there. */
static struct err *is_missing(struct kube_consumers *c, struct kube *kube,
			      const struct consumer_name *name)
{
	const struct kube_kind_info *info = kube_kind_info(name->kind);
	/* Who may only see the named one gets no suggestion. */
	kr_cleanup(str_freep) char *near =
		kube_names_suggest(kube, name->kind, c->ns, name->name);
	struct err *err =
		err_new(KR_ENOTFOUND, "%s %s is not there in namespace %s",
			info->kind, name->name, c->ns);

	if (near)
		return err_hint(err, "did you mean %s/%s?", info->singular,
				near);
	return err_hint(err, "kubectl get %s --context %s -n %s", info->plural,
			kube_access_of(kube)->context, c->ns);
}

static struct err *find_missing(struct kube_consumers *c, struct kube *kube)
{
	for (size_t i = 0; i < c->name_count; i++) {
		if (!c->names[i].found)
			return is_missing(c, kube, &c->names[i]);
	}
	return NULL;
}

/*
 * All of a kind may not be listed: those that were named are read one by one,
 * as a Role with resourceNames allows it.
 */
static struct err *read_named(struct kube_consumers *c, struct kube *kube,
			      enum kube_kind kind)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < c->name_count; i++) {
		struct consumer_source *source = &c->sources[c->source_count];

		if (c->names[i].kind != kind)
			continue;
		err = consumers_add_source(c, kind, c->names[i].name);
		if (!err)
			err = kube_list(kube, source->path, source->query, 0,
					take_workload, source,
					&source->version);
		if (err_is(err, KR_EFORBIDDEN))
			err = err_hint(
				err, "allow \"list\" and \"watch\" on %s %s",
				kube_kind_info(kind)->plural, c->names[i].name);
	}
	return err;
}

/* What cannot be read: an error where a consumer could be missed. */
static struct err *not_readable(struct kube_consumers *c, struct kube *kube,
				const struct consumer_source *source,
				struct err *take_err)
{
	const char *plural = kube_kind_info(source->kind)->plural;
	bool optional =
		source->kind == KIND_CRONJOB || source->kind == KIND_HPA;
	struct err *err;

	if (!err_is(take_err, KR_EFORBIDDEN) &&
	    !(optional && err_is(take_err, KR_ENOTFOUND)))
		return take_err;
	if (source->kind == KIND_POD)
		return err_hint(
			take_err,
			"which key each pod runs cannot be told without it: allow \"list\" and \"watch\" on pods");
	if (!optional && !c->name_count)
		return err_hint(
			take_err,
			"allow \"list\" on %s, or name the consumers (consumers: in keyrot.yaml)",
			plural);
	err_free(take_err);
	/* That autoscalers are not seen changes nothing. */
	if (source->kind == KIND_HPA)
		return NULL;
	err = consumers_warn(
		c, "%s were not looked at: the user may not list them", plural);
	return err ? err : read_named(c, kube, source->kind);
}

/* The rest of the pages, where there are more. */
static struct err *take_source(struct kube_consumers *c, struct kube *kube,
			       struct consumer_source *source,
			       struct kube_request *request)
{
	struct err *err = take_ptr(&request->err);

	if (!err && !request->object)
		err = err_new(KR_ECLUSTER, "no answer for the %s",
			      source->what);
	if (!err) {
		free(source->version);
		source->version = NULL;
		err = kube_list_rest(kube, source->path, source->query, 0,
				     request->object, taker_of(source), source,
				     &source->version);
	}
	return err ? not_readable(c, kube, source, err) : NULL;
}

static int compare(const void *left, const void *right)
{
	const struct consumer *a = left, *b = right;

	if (a->role != b->role)
		return a->role < b->role ? -1 : 1;
	if (a->kube_kind != b->kube_kind)
		return a->kube_kind < b->kube_kind ? -1 : 1;
	return strcmp(a->name, b->name);
}

KR_FALLIBLE kube_consumers_take_reads(struct kube_consumers *c,
				      struct kube *kube,
				      struct kube_request *requests)
{
	size_t n = c->source_count; /* grows where names are read alone */
	struct err *err = NULL;

	for (size_t i = 0; !err && i < n; i++)
		err = take_source(c, kube, &c->sources[i], &requests[i]);
	if (!err)
		err = find_missing(c, kube);
	if (err)
		return err;
	/* Pods hold indexes into the items: no sorting after they do. */
	if (c->count)
		qsort(c->items, c->count, sizeof(*c->items), compare);
	c->reading = false;
	err = consumers_name_autoscalers(c);
	if (!err)
		err = consumers_place_all(c);
	return err ? err : kube_consumers_resolve(c, kube);
}

KR_FALLIBLE kube_consumers_read(struct kube *kube,
				const struct kube_target *target,
				const char *const *names, size_t name_count,
				int flags, struct kube_consumers **out)
{
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;
	struct kube_request requests[KUBE_CONSUMER_READS] = { 0 };
	struct err *err;
	size_t n;

	err = kube_consumers_new(target, names, name_count, flags, &c);
	if (err)
		return err;
	n = c->source_count;
	kube_consumers_plan_reads(c, requests);
	err = kube_batch(kube, requests, n);
	if (!err)
		err = kube_consumers_take_reads(c, kube, requests);
	for (size_t i = 0; i < n; i++)
		kube_request_release(&requests[i]);
	if (!err)
		*out = take_ptr(&c);
	return err;
}
