#include "runbook/due.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/secretnote.h"
#include "runbook/status.h"
#include "service/calendar.h"

int64_t due_at_ms(const struct due_rule *rule, int64_t since_ms)
{
	if (rule->max_age_ms)
		return since_ms + rule->max_age_ms;
	return calendar_add_months_ms(since_ms, rule->months);
}

static void set_time(struct cJSON *object, const char *name, int64_t ms)
{
	char text[CLOCK_RFC3339_LEN];

	clock_rfc3339(ms, text);
	result_put_str(object, name, ms ? text : NULL);
}

/* 0 where it is not there. */
static int64_t time_of(const struct cJSON *object, const char *name)
{
	const char *text = json_str(object, name);
	int64_t ms = 0;

	return text && clock_parse_rfc3339(text, &ms) ? ms : 0;
}

static struct cJSON *add_target(const struct result_target *names,
				const char *environment, struct result *result)
{
	struct cJSON *target = result_add_target(result, names);

	json_set_str(target, "environment", environment);
	return target;
}

void due_unasked(const struct result_target *names, const char *environment,
		 struct result *result)
{
	(void)add_target(names, environment, result);
}

static void describe(const struct kube_key_facts *f, struct cJSON *target)
{
	json_set_str(target, "rotation", f->owned ? f->rotation : NULL);
	json_set_str(target, "rotatedAt", f->owned ? f->rotated_at : NULL);
	json_set_str(target, "recordedFingerprint",
		     f->owned ? f->fingerprint : NULL);
	set_time(target, "since", status_key_since_ms(f));
	json_set_str(target, "source", "cluster");
}

KR_FALLIBLE due_read(struct kube *kube, const struct kube_target *target,
		     const char *environment, struct result *result)
{
	const struct kube_access *access = kube_access_of(kube);
	const struct result_target names = {
		.context = access->context,
		.cluster = access->cluster,
		.namespace_ = target->ns,
		.secret = target->secret,
		.entry = target->entry,
	};
	struct kube_key_facts facts = { 0 };
	struct err *err = kube_secret_facts(kube, target, &facts);

	if (err) {
		status_unread(&names, environment, err, result);
		return err;
	}
	describe(&facts, add_target(&names, environment, result));
	kube_key_facts_release(&facts);
	return NULL;
}

/* One line of the ledger, against every target that is not known. */
static bool is_about(const struct cJSON *line, const struct cJSON *target)
{
	const char *context = json_member_str(line, "context");
	const char *ns = json_member_str(line, "namespace");

	if (context && !str_same(context, json_str(target, "context")))
		return false;
	return !ns || !json_str(target, "namespace") ||
	       str_same(ns, json_str(target, "namespace"));
}

static bool wrote_a_key(const struct cJSON *line)
{
	static const char *const steps[] = { "write-secret", "imported",
					     LEDGER_STEP_END };
	const char *outcome = json_member_str(line, "outcome");
	const char *step = json_member_str(line, "step");

	/* What was rolled back wrote a key, too: the one before. */
	if (!step || !outcome ||
	    (strcmp(outcome, "done") != 0 &&
	     strcmp(outcome, "rolled-back") != 0))
		return false;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (strcmp(step, steps[i]) == 0)
			return true;
	return false;
}

static KR_FALLIBLE take_line(void *user, const struct cJSON *line)
{
	struct cJSON *targets = user, *target;

	if (!wrote_a_key(line) || !time_of(line, "time"))
		return NULL;
	cJSON_ArrayForEach (target, targets) {
		if (str_same(json_str(target, "source"), "cluster") ||
		    !is_about(line, target) ||
		    time_of(line, "time") < time_of(target, "since"))
			continue;
		result_put_str(target, "rotation",
			       json_member_str(line, "rotation"));
		set_time(target, "since", time_of(line, "time"));
		result_put_str(target, "source", "ledger");
	}
	return NULL;
}

KR_FALLIBLE due_from_ledger(struct ledger *ledger, struct result *result)
{
	return ledger_each(ledger, take_line,
			   json_member_mut(result->document, "targets"));
}

int64_t due_oldest_ms(const struct result *result)
{
	const struct cJSON *targets = json_member(result->document, "targets");
	int64_t oldest = 0;

	for (const struct cJSON *t = json_first(targets); t; t = json_next(t)) {
		int64_t since = time_of(t, "since");

		if (since && (!oldest || since < oldest))
			oldest = since;
	}
	return oldest;
}

static void judge(const struct due_rule *rule, int64_t now_ms,
		  struct cJSON *target, size_t *overdue, size_t *unknown)
{
	int64_t since = time_of(target, "since");
	int64_t due = since ? due_at_ms(rule, since) : 0;

	set_time(target, "since", since);
	set_time(target, "dueAt", due);
	if (!since) {
		++*unknown;
		json_set_null(target, "ageSeconds");
		json_set_null(target, "overdue");
		return;
	}
	result_put_int(target, "ageSeconds",
		       since < now_ms ? (now_ms - since) / 1000 : 0);
	result_put_bool(target, "overdue", due <= now_ms);
	if (due <= now_ms)
		++*overdue;
}

KR_FALLIBLE due_judge(const struct due_rule *rule, int64_t now_ms,
		      struct result *result)
{
	struct cJSON *targets = json_member_mut(result->document, "targets");
	struct cJSON *target;
	size_t overdue = 0, unknown = 0, n = json_length(targets);
	int64_t oldest = due_oldest_ms(result);

	cJSON_ArrayForEach (target, targets)
		judge(rule, now_ms, target, &overdue, &unknown);
	set_time(result->document, "dueAt",
		 oldest ? due_at_ms(rule, oldest) : 0);
	result_put_bool(result->document, "overdue", overdue > 0);
	if (overdue) {
		result_next(result, "kubectl keyrot doctor");
		result_next(result, "kubectl keyrot rotate");
		return err_set_reason(
			err_new(KR_EGATE,
				"%zu of %zu key%s should have been rotated by now",
				overdue, n, n == 1 ? "" : "s"),
			"KeyOverdue");
	}
	if (!unknown)
		return NULL;
	return err_hint(
		err_set_reason(err_new(KR_EGATE,
				       "the age of %zu of %zu key%s is not "
				       "known, which is no pass",
				       unknown, n, n == 1 ? "" : "s"),
			       "KeyAgeUnknown"),
		"kubectl keyrot status");
}
