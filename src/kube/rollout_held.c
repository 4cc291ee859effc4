/* Pods that stay on the old template until a person moves them. */
#include <stdio.h>

#include "base/str.h"
#include "kube/rollout_internal.h"

/* As many as a command can name. */
#define NAMES_MAX 10

/* Appends the consumer's old pods, `between` them; returns their number. */
static size_t add_names(const struct rollout *r, size_t index,
			const char *between, struct buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < r->c->pods.count; i++) {
		const struct kube_pod *pod = &r->c->pods.items[i];

		if (pod->consumer != index || pod->finished ||
		    rollout_pod_is_new(r, pod))
			continue;
		if (n < NAMES_MAX)
			buf_printf(text, "%s%s", n ? between : "", pod->name);
		n++;
	}
	return n;
}

/* What moves them: to be typed, and then the run once more. */
static void add_command(const struct rollout *r, size_t index, struct buf *text)
{
	const struct consumer *item = &r->c->items[index];
	const char *context = kube_access_of(r->kube)->context;

	buf_puts(text, "kubectl ");
	if (item->state.strategy == STRATEGY_ON_DELETE)
		buf_puts(text, "delete pod");
	else
		buf_printf(text, "patch statefulset %s", item->name);
	if (*context)
		buf_printf(text, " --context %s", context);
	buf_printf(text, " -n %s ", r->c->ns);
	if (item->state.strategy == STRATEGY_ON_DELETE)
		(void)add_names(r, index, " ", text);
	else
		buf_puts(
			text,
			"-p '{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}}'");
}

struct err *rollout_held(const struct rollout *r, size_t index)
{
	const struct consumer *item = &r->c->items[index];
	struct buf names = BUF_INIT(4096), command = BUF_INIT(8192);
	size_t n = add_names(r, index, ", ", &names);
	char why[64] = "updateStrategy OnDelete";
	struct err *err;

	if (item->state.strategy != STRATEGY_ON_DELETE)
		(void)snprintf(why, sizeof(why), "partition %d",
			       item->state.partition);
	add_command(r, index, &command);
	err = err_new(
		KR_EROLLOUT,
		"%s %s (%s) is not done: %zu pod%s of the old template stay%s until %s: %s%s",
		item->kind, item->name, why, n, n == 1 ? "" : "s",
		n == 1 ? "s" : "",
		item->state.strategy == STRATEGY_ON_DELETE
			? "somebody deletes them"
			: "the partition is lowered",
		buf_str(&names), n > NAMES_MAX ? " and more" : "");
	err = err_set_reason(err, "OldPods");
	err = err_hint(err, "%s", buf_str(&command));
	buf_release(&names);
	buf_release(&command);
	return err;
}
