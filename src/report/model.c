#include "report/model.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "report/sources.h"
#include "runbook/review.h"

/* The last (or first) record of a run that has the field; NULL. */
static const char *of_records(const struct sources *s, const char *run,
			      const char *step, const char *field, bool first)
{
	const struct cJSON *line = json_first(s->lines);
	const char *found = NULL;

	for (; line && !(first && found); line = json_next(line)) {
		const char *text = json_member_str(line, field);

		if (text && str_same(json_member_str(line, "rotation"), run) &&
		    (!step || str_same(json_member_str(line, "step"), step)))
			found = text;
	}
	return found;
}

/* The last such line since it was gone on with, which begins it again. */
static const char *of_journal(const struct cJSON *run, const char *event,
			      const char *field)
{
	const struct cJSON *line = json_first(json_member(run, "journal"));
	const char *found = NULL;

	for (; line; line = json_next(line)) {
		const char *is = json_member_str(line, "event");

		if (str_same(is, "begun"))
			found = NULL;
		if (str_same(is, event))
			found = json_member_str(line, field);
	}
	return found;
}

static const char *last_outcome(const struct sources *s,
				const struct cJSON *run)
{
	const char *id = json_member_str(run, "rotation");
	const char *ended = of_journal(run, "ended", "detail");
	const char *recorded = of_records(s, id, "end", "outcome", false);

	if (!ended && !recorded)
		recorded = of_records(s, id, "imported", "outcome", false);
	if (ended)
		return ended;
	if (recorded)
		return recorded;
	return json_member(run, "kept")
		       ? json_str(json_member(run, "kept"), "outcome")
		       : "open";
}

static void put_runs(const struct sources *s, struct cJSON *report)
{
	struct cJSON *runs = json_add_array(report, "runs");
	const struct cJSON *run = json_first(s->runs);

	for (; run; run = json_next(run)) {
		struct cJSON *to = json_append_object(runs);
		const char *id = json_member_str(run, "rotation");
		const char *began =
			sources_begun_at(json_member(run, "journal"));
		const char *ended = of_journal(run, "ended", "time");

		if (!began)
			began = of_records(s, id, NULL, "time", true);
		if (!ended && !json_member(run, "journal"))
			ended = of_records(s, id, "end", "time", false);
		json_set_str(to, "rotation", id);
		json_set_str(to, "undoes", json_member_str(run, "undoes"));
		json_set_str(to, "began", began);
		json_set_str(to, "ended", ended);
		json_set_str(to, "outcome", last_outcome(s, run));
		json_set_bool(to, "journal",
			      json_member(run, "journal") != NULL);
		json_set_bool(to, "result", json_member(run, "kept") != NULL);
	}
}

/* "rolled-back" where a roll-back came to its end. */
static const char *outcome_of(const struct cJSON *runs)
{
	const struct cJSON *first = json_first(runs), *run;
	const char *outcome = json_member_str(first, "outcome");

	for (run = json_next(first); run; run = json_next(run)) {
		const char *back = json_member_str(run, "outcome");

		if (str_same(back, "rolled-back") || str_same(back, "done"))
			outcome = "rolled-back";
	}
	return outcome;
}

/* By the journal where it is still known what was read there. */
static const char *failure(const struct sources *s, const char *field)
{
	const struct cJSON *run = json_first(s->runs);
	const char *text = json_str(json_member(run, "kept"), field);

	if (text || strcmp(field, "reason") != 0)
		return text;
	return json_member(run, "journal")
		       ? of_journal(run, "failed", "detail")
		       : of_records(s, s->id, NULL, "reason", false);
}

static void put_seconds(struct cJSON *report)
{
	const char *began = json_member_str(report, "began");
	const char *ended = json_member_str(report, "ended");
	int64_t from, to;

	if (began && ended && clock_parse_rfc3339(began, &from) &&
	    clock_parse_rfc3339(ended, &to))
		json_set_int(report, "seconds", (to - from) / 1000);
	else
		json_set_null(report, "seconds");
}

static void put_head(const struct sources *s, struct cJSON *report)
{
	static const char *const fields[] = { "operator", "operatorFrom",
					      "fingerprint",
					      "previousFingerprint" };
	const struct config *config = s->options->config;
	const struct cJSON *runs = json_member(report, "runs");
	const char *outcome = outcome_of(runs);
	bool failed = !str_same(outcome, "done") && !str_same(outcome, "open");
	char now[CLOCK_RFC3339_LEN];

	clock_rfc3339(clock_wall_ms(), now);
	json_set_str(report, "madeAt", now);
	json_set_str(report, "service", config->service);
	json_set_str(report, "secret", config->secret.name);
	json_set_str(report, "entry", config->secret.key);
	json_set_str(report, "outcome", outcome);
	json_set_str(report, "reason", failed ? failure(s, "reason") : NULL);
	json_set_str(report, "message", failed ? failure(s, "message") : NULL);
	json_set_str(report, "began",
		     json_member_str(json_first(runs), "began"));
	json_set_str(report, "ended",
		     json_member_str(json_first(runs), "ended"));
	put_seconds(report);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		json_set_str(report, fields[i],
			     of_records(s, s->id, NULL, fields[i], true));
}

/* What a ledger cannot say where there is none, the result may. */
static void put_keys(const struct sources *s, struct cJSON *report)
{
	static const char *const keys[] = { "fingerprint",
					    "previousFingerprint" };
	const struct cJSON *target = json_first(json_member(
		json_member(json_first(s->runs), "kept"), "targets"));

	for (size_t i = 0; i < 2; i++) {
		if (!json_member_str(report, keys[i]))
			result_put_str(report, keys[i],
				       json_member_str(target, keys[i]));
	}
}

/* What a run that was gone on with found in place was its own key. */
static const char *entry_before(const struct sources *s, const char *entry)
{
	const struct cJSON *line = json_first(s->lines);

	for (; line; line = json_next(line)) {
		const char *found = json_member_str(line, "previousEntry");

		if (found && !str_same(found, entry) &&
		    str_same(json_member_str(line, "rotation"), s->id))
			return found;
	}
	return NULL;
}

static void put_store(const struct sources *s, struct result *result)
{
	const struct cJSON *kept =
		json_member(json_member(json_first(s->runs), "kept"), "store");
	const char *before = json_member_str(kept, "previousEntry");
	struct result_store store = {
		.type = of_records(s, s->id, NULL, "storeType", false),
		.entry = of_records(s, s->id, NULL, "storeEntry", false),
	};

	if (!store.type)
		store.type = json_member_str(kept, "type");
	if (!store.entry)
		store.entry = json_member_str(kept, "entry");
	store.previous_entry = entry_before(s, store.entry);
	if (!store.previous_entry && !str_same(before, store.entry))
		store.previous_entry = before;
	/* Nothing else is ever written to a cluster. */
	store.proved = store.entry && strcmp(store.type, "none") != 0;
	if (store.type)
		result_set_store(result, &store);
}

/* Adds the word where it is new. */
static void add_once(struct cJSON *list, const char *word)
{
	const struct cJSON *had = json_first(list);

	while (had && !str_same(json_text(had), word))
		had = json_next(had);
	if (word && !had)
		json_append_str(list, word);
}

/* By the ledger, and by the journals for what it does not have yet. */
static void put_overrides(const struct sources *s, struct cJSON *report)
{
	struct cJSON *rules = json_add_array(report, "overrides");
	struct cJSON *people = json_add_array(report, "approvedBy");
	const struct cJSON *line, *item, *run;

	for (line = json_first(s->lines); line; line = json_next(line)) {
		if (!sources_has(s, line))
			continue;
		item = json_first(json_member(line, "overrides"));
		for (; item; item = json_next(item))
			add_once(rules, json_text(item));
		add_once(people, json_member_str(line, "approvedBy"));
	}
	for (run = json_first(s->runs); run; run = json_next(run)) {
		line = json_first(json_member(run, "journal"));
		for (; line; line = json_next(line)) {
			const char *event = json_member_str(line, "event");

			if (str_same(event, "override"))
				add_once(rules, json_member_str(line, "step"));
			if (str_same(event, "approved"))
				add_once(people,
					 json_member_str(line, "detail"));
		}
	}
}

static KR_FALLIBLE put_review(const struct sources *s, struct cJSON *report)
{
	kr_cleanup(str_freep) char *path = NULL;
	bool closed;
	struct cJSON *review;
	struct err *err =
		review_look(s->options->config, s->id, &path, &closed);

	if (err || !path) {
		json_set_null(report, "review");
		return err;
	}
	review = json_add_object(report, "review");
	json_set_str(review, "path", path);
	json_set_bool(review, "closed", closed);
	return NULL;
}

static size_t count_unknown_pods(const struct cJSON *targets)
{
	const struct cJSON *t, *c, *p;
	size_t n = 0;

	for (t = json_first(targets); t; t = json_next(t)) {
		c = json_first(json_member(t, "consumers"));
		for (; c; c = json_next(c)) {
			p = json_first(json_member(c, "pods"));
			for (; p; p = json_next(p))
				n += !json_member_str(p, "fingerprint");
		}
	}
	return n;
}

KR_PRINTF(2, 3)
static void say(struct cJSON *list, const char *format, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) >= 0)
		json_append_str(list, text);
	va_end(ap);
	free(text);
}

/* Sentences: what a reader might look for and not find. */
static void put_unknown(const struct cJSON *document, struct cJSON *report)
{
	struct cJSON *list = json_add_array(report, "unknown");
	const struct cJSON *run = json_first(json_member(report, "runs"));
	const struct cJSON *ledger = json_member(report, "ledger");
	size_t pods = count_unknown_pods(json_member(document, "targets"));

	if (!json_is_object(ledger))
		say(list, "There is no ledger: nothing proves that what is "
			  "told here was not changed since.");
	else if (json_length(json_member(ledger, "records")) == 0)
		say(list, "The ledger has no record of this rotation.");
	else if (json_length(json_member(ledger, "anchors")) == 0)
		say(list,
		    "No anchor of the ledger was found outside of it: that its "
		    "end was cut off, or all of it written anew, would not be "
		    "seen.");
	if (!json_member_str(report, "operator"))
		say(list, "Who rotated is not on record.");
	for (; run; run = json_next(run)) {
		const char *id = json_member_str(run, "rotation");

		if (!json_bool(run, "journal", false))
			say(list,
			    "The journal of %s is not on this machine: single "
			    "steps and their times are not known.",
			    id);
		if (!json_bool(run, "result", false))
			say(list,
			    "What %s ended with is not kept on this machine: "
			    "which key each pod ran is not known.",
			    id);
	}
	if (pods)
		say(list,
		    "Of %zu pod%s it cannot be known which key they were "
		    "started with.",
		    pods, pods == 1 ? "" : "s");
}

static void put_next(const struct sources *s, struct result *result,
		     const struct cJSON *report)
{
	const char *outcome = json_str_or(report, "outcome", "open");
	const struct cJSON *review = json_member(report, "review");
	const char *ledger = json_str(report, "ledger.state");

	if (ledger && strcmp(ledger, "unchanged") != 0)
		result_next(result, "kubectl keyrot ledger verify");
	if (strcmp(outcome, "open") == 0 || strcmp(outcome, "failed") == 0 ||
	    strcmp(outcome, "interrupted") == 0) {
		result_next(result, "kubectl keyrot resume %s", s->id);
		result_next(result, "kubectl keyrot rollback %s", s->id);
	}
	if (json_is_object(review) && !json_bool(review, "closed", false))
		result_next(result, "kubectl keyrot rotate --review-closed %s",
			    s->id);
	result_next(result, "kubectl keyrot status");
}

KR_FALLIBLE report_gather(const struct report_options *options,
			  struct result *result)
{
	struct cJSON *report = json_object();
	struct sources s;
	struct err *broken = NULL;
	struct err *err = sources_read(options, &s);
	const struct cJSON *kept;

	json_set(result->document, "report", report);
	if (err)
		return err;
	kept = json_member(json_first(s.runs), "kept");
	result_set_rotation(result, s.id);
	put_runs(&s, report);
	put_head(&s, report);
	put_keys(&s, report);
	put_store(&s, result);
	put_overrides(&s, report);
	timeline_fill(&s, report);
	soaks_fill(&s, report);
	report_put_copy(report, "checks", json_member(kept, "checks"));
	report_put_copy(report, "warnings", json_member(kept, "warnings"));
	targets_fill(&s, result);
	broken = proof_fill(&s, report);
	err = put_review(&s, report);
	put_unknown(result->document, report);
	put_next(&s, result, report);
	sources_release(&s);
	if (!err)
		return broken;
	err_free(broken);
	return err;
}
