#include "runbook/rights.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "kube/path.h"
#include "runbook/permission.h"
#include "runbook/run.h"

#define MOST 32 /* workloads beyond it are not asked about */

struct question {
	enum kube_kind kind;
	const char *verb;
	const char *name; /* NULL: all of the namespace */
};

struct asking {
	struct question questions[MOST];
	struct kube_request requests[MOST];
	char *bodies[MOST];
	size_t count;
};

static void ask(struct asking *asking, enum kube_kind kind, const char *verb,
		const char *name)
{
	if (asking->count < MOST)
		asking->questions[asking->count++] =
			(struct question){ kind, verb, name };
}

static bool takes_part(const struct run *run, enum kube_kind kind)
{
	for (size_t i = 0; i < run->consumers->count; i++) {
		const struct consumer *c = &run->consumers->items[i];

		if (c->kube_kind == kind && consumer_takes_part(c))
			return true;
	}
	return false;
}

static void list_questions(const struct run *run, struct asking *asking)
{
	const struct kube_consumers *all = run->consumers;

	ask(asking, KIND_SECRET, "patch", run->options.target.secret);
	if (run->options.no_restart)
		return;
	for (size_t i = 0; i < all->count; i++)
		if (consumer_takes_part(&all->items[i]))
			ask(asking, all->items[i].kube_kind, "patch",
			    all->items[i].name);
	if (run->options.no_wait)
		return;
	for (size_t i = 0; i < all->source_count; i++)
		if (takes_part(run, all->sources[i].kind))
			ask(asking, all->sources[i].kind, "watch",
			    all->sources[i].name);
}

static KR_FALLIBLE write_requests(const struct run *run, struct asking *asking)
{
	for (size_t i = 0; i < asking->count; i++) {
		const struct question *q = &asking->questions[i];
		const struct kube_kind_info *kind = kube_kind_info(q->kind);
		const struct permission asked = {
			.verb = q->verb,
			.group = kind->group,
			.resource = kind->plural,
			.subresource = "",
		};

		asking->bodies[i] = permission_review(
			&asked, run->options.target.ns, q->name);
		if (!asking->bodies[i])
			return err_no_memory();
		asking->requests[i] = (struct kube_request){
			.method = "POST",
			.path = PERMISSION_REVIEWS,
			.what = "access review",
			.body = asking->bodies[i],
		};
	}
	return NULL;
}

static void release(struct asking *asking)
{
	for (size_t i = 0; i < asking->count; i++) {
		kube_request_release(&asking->requests[i]);
		free(asking->bodies[i]);
	}
}

static KR_FALLIBLE judge(const struct run *run, const struct asking *asking)
{
	kr_cleanup(buf_release) struct buf denied = BUF_INIT(16 * 1024);
	const char *context = kube_access_of(run->options.kube)->context;

	for (size_t i = 0; i < asking->count; i++) {
		const struct question *q = &asking->questions[i];
		const struct kube_request *r = &asking->requests[i];

		if (r->outcome != KUBE_DONE ||
		    json_bool(r->object, "status.allowed", true))
			continue;
		buf_printf(&denied, "%s%s %s%s%s", denied.len ? ", " : "",
			   q->verb, kube_kind_info(q->kind)->plural,
			   q->name ? " " : "", q->name ? q->name : "");
	}
	if (!denied.len)
		return NULL;
	return err_hint(
		err_new(KR_EFORBIDDEN,
			"namespace %s does not allow what is to come, and nothing was changed in it: %s",
			run->options.target.ns, buf_str(&denied)),
		"kubectl keyrot doctor --context %s -n %s", context,
		run->options.target.ns);
}

KR_FALLIBLE rights_check(struct run *run)
{
	struct asking asking = { .count = 0 };
	struct err *err;

	list_questions(run, &asking);
	err = write_requests(run, &asking);
	if (!err)
		err = kube_batch(run->options.kube, asking.requests,
				 asking.count);
	if (!err)
		err = judge(run, &asking);
	release(&asking);
	return err;
}
