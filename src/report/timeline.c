/* What happened when: each step of the journals, else the ledger's records. */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "report/sources.h"
#include "runbook/rotate.h"

/* Steps that no table of the runbook has. */
static const struct {
	const char *id, *title;
} others[] = {
	{ "start", "On record before production is touched" },
	{ "end", "The end, on record" },
	{ "review", "The review" },
	{ "takeover", "The Lease of somebody who is gone was taken over" },
	{ "imported", "Taken over from a record that was kept before" },
};

static const char *of_table(const struct rotate_step *table, const char *id)
{
	for (; table && table->id; table++) {
		if (strcmp(table->id, id) == 0)
			return table->title;
	}
	return NULL;
}

static const char *title_of(const struct sources *s, bool undoes,
			    const char *id)
{
	const struct runbook *book = s->options->book;
	const struct rotate_step *const tables[] = { undoes ? book->rollback
							    : book->rotate,
						     book->rollback,
						     book->retire };
	const char *title = NULL;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (strcmp(others[i].id, id) == 0)
			return others[i].title;
	}
	for (size_t i = 0; !title && i < sizeof(tables) / sizeof(*tables); i++)
		title = of_table(tables[i], id);
	for (const struct step *row = book->apply; !title && row->id; row++) {
		if (strcmp(row->id, id) == 0)
			title = row->title;
	}
	return title ? title : id;
}

/* A row whose end is still to come. */
static struct cJSON *add_row(struct cJSON *rows, const char *run,
			     const char *step, const char *title,
			     const struct cJSON *line)
{
	struct cJSON *row = json_append_object(rows);

	json_set_str(row, "rotation", run);
	json_set_str(row, "step", step);
	json_set_str(row, "title", title);
	json_set_str(row, "environment", json_member_str(line, "environment"));
	json_set_str(row, "context", json_member_str(line, "context"));
	json_set_str(row, "began", json_member_str(line, "time"));
	json_set_null(row, "ended");
	json_set_null(row, "seconds");
	json_set_str(row, "outcome", "not-finished");
	json_set_str(row, "detail", NULL);
	return row;
}

static void end_row(struct cJSON *row, const struct cJSON *line,
		    const char *outcome)
{
	const char *began = json_member_str(row, "began");
	const char *ended = json_member_str(line, "time");
	int64_t from, to;

	result_put_str(row, "ended", ended);
	result_put_str(row, "outcome", outcome);
	result_put_str(row, "detail", json_member_str(line, "detail"));
	if (began && ended && clock_parse_rfc3339(began, &from) &&
	    clock_parse_rfc3339(ended, &to))
		result_put_int(row, "seconds", (to - from) / 1000);
}

/* Whether the row is about the same step as the line. */
static bool is_of(const struct cJSON *row, const char *run,
		  const struct cJSON *line)
{
	static const char *const same[] = { "step", "environment", "context" };
	bool is = str_same(json_member_str(row, "rotation"), run);

	for (size_t i = 0; is && i < 3; i++)
		is = str_equal(json_member_str(row, same[i]),
			       json_member_str(line, same[i]));
	return is;
}

/* The row that the line ends: the last one that began it. NULL: none did. */
static struct cJSON *open_row(struct cJSON *rows, const char *run,
			      const struct cJSON *line)
{
	struct cJSON *row, *found = NULL;

	cJSON_ArrayForEach (row, rows) {
		if (is_of(row, run, line) && !json_member_str(row, "ended"))
			found = row;
	}
	return found;
}

/* Going on with a rotation goes through its steps again, and finds them done.
 */
static bool was_done(const struct cJSON *rows, const char *run,
		     const struct cJSON *line)
{
	const struct cJSON *row = json_first(rows);

	while (row && !(is_of(row, run, line) &&
			str_same(json_member_str(row, "outcome"), "done")))
		row = json_next(row);
	return row != NULL;
}

/* The ledger may have been named by the one who asks for the report. */
static bool is_empty_gate(const struct sources *s, const struct cJSON *line)
{
	const char *step = json_member_str(line, "step");

	if (str_same(step, "ledger") && s->options->ledger)
		return false;
	return !rotate_is_asked(s->options->config, step,
				json_member_str(line, "environment"));
}

/* What is no step, but happened at a time; NULL: it is a step. */
static const char *point_of(const char *event, bool undoes)
{
	const struct {
		const char *event, *title;
	} points[] = {
		{ "begun",
		  undoes ? "The roll-back begins" : "The rotation begins" },
		{ "ended",
		  undoes ? "The roll-back ends" : "The rotation ends" },
		{ "takeover", "A Lease was taken over" },
		{ "override", "A safety rule was set aside" },
		{ "approved", "Approved by a second person" },
	};

	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
		if (strcmp(points[i].event, event) == 0)
			return points[i].title;
	}
	return NULL;
}

static void add_line(const struct sources *s, const struct cJSON *run,
		     const struct cJSON *line, struct cJSON *rows)
{
	const char *id = json_member_str(run, "rotation");
	const char *event = json_member_str(line, "event");
	const char *step = json_member_str(line, "step");
	bool undoes = json_member_str(run, "undoes") != NULL;
	bool done = str_same(event, "done"), is_end;
	const char *title;
	struct cJSON *row;

	if (!event || strcmp(event, "baseline") == 0)
		return;
	title = point_of(event, undoes);
	if (title) {
		row = add_row(rows, id, event, title, line);
		end_row(row, line, event);
		if (step)
			result_put_str(row, "detail", step);
		return;
	}
	if (!step)
		return;
	/* A soak's clock goes on, whoever waits for it. */
	is_end = strcmp(event, "intent") != 0;
	row = is_end || strcmp(step, "soak") == 0 ? open_row(rows, id, line)
						  : NULL;
	if (done && !is_empty_gate(s, line) && was_done(rows, id, line))
		event = "same";
	else if (done && is_empty_gate(s, line))
		event = "nothing-to-do";
	if (!row)
		row = add_row(rows, id, step, title_of(s, undoes, step), line);
	if (is_end)
		end_row(row, line, event);
}

static void add_record(const struct sources *s, const struct cJSON *line,
		       struct cJSON *rows)
{
	const char *context = json_member_str(line, "context");
	const char *step = json_member_str(line, "step");
	const struct config_environment *env = sources_environment(
		s, context, json_member_str(line, "namespace"));
	struct cJSON *row;

	if (!step)
		return;
	row = add_row(rows, json_member_str(line, "rotation"), step,
		      title_of(s, false, step), line);
	result_put_str(row, "environment", env ? env->name : NULL);
	end_row(row, line, json_member_str(line, "outcome"));
	result_put_str(row, "detail", json_member_str(line, "reason"));
}

/* Before: a's place is before b's. Lines of one run keep their order. */
static bool goes_before(const struct cJSON *a, const struct cJSON *b)
{
	const char *at_a = json_str_or(a, "began", "");
	const char *at_b = json_str_or(b, "began", "");
	int order = strcmp(at_a, at_b);

	/* What undoes a rotation ends before the rotation does. */
	return order < 0 ||
	       (order == 0 && str_same(json_member_str(b, "step"), "ended") &&
		!str_same(json_member_str(a, "step"), "ended"));
}

/* Two lists, each in its order, into one. */
static struct cJSON *merge(struct cJSON *take_a, struct cJSON *take_b)
{
	struct cJSON *out = json_array();
	const struct cJSON *a = json_first(take_a), *b = json_first(take_b);

	while (a || b) {
		bool is_b = !a || (b && goes_before(b, a));
		const struct cJSON **next = is_b ? &b : &a;

		json_append(out, json_copy(*next));
		*next = json_next(*next);
	}
	json_free(take_a);
	json_free(take_b);
	return out;
}

void timeline_fill(const struct sources *sources, struct cJSON *report)
{
	const struct cJSON *run, *line;
	struct cJSON *rows = json_array();
	const char *from = NULL;

	for (run = json_first(sources->runs); run; run = json_next(run)) {
		struct cJSON *own = json_array();

		line = json_first(json_member(run, "journal"));
		for (; line; line = json_next(line)) {
			add_line(sources, run, line, own);
			from = "journal";
		}
		rows = merge(rows, own);
	}
	line = from ? NULL : json_first(sources->lines);
	for (; line; line = json_next(line)) {
		if (!sources_has(sources, line))
			continue;
		add_record(sources, line, rows);
		from = "ledger";
	}
	json_set_str(report, "timelineFrom", from);
	json_set(report, "timeline", rows);
}
