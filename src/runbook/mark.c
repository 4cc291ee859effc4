#include "runbook/mark.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "kube/secretnote.h"
#include "kube/secretobj.h"

#define CLOCK_MARGIN_MS (5 * 60 * 1000)
#define MAX_TRIES	3

static KR_FALLIBLE other_key(const struct kube_secret *now,
			     const char *fingerprint)
{
	struct err *err = err_new(
		KR_ECONFLICT,
		"Secret %s/%s holds key %.12s now, and not %.12s that was checked: it is not marked",
		now->ns, now->name,
		kube_secret_has_entry(now) ? now->live_fingerprint : "none",
		fingerprint);

	err = err_set_reason(err, "ObjectModified");
	return err_hint(err, "kubectl keyrot status");
}

/* Fenced: who puts another key there meanwhile gets no mark. */
static KR_FALLIBLE mark_once(struct kube *kube,
			     const struct kube_target *target,
			     enum kube_note note, const char *fingerprint,
			     bool *out_moved)
{
	kr_cleanup(kube_secret_freep) struct kube_secret *now = NULL;
	char time[CLOCK_RFC3339_LEN], value[128];
	struct err *err = kube_secret_get(kube, target, &now);

	*out_moved = false;
	if (err)
		return err;
	if (!kube_secret_has_entry(now) ||
	    strcmp(now->live_fingerprint, fingerprint) != 0)
		return other_key(now, fingerprint);
	clock_rfc3339(clock_wall_ms(), time);
	(void)snprintf(value, sizeof(value), "%s %s", fingerprint, time);
	err = kube_secret_note(kube, target, note, value,
			       now->facts.resource_version);
	*out_moved = err_is(err, KR_ECONFLICT);
	return err;
}

KR_FALLIBLE mark_key(struct kube *kube, const struct kube_target *target,
		     enum kube_note note, const char *fingerprint)
{
	struct err *err = NULL;
	bool moved = true;

	/* Somebody may have written another annotation in between. */
	for (int i = 0; moved && i < MAX_TRIES; i++) {
		err_free(err);
		err = mark_once(kube, target, note, fingerprint, &moved);
	}
	return err;
}

KR_FALLIBLE mark_validated(struct kube *kube, const struct kube_target *target,
			   const char *fingerprint)
{
	return mark_key(kube, target, NOTE_VALIDATED, fingerprint);
}

bool mark_is_proof(const char *validated, const char *fingerprint,
		   int64_t within_ms)
{
	size_t n = strlen(fingerprint);
	int64_t at_ms;

	if (!validated || strncmp(validated, fingerprint, n) != 0 ||
	    validated[n] != ' ' ||
	    !clock_parse_rfc3339(validated + n + 1, &at_ms))
		return false;
	if (at_ms > clock_wall_ms() + CLOCK_MARGIN_MS)
		return false;
	return within_ms < 0 || clock_wall_ms() - at_ms <= within_ms;
}
