/* What people should know about the consumers, one sentence each. */
#include <string.h>

#include "base/buf.h"
#include "kube/consumers.h"

/* Names that one sentence lists before it only counts. */
#define NAMES_MAX 5

struct telling {
	const struct kube_consumers *c;
	kube_on_note *on_note;
	void *user;
};

static void tell(const struct telling *t, struct buf *sentence)
{
	if (!sentence->failed)
		t->on_note(t->user, buf_str(sentence));
	buf_release(sentence);
}

/* The number behind a StatefulSet pod's last dash, -1 where there is none. */
static long ordinal_of(const char *pod)
{
	const char *dash = strrchr(pod, '-');
	char *end;
	long n;

	if (!dash || !dash[1])
		return -1;
	n = strtol(dash + 1, &end, 10);
	return *end ? -1 : n;
}

/* Appends ": a, b and 3 more" for the consumer's pods below the limit. */
static void add_pods(struct buf *text, const struct kube_consumers *c,
		     size_t index, long below)
{
	size_t n = 0;

	for (size_t i = 0; i < c->pods.count; i++) {
		const struct kube_pod *pod = &c->pods.items[i];

		if (pod->consumer != index ||
		    (below >= 0 && ordinal_of(pod->name) >= below))
			continue;
		if (n < NAMES_MAX)
			buf_printf(text, "%s%s", n ? ", " : ": ", pod->name);
		n++;
	}
	if (n > NAMES_MAX)
		buf_printf(text, " and %zu more", n - NAMES_MAX);
}

static void tell_restarted(const struct telling *t, size_t index)
{
	const struct consumer *item = &t->c->items[index];
	const struct consumer_state *s = &item->state;
	struct buf text = BUF_INIT(4096);

	if (s->strategy == STRATEGY_ON_DELETE) {
		buf_printf(
			&text,
			"%s %s restarts its pods only when they are deleted (updateStrategy OnDelete): until then they keep the old key, and it is not done (OldPods)",
			item->kind, item->name);
		add_pods(&text, t->c, index, -1);
	} else if (item->kube_kind == KIND_STATEFULSET && s->partition > 0) {
		buf_printf(
			&text,
			"StatefulSet %s keeps its pods below number %d as they are (partition): they keep the old key, and it is not done (OldPods)",
			item->name, s->partition);
		add_pods(&text, t->c, index, s->partition);
	} else if (s->desired == 0) {
		buf_printf(&text, "%s %s has no pods to restart", item->kind,
			   item->name);
	} else if (s->strategy == STRATEGY_RECREATE) {
		buf_printf(
			&text,
			"%s %s stops all its pods before it starts new ones (strategy Recreate)",
			item->kind, item->name);
	}
	if (text.len)
		tell(t, &text);
	text = BUF_INIT(4096);
	if (item->autoscaler) {
		buf_printf(
			&text,
			"HorizontalPodAutoscaler %s may change the number of pods of %s %s meanwhile",
			item->autoscaler, item->kind, item->name);
		tell(t, &text);
	}
}

static void tell_left(const struct telling *t, size_t index)
{
	const struct consumer *item = &t->c->items[index];
	struct buf text = BUF_INIT(4096);

	if (item->kube_kind == KIND_POD) {
		buf_printf(
			&text,
			"pod %s has no owner that would restart it: it keeps the old key until it is made anew",
			item->name);
	} else if (item->kube_kind == KIND_JOB) {
		buf_printf(
			&text,
			"Job %s runs: its pods keep the old key until they end",
			item->name);
	} else {
		buf_printf(
			&text,
			"%s %s uses the Secret and is not restarted by this program: its pods keep the old key",
			item->kind, item->name);
		add_pods(&text, t->c, index, -1);
	}
	tell(t, &text);
}

void kube_consumers_notes(const struct kube_consumers *c, kube_on_note *on_note,
			  void *user)
{
	struct telling t = { c, on_note, user };

	for (size_t i = 0; i < c->count; i++) {
		const struct consumer *item = &c->items[i];
		struct buf text = BUF_INIT(4096);

		if (!item->use.entry_how && !item->named) {
			buf_printf(
				&text,
				"%s %s uses other entries of Secret %s only: it is left alone",
				item->kind, item->name, c->secret);
			tell(&t, &text);
		} else if (item->left_out) {
			buf_printf(
				&text,
				"%s %s uses the Secret too and was not named: its pods stay on the key they started with",
				item->kind, item->name);
			tell(&t, &text);
		} else if (item->role == CONSUMER_RESTARTED) {
			tell_restarted(&t, i);
		} else if (item->role == CONSUMER_LEFT) {
			tell_left(&t, i);
		} else {
			buf_printf(
				&text,
				"CronJob %s uses the new key at its next start%s",
				item->name,
				item->suspended ? " (it is suspended now)"
						: "");
			tell(&t, &text);
		}
	}
}
