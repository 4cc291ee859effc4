#include "report/page.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "report/model.h"

#define MAX_TEXT 2000
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

struct page {
	const struct cJSON *document, *report;
	const struct page_writer *to;
	struct buf *out;
};

enum page_mood page_mood(const char *state)
{
	static const struct {
		const char *state;
		enum page_mood mood;
	} moods[] = {
		{ "done", MOOD_GOOD },	       { "pass", MOOD_GOOD },
		{ "passed", MOOD_GOOD },       { "unchanged", MOOD_GOOD },
		{ "holds", MOOD_GOOD },	       { "closed", MOOD_GOOD },
		{ "ready", MOOD_GOOD },	       { "failed", MOOD_BAD },
		{ "fail", MOOD_BAD },	       { "broken", MOOD_BAD },
		{ "ahead", MOOD_BAD },	       { "differs", MOOD_BAD },
		{ "error", MOOD_BAD },	       { "rolled-back", MOOD_CARE },
		{ "open", MOOD_CARE },	       { "inconclusive", MOOD_CARE },
		{ "not ready", MOOD_CARE },    { "interrupted", MOOD_CARE },
		{ "not-finished", MOOD_CARE }, { "not-checked", MOOD_CARE },
		{ "foreign", MOOD_CARE },
	};

	for (size_t i = 0; i < COUNT(moods); i++) {
		if (str_same(state, moods[i].state))
			return moods[i].mood;
	}
	return MOOD_PLAIN;
}

void page_word(const char *state, char out[PAGE_WORD_LEN])
{
	(void)snprintf(out, PAGE_WORD_LEN, "%s",
		       str_same(state, "open") ? "not finished" : state);
	for (char *c = out; *c; c++) {
		if (*c == '-')
			*c = ' ';
	}
}

void page_escape(struct buf *out, const char *text,
		 void (*put)(struct buf *out, char c))
{
	kr_cleanup(str_freep) char *clean =
		text_clean(text, strlen(text), MAX_TEXT);

	for (const char *c = clean; c && *c; c++)
		put(out, *c);
}

void page_number(const struct cJSON *value, char out[PAGE_NUMBER_LEN])
{
	if (cJSON_IsNumber(value))
		(void)snprintf(out, PAGE_NUMBER_LEN, "%.6g",
			       value->valuedouble);
	else
		(void)snprintf(out, PAGE_NUMBER_LEN, "%s",
			       json_text(value) ? json_text(value) : "none");
}

static const char *field(const struct cJSON *object, const char *name)
{
	return json_member_str(object, name);
}

/* Which of the keys that this is about. */
static struct cell key_cell(const struct page *p, const char *fingerprint)
{
	const char *note = "another key";

	if (str_same(fingerprint, field(p->report, "fingerprint")))
		note = "the new key";
	else if (str_same(fingerprint, field(p->report, "previousFingerprint")))
		note = "the key before";
	return (struct cell){ CELL_KEY, fingerprint, note };
}

static void write_head(struct page *p)
{
	const struct cJSON *r = p->report;
	const char *state = json_str_or(r, "outcome", "not known");
	kr_cleanup(str_freep) char *title = NULL;
	kr_cleanup(str_freep) char *lead = NULL;
	const char *operator_ = field(r, "operator");
	const char *message = field(r, "message");
	const char *ended = field(r, "ended");
	char took[CLOCK_SHORT_LEN] = "";
	struct page_head head = { .state = state };

	if (json_member(r, "seconds") &&
	    !json_is_null(json_member(r, "seconds")))
		clock_short(json_int(r, "seconds", 0) * 1000, took);
	if (asprintf(&title, "Rotation %s of %s",
		     json_str_or(p->document, "rotation", "?"),
		     json_str_or(r, "service", "?")) < 0)
		title = NULL;
	if (asprintf(&lead, "Begun %s%s%s%s%s, by %s.%s%s",
		     json_str_or(r, "began", "at a time not known"),
		     ended ? ", ended " : ", no end on record",
		     ended ? ended : "", ended && *took ? " after " : "",
		     ended ? took : "",
		     operator_ ? operator_ : "somebody not on record",
		     message ? " " : "", message ? message : "") < 0)
		lead = NULL;
	head.title = title ? title : "Rotation";
	head.lead = lead ? lead : "";
	p->to->begin(p->out, &head);
}

static void fact(struct page *p, const struct page_table *table,
		 const char *name, struct cell value)
{
	const struct cell cells[] = { { CELL_HEAD, name, NULL }, value };

	p->to->row(p->out, table, cells);
}

static void write_facts(struct page *p)
{
	static const char *const heads[] = { "", "" };
	static const struct page_table table = { "The rotation in short", heads,
						 2 };
	const struct cJSON *r = p->report;
	const struct cJSON *store = json_member(p->document, "store");
	const struct cJSON *person;
	char took[CLOCK_SHORT_LEN];
	const struct cell seconds = { CELL_TEXT, took, NULL };
	const struct {
		const char *name;
		struct cell value;
	} facts[] = {
		{ "Secret", { CELL_TEXT, field(r, "secret"), NULL } },
		{ "Entry", { CELL_TEXT, field(r, "entry"), NULL } },
		{ "New key", { CELL_KEY, field(r, "fingerprint"), NULL } },
		{ "Key before",
		  { CELL_KEY, field(r, "previousFingerprint"), NULL } },
		{ "Store", { CELL_TEXT, field(store, "type"), NULL } },
		{ "Entry of the new key",
		  { CELL_CODE, field(store, "entry"), NULL } },
		{ "Entry of the key before",
		  { CELL_CODE, field(store, "previousEntry"), NULL } },
		{ "Operator", { CELL_TEXT, field(r, "operator"), NULL } },
		{ "Known from", { CELL_TEXT, field(r, "operatorFrom"), NULL } },
		{ "Begun", { CELL_TIME, field(r, "began"), NULL } },
		{ "Ended", { CELL_TIME, field(r, "ended"), NULL } },
	};

	p->to->section(p->out, "facts", "In short");
	p->to->table(p->out, &table);
	for (size_t i = 0; i < COUNT(facts); i++)
		fact(p, &table, facts[i].name, facts[i].value);
	clock_short(json_int(r, "seconds", 0) * 1000, took);
	if (!json_is_null(json_member(r, "seconds")))
		fact(p, &table, "Took", seconds);
	for (person = json_first(json_member(r, "approvedBy")); person;
	     person = json_next(person))
		fact(p, &table, "Approved by",
		     (struct cell){ CELL_TEXT, json_text(person), NULL });
	if (field(r, "reason"))
		fact(p, &table, "Reason",
		     (struct cell){ CELL_CODE, field(r, "reason"), NULL });
	p->to->table_end(p->out);
	p->to->section_end(p->out);
}

static void write_targets(struct page *p)
{
	static const char *const heads[] = { "Environment", "Context",
					     "Namespace",   "Key",
					     "Pods",	    "As of" };
	static const struct page_table table = {
		"The key of each Secret, as the last run saw it", heads, 6
	};
	const struct cJSON *t = json_first(json_member(p->document, "targets"));

	p->to->table(p->out, &table);
	for (; t; t = json_next(t)) {
		const struct cJSON *c = json_first(json_member(t, "consumers"));
		bool known = str_same(field(t, "from"), "result");
		size_t pods = 0;
		char text[32];

		for (; c; c = json_next(c))
			pods += json_length(json_member(c, "pods"));
		(void)snprintf(text, sizeof(text), "%zu", pods);
		p->to->row(p->out, &table,
			   (struct cell[]){
				   { CELL_HEAD, field(t, "environment"), NULL },
				   { CELL_TEXT, field(t, "context"), NULL },
				   { CELL_TEXT, field(t, "namespace"), NULL },
				   key_cell(p, field(t, "fingerprint")),
				   { CELL_NUMBER, known ? text : NULL, NULL },
				   { CELL_TIME, field(t, "asOf"), NULL } });
	}
	p->to->table_end(p->out);
}

static void write_pods_of(struct page *p, const struct page_table *table,
			  const struct cJSON *target)
{
	const struct cJSON *c = json_first(json_member(target, "consumers"));

	for (; c; c = json_next(c)) {
		kr_cleanup(str_freep) char *workload = NULL;
		const struct cJSON *pod = json_first(json_member(c, "pods"));

		if (asprintf(&workload, "%s %s", json_str_or(c, "kind", "?"),
			     json_str_or(c, "name", "?")) < 0)
			workload = NULL;
		for (; pod; pod = json_next(pod)) {
			const char *ready = json_bool(pod, "ready", false)
						    ? "ready"
						    : "not ready";

			p->to->row(
				p->out, table,
				(struct cell[]){
					{ CELL_HEAD, field(pod, "name"), NULL },
					{ CELL_TEXT, field(target, "context"),
					  NULL },
					{ CELL_TEXT, workload, NULL },
					key_cell(p, field(pod, "fingerprint")),
					{ CELL_STATE, ready, NULL } });
		}
	}
}

static void write_where(struct page *p)
{
	static const char *const heads[] = { "Pod", "Context", "Workload",
					     "Key", "State" };
	static const struct page_table table = {
		"Every pod, and the key that it was started with", heads, 5
	};
	const struct cJSON *list = json_member(p->document, "targets");
	bool any = false;

	p->to->section(p->out, "where", "Which key is where");
	if (json_length(list) == 0) {
		p->to->paragraph(p->out,
				 "No cluster was written, as far as is known.");
		p->to->section_end(p->out);
		return;
	}
	write_targets(p);
	for (const struct cJSON *t = json_first(list); t; t = json_next(t))
		any = any || json_length(json_member(t, "consumers"));
	if (any) {
		p->to->table(p->out, &table);
		for (const struct cJSON *t = json_first(list); t;
		     t = json_next(t))
			write_pods_of(p, &table, t);
		p->to->table_end(p->out);
	}
	p->to->section_end(p->out);
}

static void write_timeline(struct page *p)
{
	static const char *const heads[] = { "Begun",	    "Took",  "What",
					     "Environment", "State", "Why" };
	static const struct page_table table = {
		"Every step that is on record; what was only found done is left out",
		heads, 6
	};
	const char *first = field(p->document, "rotation");
	const struct cJSON *row =
		json_first(json_member(p->report, "timeline"));

	p->to->section(p->out, "timeline", "Timeline");
	p->to->table(p->out, &table);
	for (; row; row = json_next(row)) {
		bool back = !str_same(field(row, "rotation"), first);
		kr_cleanup(str_freep) char *title = NULL;
		const char *place = field(row, "environment");
		char took[CLOCK_SHORT_LEN] = "";

		if (str_same(field(row, "outcome"), "same"))
			continue;
		if (!place)
			place = field(row, "context");
		if (json_int(row, "seconds", 0) > 0)
			clock_short(json_int(row, "seconds", 0) * 1000, took);
		if (asprintf(&title, "%s%s", back ? "Roll-back: " : "",
			     json_str_or(row, "title", "?")) < 0)
			title = NULL;
		p->to->row(p->out, &table,
			   (struct cell[]){
				   { CELL_TIME, field(row, "began"), NULL },
				   { CELL_NUMBER, took, NULL },
				   { CELL_HEAD, title, NULL },
				   { CELL_TEXT, place ? place : "", NULL },
				   { CELL_STATE, field(row, "outcome"), NULL },
				   { CELL_TEXT, json_str_or(row, "detail", ""),
				     NULL } });
	}
	p->to->table_end(p->out);
	p->to->section_end(p->out);
}

static void write_checks(struct page *p)
{
	static const char *const heads[] = { "Check", "Environment", "Kind",
					     "Result", "Why" };
	static const struct page_table table = {
		"Suites and dependent services", heads, 5
	};
	const struct cJSON *c = json_first(json_member(p->report, "checks"));

	if (!c)
		return;
	p->to->section(p->out, "checks", "Validation");
	p->to->table(p->out, &table);
	for (; c; c = json_next(c))
		p->to->row(p->out, &table,
			   (struct cell[]){
				   { CELL_HEAD, field(c, "name"), NULL },
				   { CELL_TEXT, field(c, "environment"), NULL },
				   { CELL_TEXT, field(c, "kind"), NULL },
				   { CELL_STATE, field(c, "outcome"), NULL },
				   { CELL_TEXT, json_str_or(c, "message", ""),
				     NULL } });
	p->to->table_end(p->out);
	p->to->section_end(p->out);
}

static void write_list(struct page *p, const char *id, const char *title,
		       const struct cJSON *list, const char *none,
		       bool commands)
{
	const struct cJSON *item = json_first(list);

	if (!item && !none)
		return;
	p->to->section(p->out, id, title);
	if (!item)
		p->to->paragraph(p->out, none);
	else
		p->to->list(p->out);
	for (; item; item = json_next(item))
		p->to->item(p->out, json_text(item) ? json_text(item) : "",
			    commands);
	if (json_first(list))
		p->to->list_end(p->out);
	p->to->section_end(p->out);
}

void page_write(const struct cJSON *document, const struct page_writer *to,
		struct buf *out)
{
	struct page p = { .document = document,
			  .report = json_member(document, "report"),
			  .to = to,
			  .out = out };
	const struct cJSON *r = p.report;
	const struct page_part part = { r, to, out };

	write_head(&p);
	write_facts(&p);
	write_list(&p, "next", "What to do next", json_member(document, "next"),
		   NULL, true);
	write_where(&p);
	page_soaks(&part);
	write_checks(&p);
	write_timeline(&p);
	write_list(&p, "overrides", "Safety rules set aside",
		   json_member(r, "overrides"), "None is on record.", true);
	write_list(&p, "warnings", "Warnings", json_member(r, "warnings"), NULL,
		   false);
	page_proof(&part);
	write_list(&p, "unknown", "What is not known",
		   json_member(r, "unknown"), "Nothing was missing.", false);
	to->end(out, json_str_or(r, "madeAt", "?"));
}
