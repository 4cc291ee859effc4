#include "kube/consumers.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "kube/consumers_internal.h"

KR_FALLIBLE consumers_add(struct kube_consumers *c,
			  struct consumer *take_consumer)
{
	struct consumer *grown =
		reallocarray(c->items, c->count + 1, sizeof(*grown));

	if (!grown) {
		consumer_release(take_consumer);
		return err_no_memory();
	}
	c->items = grown;
	c->items[c->count++] = *take_consumer;
	*take_consumer = (struct consumer){ 0 };
	return NULL;
}

KR_FALLIBLE consumers_warn(struct kube_consumers *c, const char *format, ...)
{
	char **grown =
		reallocarray(c->warnings, c->warning_count + 1, sizeof(*grown));
	char *text = NULL;
	va_list ap;
	int n;

	if (!grown)
		return err_no_memory();
	c->warnings = grown;
	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		return err_no_memory();
	c->warnings[c->warning_count++] = text;
	return NULL;
}

KR_FALLIBLE consumers_add_source(struct kube_consumers *c, enum kube_kind kind,
				 const char *name)
{
	const struct kube_kind_info *info = kube_kind_info(kind);
	struct consumer_source *s = &c->sources[c->source_count++];
	struct buf query = BUF_INIT(1024);
	struct buf full = BUF_INIT(4096);

	s->kind = kind;
	s->consumers = c;
	s->path = kube_path(kind, c->ns, NULL);
	if (name) {
		buf_puts(&query, "fieldSelector=");
		buf_url(&query, "metadata.name=");
		buf_url(&query, name);
	}
	buf_printf(&full, "%s?limit=%d%s%s", s->path ? s->path : "",
		   KUBE_PAGE_ITEMS, name ? "&" : "", buf_str(&query));
	s->query = buf_take(&query);
	s->full = buf_take(&full);
	if (asprintf(&s->what, "%s of %s", info->plural, c->ns) < 0)
		s->what = NULL;
	if (asprintf(&s->list_kind, "%sList", info->kind) < 0)
		s->list_kind = NULL;
	if (!str_keep(&s->name, name) || !s->path || !s->query || !s->full ||
	    !s->what || !s->list_kind)
		return err_no_memory();
	return NULL;
}

static struct err *add_name(struct kube_consumers *c, const char *text)
{
	const char *slash = strchr(text, '/');
	struct consumer_name *name = &c->names[c->name_count];
	enum kube_kind kind;

	if (!slash || !kube_kind_parse(text, (size_t)(slash - text), &kind) ||
	    !kube_name_is_valid(slash + 1))
		return err_hint(
			err_new(KR_EUSAGE,
				"consumer \"%.300s\" is not of the form KIND/NAME",
				text),
			"write deployment/NAME, statefulset/NAME, daemonset/NAME or cronjob/NAME");
	if (kind != KIND_DEPLOYMENT && kind != KIND_STATEFULSET &&
	    kind != KIND_DAEMONSET && kind != KIND_CRONJOB)
		return err_new(
			KR_EUSAGE,
			"a %s cannot be a consumer: only Deployments, StatefulSets, DaemonSets and CronJobs make new pods",
			kube_kind_info(kind)->kind);
	if (consumers_name_of(c, kind, slash + 1))
		return NULL;
	name->kind = kind;
	name->name = strdup(slash + 1);
	if (!name->name)
		return err_no_memory();
	c->name_count++;
	return NULL;
}

struct consumer_name *consumers_name_of(const struct kube_consumers *c,
					enum kube_kind kind, const char *name)
{
	for (size_t i = 0; i < c->name_count; i++) {
		if (c->names[i].kind == kind &&
		    strcmp(c->names[i].name, name) == 0)
			return &c->names[i];
	}
	return NULL;
}

static struct err *add_sources(struct kube_consumers *c)
{
	static const enum kube_kind all[] = { KIND_DEPLOYMENT, KIND_STATEFULSET,
					      KIND_DAEMONSET, KIND_CRONJOB };
	struct err *err = NULL;

	for (size_t i = 0; !err && i < sizeof(all) / sizeof(*all); i++)
		err = consumers_add_source(c, all[i], NULL);
	if (!err && c->flags & CONSUMERS_AUTOSCALERS)
		err = consumers_add_source(c, KIND_HPA, NULL);
	if (!err && !(c->flags & CONSUMERS_NO_PODS))
		err = consumers_add_source(c, KIND_POD, NULL);
	return err;
}

KR_FALLIBLE kube_consumers_new(const struct kube_target *target,
			       const char *const *names, size_t name_count,
			       int flags, struct kube_consumers **out)
{
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;
	struct err *err = NULL;

	if (name_count > KUBE_CONSUMER_MAX_NAMES)
		return err_new(KR_EUSAGE, "more than %d consumers are named",
			       KUBE_CONSUMER_MAX_NAMES);
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_no_memory();
	c->flags = flags;
	c->names = calloc(KUBE_CONSUMER_MAX_NAMES, sizeof(*c->names));
	c->sources = calloc(KUBE_CONSUMER_READS, sizeof(*c->sources));
	c->owners = calloc(1, sizeof(*c->owners));
	if (!c->names || !c->sources || !c->owners ||
	    !str_keep(&c->ns, target->ns) ||
	    !str_keep(&c->secret, target->secret) ||
	    !str_keep(&c->entry, target->entry))
		return err_no_memory();
	c->target = (struct kube_target){ c->ns, c->secret, c->entry,
					  target->keyring };
	for (size_t i = 0; !err && i < name_count; i++)
		err = add_name(c, names[i]);
	if (!err)
		err = add_sources(c);
	if (err)
		return err;
	*out = take_ptr(&c);
	return NULL;
}

void kube_consumers_free(struct kube_consumers *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		consumer_release(&c->items[i]);
	for (size_t i = 0; i < c->source_count; i++) {
		free(c->sources[i].name);
		free(c->sources[i].path);
		free(c->sources[i].query);
		free(c->sources[i].what);
		free(c->sources[i].version);
		free(c->sources[i].full);
		free(c->sources[i].list_kind);
	}
	for (size_t i = 0; i < c->warning_count; i++)
		free(c->warnings[i]);
	for (size_t i = 0; i < c->name_count; i++)
		free(c->names[i].name);
	free(c->names);
	kube_pods_release(&c->pods);
	consumer_owners_free(c->owners);
	consumers_free_autoscalers(c);
	free(c->items);
	free(c->sources);
	free(c->warnings);
	free(c->ns);
	free(c->secret);
	free(c->entry);
	free(c);
}

struct consumer *kube_consumers_find(const struct kube_consumers *c,
				     const char *kind, const char *name)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->items[i].kind, kind) == 0 &&
		    strcmp(c->items[i].name, name) == 0)
			return &c->items[i];
	}
	return NULL;
}

KR_FALLIBLE kube_consumers_choose(struct kube_consumers *c, const char *context,
				  const char *rotation)
{
	for (size_t i = 0; i < c->count; i++) {
		struct consumer *item = &c->items[i];
		struct err *err;

		item->restart =
			consumer_takes_part(item) &&
			!str_equal(item->state.template_rotation, rotation);
		if (!item->restart || !item->state.paused)
			continue;
		err = err_new(
			KR_EREFUSED,
			"%s %s is paused: its pods would stay on the old key",
			item->kind, item->name);
		err = err_set_reason(err, "Paused");
		return err_hint(
			err, "kubectl rollout resume %s/%s --context %s -n %s",
			kube_kind_info(item->kube_kind)->singular, item->name,
			context, c->ns);
	}
	return NULL;
}
