/* A cluster that does not answer while a rollout is waited for. */
#include <stdio.h>

#include "base/clock.h"
#include "kube/rollout_internal.h"

/* A stream that has just ended is opened again within this. */
#define BLINK_MS 1000

/* Of the watch that is without an answer for the longest. */
static int64_t lost_for(const struct rollout *r, const char **out_why)
{
	int64_t longest = 0, now = clock_boot_ms();

	*out_why = NULL;
	for (size_t i = 0; i < r->watch_count; i++) {
		const char *why;
		int64_t since = kube_watch_lost_ms(r->watches[i].watch, &why);

		if (since && now - since > longest) {
			longest = now - since;
			*out_why = why;
		}
	}
	if (r->unanswered_ms && now - r->unanswered_ms > longest) {
		longest = now - r->unanswered_ms;
		*out_why = err_message(r->unanswered);
	}
	return longest > BLINK_MS ? longest : 0;
}

struct err *rollout_asked(struct rollout *r, struct err *take_err)
{
	const bool later =
		err_is(take_err, KR_ECLUSTER) || err_is(take_err, KR_ETIMEOUT);

	if (take_err && !later)
		return take_err;
	err_free(r->unanswered);
	r->unanswered = take_err;
	if (!later)
		r->unanswered_ms = 0;
	else if (!r->unanswered_ms)
		r->unanswered_ms = clock_boot_ms();
	return NULL;
}

int64_t rollout_lost_ms(const struct rollout *r)
{
	const char *why;
	int64_t lost = lost_for(r, &why);

	return lost ? clock_wall_ms() - lost : 0;
}

void rollout_tell_silence(struct rollout *r)
{
	const char *why;
	bool silent = lost_for(r, &why) >= ROLLOUT_SILENT_MS;

	if (silent == r->silent)
		return;
	r->silent = silent;
	r->back = !silent;
	for (size_t i = 0; i < r->count; i++) {
		if (r->follows[i].followed && !r->follows[i].failed)
			rollout_tell(r, i, true);
	}
	r->back = false;
}

struct err *rollout_lost(const struct rollout *r, size_t i)
{
	const struct follow *f = &r->follows[i];
	char waited[CLOCK_SHORT_LEN], since[CLOCK_TIME_LEN];
	const char *why;

	if (!lost_for(r, &why))
		return NULL;
	clock_short(r->options.timeout_ms, waited);
	clock_time(rollout_lost_ms(r), since);
	return err_new(
		KR_ECLUSTER,
		"%s %s was not seen to finish in %s: the cluster does not answer since %s%s%s%s, and what is known is as of then: it waited for %s",
		r->c->items[i].kind, r->c->items[i].name, waited, since,
		why ? " (" : "", why ? why : "", why ? ")" : "",
		*f->verdict.waiting_for ? f->verdict.waiting_for
					: "its first answer");
}
