#include "runbook/journal_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/appendlog.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "runbook/rotation.h"

#define RESERVE_BYTES (256u * 1024)
#define MAX_DETAIL    200

static const char *const events[] = {
	[JOURNAL_BEGUN] = "begun",	 [JOURNAL_INTENT] = "intent",
	[JOURNAL_DONE] = "done",	 [JOURNAL_FAILED] = "failed",
	[JOURNAL_ENDED] = "ended",	 [JOURNAL_TAKEOVER] = "takeover",
	[JOURNAL_BASELINE] = "baseline", [JOURNAL_OVERRIDE] = "override",
	[JOURNAL_APPROVED] = "approved",
};

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	appendlog_close(journal->log);
	json_free(journal->lines);
	free(journal->path);
	free(journal);
}

KR_FALLIBLE journal_folder(const char *service, char **out)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char *path = NULL;
	int n;

	if (state && *state == '/')
		n = asprintf(&path, "%s/keyrot/%s", state, service);
	else if (home && *home)
		n = asprintf(&path, "%s/.local/state/keyrot/%s", home, service);
	else
		return err_hint(
			err_new(KR_ECONFIG,
				"no folder for the journal: neither XDG_STATE_HOME nor HOME is set"),
			"set XDG_STATE_HOME to a folder of yours");
	if (n < 0)
		return err_no_memory();
	*out = path;
	return NULL;
}

KR_FALLIBLE journal_beside(const char *service, const char *rotation,
			   const char *suffix, char **out)
{
	kr_cleanup(str_freep) char *folder = NULL;
	struct err *err = journal_folder(service, &folder);

	if (err)
		return err;
	return asprintf(out, "%s/%s%s", folder, rotation, suffix) < 0
		       ? err_no_memory()
		       : NULL;
}

void journal_parse(struct journal *journal, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		struct cJSON *line = NULL;
		struct err *bad;

		/* Opening it for writing would cut that off. */
		if (!stop)
			return;
		bad = json_parse(text, (size_t)(stop - text), &line);
		if (!bad && json_is_object(line))
			json_append(journal->lines, line);
		else
			json_free(line);
		err_free(bad);
		text = stop + 1;
	}
}

static KR_FALLIBLE read_lines(struct journal *journal)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(JOURNAL_MAX_BYTES);
	struct err *err = appendlog_read(journal->log, &text);

	if (!err)
		journal_parse(journal, buf_str(&text), text.len);
	return err;
}

KR_FALLIBLE journal_open(const char *service, const char *rotation,
			 struct journal **out)
{
	kr_cleanup(journal_closep) struct journal *journal =
		calloc(1, sizeof(*journal));
	kr_cleanup(str_freep) char *folder = NULL;
	struct err *err;

	if (!journal)
		return err_no_memory();
	journal->lines = json_array();
	err = journal_folder(service, &folder);
	if (!err)
		err = journal_beside(service, rotation, JOURNAL_SUFFIX,
				     &journal->path);
	if (err)
		return err;
	err = file_make_dirs(folder);
	if (!err)
		err = appendlog_open(journal->path, RESERVE_BYTES, NULL,
				     &journal->log);
	if (!err)
		err = read_lines(journal);
	if (err)
		return err_wrap(err, "journal");
	*out = take_ptr(&journal);
	return NULL;
}

static KR_FALLIBLE number_it(const struct journal *journal, struct cJSON *begun)
{
	kr_cleanup(str_freep) char *folder = file_dirname(journal->path);
	long long number = 0;
	struct err *err =
		folder ? journal_next_number(folder, &number) : err_no_memory();

	if (!err)
		json_set_int(begun, "number", number);
	return err;
}

static KR_FALLIBLE make_line(const struct journal *journal,
			     const struct journal_line *line,
			     struct cJSON *object)
{
	kr_cleanup(str_freep) char *detail = NULL;
	char now[CLOCK_RFC3339_LEN];
	struct err *err = NULL;

	if (line->event == JOURNAL_BEGUN)
		err = number_it(journal, object);
	if (err)
		return err;
	clock_rfc3339(clock_wall_ms(), now);
	json_set_str(object, "event", events[line->event]);
	json_set_str(object, "time", now);
	if (line->step)
		json_set_str(object, "step", line->step);
	if (line->environment)
		json_set_str(object, "environment", line->environment);
	if (line->context)
		json_set_str(object, "context", line->context);
	if (!line->detail)
		return NULL;
	detail = text_clean(line->detail, strlen(line->detail), MAX_DETAIL);
	if (!detail)
		return err_no_memory();
	json_set_str(object, "detail", detail);
	return NULL;
}

/* A file that lacks a line in its middle would say what did not happen. */
static KR_FALLIBLE add_text(struct journal *journal, const char *text)
{
	if (journal->gap)
		return err_new(KR_EUNEXPECTED,
			       "%s takes no more lines: one is missing",
			       journal->path);
	return appendlog_add(journal->log, text, strlen(text));
}

KR_FALLIBLE journal_add(struct journal *journal,
			const struct journal_line *line)
{
	kr_cleanup(str_freep) char *text = NULL;
	struct cJSON *object = json_object();
	struct err *err = make_line(journal, line, object);

	if (!err)
		err = json_print(object, &text);
	if (!err)
		err = add_text(journal, text);
	if (err) {
		journal->gap = true;
		json_free(object);
	} else {
		json_append(journal->lines, object);
	}
	return err_wrap(err, "journal");
}

static bool field_is(const struct cJSON *line, const char *name,
		     const char *value)
{
	const char *text = json_member_str(line, name);

	return value ? text && strcmp(text, value) == 0 : !text;
}

static const struct cJSON *find(const struct journal *journal,
				enum journal_event event, const char *step,
				const char *environment, const char *context)
{
	const struct cJSON *line, *last = NULL;

	for (line = json_first(journal->lines); line; line = json_next(line)) {
		if (field_is(line, "event", events[event]) &&
		    field_is(line, "step", step) &&
		    field_is(line, "environment", environment) &&
		    field_is(line, "context", context))
			last = line;
	}
	return last;
}

bool journal_has(const struct journal *journal, enum journal_event event,
		 const char *step, const char *environment, const char *context)
{
	return find(journal, event, step, environment, context);
}

bool journal_is_done(const struct journal *journal, const char *step,
		     const char *environment, const char *context)
{
	return journal_has(journal, JOURNAL_DONE, step, environment, context);
}

const char *journal_detail(const struct journal *journal,
			   enum journal_event event, const char *step,
			   const char *environment, const char *context)
{
	return json_member_str(find(journal, event, step, environment, context),
			       "detail");
}

const char *journal_outcome(const struct journal *journal)
{
	const struct cJSON *line, *last = NULL;

	/* A rotation that was resumed after its end has begun again. */
	for (line = json_first(journal->lines); line; line = json_next(line)) {
		if (field_is(line, "event", events[JOURNAL_ENDED]))
			last = line;
		else if (field_is(line, "event", events[JOURNAL_BEGUN]))
			last = NULL;
	}
	return last ? json_member_str(last, "detail") : NULL;
}

const char *journal_path(const struct journal *journal)
{
	return journal->path;
}

long long journal_number(const struct journal *journal)
{
	return json_int(find(journal, JOURNAL_BEGUN, NULL, NULL, NULL),
			"number", 0);
}

const char *journal_undone(const struct journal *journal)
{
	const char *detail =
		journal_detail(journal, JOURNAL_BEGUN, NULL, NULL, NULL);

	return detail && !text_starts_with(detail, JOURNAL_TO) ? detail : NULL;
}

const char *journal_to(const struct journal *journal)
{
	const char *detail =
		journal_detail(journal, JOURNAL_BEGUN, NULL, NULL, NULL);

	return detail && text_starts_with(detail, JOURNAL_TO)
		       ? detail + strlen(JOURNAL_TO)
		       : NULL;
}
