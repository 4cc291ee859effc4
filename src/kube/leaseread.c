/* What a Lease says to one who only looks. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/annotations.h"
#include "kube/lease.h"
#include "kube/path.h"

void kube_lease_facts_release(struct kube_lease_facts *facts)
{
	free(facts->holder);
	free(facts->rotation);
	free(facts->operator_);
	free(facts->host);
	free(facts->step);
	free(facts->acquired);
	free(facts->renewed);
	free(facts->open);
	free(facts->undone);
	free(facts->to);
	memset(facts, 0, sizeof(*facts));
}

static bool keep_n(char **field, const char *text, size_t n)
{
	*field = strndup(text, n);
	return *field != NULL;
}

/* "ROTATION/OPERATOR@HOST/PID.MACHINE"; an operator may hold '@' and '/'. */
static bool take_holder(struct kube_lease_facts *facts, const char *holder)
{
	const char *operator_ = strchr(holder, '/');
	const char *pid = strrchr(holder, '/');
	const char *host = pid;

	if (!str_keep(&facts->holder, holder))
		return false;
	while (host > operator_ && *host != '@')
		host--;
	if (!operator_ || host <= operator_)
		return true;
	return keep_n(&facts->rotation, holder, (size_t)(operator_ - holder)) &&
	       keep_n(&facts->operator_, operator_ + 1,
		      (size_t)(host - operator_) - 1) &&
	       keep_n(&facts->host, host + 1, (size_t)(pid - host) - 1);
}

/* "ROTATION", "ROTATION of ROTATION", "ROTATION to ENVIRONMENT" */
static bool take_trace(struct kube_lease_facts *facts, const char *trace)
{
	const char *of = strstr(trace, " of ");
	const char *to = strstr(trace, " to ");

	if (to)
		return keep_n(&facts->open, trace, (size_t)(to - trace)) &&
		       str_keep(&facts->to, to + strlen(" to "));
	if (!of)
		return str_keep(&facts->open, trace);
	return keep_n(&facts->open, trace, (size_t)(of - trace)) &&
	       str_keep(&facts->undone, of + strlen(" of "));
}

static KR_FALLIBLE take_all(struct kube_lease_facts *facts, const char *note,
			    const struct cJSON *object)
{
	const struct cJSON *notes = json_at(object, "metadata.annotations");
	const char *holder = json_str_or(object, "spec.holderIdentity", "");
	const char *trace = json_member_str(notes, note);

	if ((*holder && !take_holder(facts, holder)) ||
	    (trace && !take_trace(facts, trace)) ||
	    !str_keep(&facts->step, json_member_str(notes, KUBE_LEASE_STEP)) ||
	    !str_keep(&facts->acquired, json_str(object, "spec.acquireTime")) ||
	    !str_keep(&facts->renewed, json_str(object, "spec.renewTime")))
		return err_no_memory();
	return NULL;
}

/* Somebody else's words, on one line. */
static void add_clean(struct buf *text, const char *before, const char *words)
{
	kr_cleanup(str_freep) char *clean =
		words ? text_clean(words, strlen(words), 128) : NULL;

	if (clean)
		buf_printf(text, "%s%s", before, clean);
}

char *kube_lease_holder_text(const struct kube_lease_facts *facts)
{
	struct buf who = BUF_INIT(2048);

	if (facts->host) {
		add_clean(&who, "", facts->operator_);
		add_clean(&who, " on ", facts->host);
		add_clean(&who, ", rotation ", facts->rotation);
	} else {
		add_clean(&who, "", facts->holder ? facts->holder : "somebody");
	}
	add_clean(&who, ", since ", facts->acquired);
	add_clean(&who, ", at step ", facts->step);
	add_clean(&who, ", alive at ", facts->renewed);
	return buf_take(&who);
}

KR_FALLIBLE kube_lease_held(const char *ns, const char *name,
			    const struct cJSON *object)
{
	kr_cleanup(
		kube_lease_facts_release) struct kube_lease_facts facts = { 0 };
	kr_cleanup(str_freep) char *who = NULL;
	struct err *err = take_all(&facts, "", object);

	if (err)
		return err;
	who = kube_lease_holder_text(&facts);
	err = err_new(KR_EHELD,
		      "Secret %s/%s is being rotated by %s (Lease %s)", ns,
		      name + strlen("keyrot-"), who ? who : "somebody", name);
	return err_set_reason(err, "Held");
}

static bool is_fresh(const struct kube *kube, const struct cJSON *object)
{
	int64_t duration_ms =
		1000 * json_int(object, "spec.leaseDurationSeconds",
				KUBE_LEASE_DURATION_S);
	int64_t now_ms = clock_wall_ms() + kube_clock_skew_ms(kube);
	int64_t renewed_ms;

	return clock_parse_rfc3339(json_str_or(object, "spec.renewTime", ""),
				   &renewed_ms) &&
	       now_ms - renewed_ms < duration_ms &&
	       renewed_ms - now_ms < duration_ms;
}

KR_FALLIBLE kube_lease_check(const struct kube *kube,
			     const struct kube_target *target,
			     const struct cJSON *object)
{
	const char *holder = json_str_or(object, "spec.holderIdentity", "");
	kr_cleanup(str_freep) char *own = NULL;
	kr_cleanup(str_freep) char *name = NULL;
	struct err *err;

	if (!*holder || !is_fresh(kube, object))
		return NULL;
	err = kube_lease_identity("", "", &own);
	if (err || kube_lease_is_ghost(own, holder))
		return err;
	name = kube_lease_name(target->secret);
	return name ? kube_lease_held(target->ns, name, object)
		    : err_no_memory();
}

KR_FALLIBLE kube_lease_open(const struct kube_target *target,
			    const struct cJSON *object, char **out_rotation)
{
	kr_cleanup(
		kube_lease_facts_release) struct kube_lease_facts facts = { 0 };
	char note[KUBE_NOTE_LEN];
	struct err *err = kube_note_on_secret(NOTE_OPEN, target->entry, note);

	if (!err)
		err = take_all(&facts, note, object);
	/* Who was killed left no trace, and could not give it back. */
	if (!err)
		*out_rotation = facts.open ? take_ptr(&facts.open)
					   : take_ptr(&facts.rotation);
	return err;
}

char *kube_lease_path(const struct kube_target *target)
{
	kr_cleanup(str_freep) char *name = kube_lease_name(target->secret);

	return name ? kube_path(KIND_LEASE, target->ns, name) : NULL;
}

KR_FALLIBLE kube_lease_read(struct kube *kube, const struct kube_target *target,
			    struct kube_lease_facts *out)
{
	kr_cleanup(
		kube_lease_facts_release) struct kube_lease_facts facts = { 0 };
	kr_cleanup(json_freep) struct cJSON *object = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	char note[KUBE_NOTE_LEN];
	struct err *err = kube_note_on_secret(NOTE_OPEN, target->entry, note);

	if (err)
		return err;
	path = kube_lease_path(target);
	if (!path)
		return err_no_memory();
	err = kube_get(kube, path, strrchr(path, '/') + 1, &object);
	if (err_is(err, KR_ENOTFOUND)) {
		err_free(err);
		err = NULL;
	} else if (!err) {
		err = take_all(&facts, note, object);
	}
	if (err)
		return err;
	*out = facts;
	memset(&facts, 0, sizeof(facts));
	return NULL;
}
