/*
 * The mixed-key window: while pods on the old key run beside pods on the new
 * one, neither can read what the other writes.
 */
#include "base/clock.h"
#include "kube/rollout_internal.h"

struct sides {
	int old, new;
	int64_t first_new_ms; /* wall time of the server, 0: not known */
};

static struct sides count_sides(const struct rollout *r)
{
	struct sides s = { 0 };

	for (size_t i = 0; i < r->c->pods.count; i++) {
		const struct kube_pod *pod = &r->c->pods.items[i];

		if (pod->consumer >= r->count ||
		    !r->follows[pod->consumer].followed || !pod->started)
			continue;
		if (!rollout_pod_is_new(r, pod)) {
			s.old++;
			continue;
		}
		s.new ++;
		if (pod->started_ms &&
		    (!s.first_new_ms || pod->started_ms < s.first_new_ms))
			s.first_new_ms = pod->started_ms;
	}
	return s;
}

/* Found mixed by the first look: the pods tell since when. */
static int64_t began_before(const struct rollout *r, const struct sides *s,
			    int64_t now)
{
	int64_t ms;

	if (!s->first_new_ms)
		return now;
	ms = clock_wall_ms() + kube_clock_skew_ms(r->kube) - s->first_new_ms;
	return ms > 0 ? now - ms : now;
}

void rollout_mixed_look(struct rollout *r)
{
	struct sides s = count_sides(r);
	int64_t now = clock_boot_ms();

	if (s.old && s.new) {
		if (!r->mixed_since_ms)
			r->mixed_since_ms =
				r->looked ? now : began_before(r, &s, now);
		if (s.old > r->mixed.pods)
			r->mixed.pods = s.old;
	}
	/* A crash of all new pods does not end it: some may have written. */
	r->mixed.open = s.old > 0;
	if (r->mixed_since_ms && (r->mixed.open || !r->mixed_over)) {
		r->mixed.ms = now - r->mixed_since_ms;
		r->mixed_over = !r->mixed.open;
	}
	r->looked = true;
}

struct rollout_mixed rollout_mixed(const struct rollout *r)
{
	struct rollout_mixed mixed = r->mixed;

	mixed.open = mixed.open || !r->looked;
	return mixed;
}
