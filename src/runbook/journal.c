#include "runbook/journal.h"

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
#define MAX_BYTES     (16u * 1024 * 1024)
#define MAX_DETAIL    200
#define SUFFIX	      ".jsonl"

static const char *const events[] = {
	[JOURNAL_BEGUN] = "begun",	 [JOURNAL_INTENT] = "intent",
	[JOURNAL_DONE] = "done",	 [JOURNAL_FAILED] = "failed",
	[JOURNAL_ENDED] = "ended",	 [JOURNAL_TAKEOVER] = "takeover",
	[JOURNAL_BASELINE] = "baseline",
};

struct journal {
	struct appendlog *log;
	struct cJSON *lines; /* array of what the file holds */
	char *path;
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

/* A line that is none (a foreign hand) is passed over: it remembers nothing. */
static void parse_lines(struct journal *journal, const char *at)
{
	while (*at) {
		size_t n = strcspn(at, "\n");
		struct cJSON *line = NULL;
		struct err *bad = json_parse(at, n, &line);

		if (!bad && json_is_object(line))
			json_append(journal->lines, line);
		else
			json_free(line);
		err_free(bad);
		at += n + (at[n] == '\n');
	}
}

static KR_FALLIBLE read_lines(struct journal *journal)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_BYTES);
	struct err *err = appendlog_read(journal->log, &text);

	if (!err)
		parse_lines(journal, buf_str(&text));
	return err;
}

KR_FALLIBLE journal_open(const char *service, const char *rotation,
			 struct journal **out)
{
	kr_cleanup(journal_closep) struct journal *journal =
		calloc(1, sizeof(*journal));
	kr_cleanup(str_freep) char *folder = NULL;
	struct err *err = journal_folder(service, &folder);

	if (err)
		return err;
	if (!journal ||
	    asprintf(&journal->path, "%s/%s" SUFFIX, folder, rotation) < 0)
		return err_no_memory();
	journal->lines = json_array();
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

KR_FALLIBLE journal_add(struct journal *journal,
			const struct journal_line *line)
{
	kr_cleanup(str_freep) char *text = NULL;
	kr_cleanup(str_freep) char *detail = NULL;
	struct cJSON *object = json_object();
	char now[CLOCK_RFC3339_LEN];
	struct err *err;

	clock_rfc3339(clock_wall_ms(), now);
	json_set_str(object, "event", events[line->event]);
	json_set_str(object, "time", now);
	if (line->step)
		json_set_str(object, "step", line->step);
	if (line->environment)
		json_set_str(object, "environment", line->environment);
	if (line->context)
		json_set_str(object, "context", line->context);
	if (line->detail) {
		detail = text_clean(line->detail, strlen(line->detail),
				    MAX_DETAIL);
		json_set_str(object, "detail", detail);
	}
	err = json_print(object, &text);
	json_append(journal->lines, object);
	if (!err)
		err = appendlog_add(journal->log, text, strlen(text));
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

bool journal_is_done(const struct journal *journal, const char *step,
		     const char *environment, const char *context)
{
	return find(journal, JOURNAL_DONE, step, environment, context);
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

static bool has_begun(const struct journal *journal)
{
	return find(journal, JOURNAL_BEGUN, NULL, NULL, NULL);
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

enum wanted { WANT_OPEN, WANT_LAST, WANT_UNDO };

static bool is_wanted(const struct journal *journal, enum wanted wanted,
		      const char *undone)
{
	const char *undoes = journal_undone(journal);

	if (!has_begun(journal))
		return false;
	if (wanted == WANT_LAST)
		return !undoes;
	if (journal_outcome(journal))
		return false;
	return wanted == WANT_OPEN || (undoes && strcmp(undoes, undone) == 0);
}

/* A file's name is an id and ".jsonl"; false for any other. */
static bool id_of(const char *name, char out[ROTATION_LEN])
{
	(void)snprintf(out, ROTATION_LEN, "%.*s", ROTATION_LEN - 1, name);
	return rotation_is_valid(out) &&
	       strcmp(name + ROTATION_LEN - 1, SUFFIX) == 0;
}

/*
 * Read without a lock, and without a change: opening for writing would. What
 * another process is writing has begun and not ended: it is open.
 */
static KR_FALLIBLE peek(const char *path, struct journal **out)
{
	kr_cleanup(journal_closep) struct journal *journal =
		calloc(1, sizeof(*journal));
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_BYTES);
	struct err *err;

	if (!journal)
		return err_no_memory();
	journal->lines = json_array();
	err = file_read(path, &text);
	if (err)
		return err_wrap(err, "journal");
	parse_lines(journal, buf_str(&text));
	*out = take_ptr(&journal);
	return NULL;
}

KR_FALLIBLE journal_look(const char *service, const char *rotation,
			 bool *out_known, char **out_undone, char **out_to)
{
	kr_cleanup(journal_closep) struct journal *journal = NULL;
	kr_cleanup(str_freep) char *folder = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err = journal_folder(service, &folder);

	if (err)
		return err;
	if (asprintf(&path, "%s/%s" SUFFIX, folder, rotation) < 0)
		return err_no_memory();
	*out_known = false;
	if (!file_exists(path))
		return NULL;
	err = peek(path, &journal);
	if (err)
		return err;
	*out_known = has_begun(journal);
	if (!str_keep(out_undone, journal_undone(journal)) ||
	    !str_keep(out_to, journal_to(journal)))
		return err_no_memory();
	return NULL;
}

static const char *begun_at(const struct journal *journal)
{
	const char *time = json_member_str(
		find(journal, JOURNAL_BEGUN, NULL, NULL, NULL), "time");

	return time ? time : "";
}

/*
 * Whether `journal`, of rotation `id`, began after the best so far. Times of
 * one form and zone sort as text, but in whole seconds: a roll-back comes after
 * what it undoes.
 */
static bool is_later(const struct journal *journal, const char *id,
		     const char *best, const char *best_undone,
		     const char *best_time)
{
	const char *undone = journal_undone(journal);

	if (best && undone && strcmp(undone, best) == 0)
		return true;
	if (best_undone && strcmp(best_undone, id) == 0)
		return false;
	return strcmp(begun_at(journal), best_time) >= 0;
}

static KR_FALLIBLE newest(const char *service, enum wanted wanted,
			  const char *undone, char **out)
{
	kr_cleanup(str_freep) char *folder = NULL;
	kr_cleanup(str_freep) char *best = NULL;
	kr_cleanup(str_freep) char *best_undone = NULL;
	kr_cleanup(file_list_release) struct file_list files = { 0 };
	char best_time[CLOCK_RFC3339_LEN] = "";
	struct err *err = journal_folder(service, &folder);

	if (!err)
		err = file_list_dir(folder, &files);
	for (size_t i = 0; !err && i < files.count; i++) {
		kr_cleanup(str_freep) char *path =
			file_join(folder, files.names[i]);
		kr_cleanup(journal_closep) struct journal *journal = NULL;
		char id[ROTATION_LEN];

		if (!path || !id_of(files.names[i], id))
			continue;
		err = peek(path, &journal);
		if (err || !is_wanted(journal, wanted, undone) ||
		    !is_later(journal, id, best, best_undone, best_time))
			continue;
		(void)snprintf(best_time, sizeof(best_time), "%s",
			       begun_at(journal));
		if (!str_keep(&best, id) ||
		    !str_keep(&best_undone, journal_undone(journal)))
			err = err_no_memory();
	}
	if (!err)
		*out = take_ptr(&best);
	return err;
}

KR_FALLIBLE journal_find_open(const char *service, char **out_rotation)
{
	return newest(service, WANT_OPEN, NULL, out_rotation);
}

KR_FALLIBLE journal_find_last(const char *service, char **out_rotation)
{
	return newest(service, WANT_LAST, NULL, out_rotation);
}

KR_FALLIBLE journal_find_undo(const char *service, const char *undone,
			      char **out_rotation)
{
	return newest(service, WANT_UNDO, undone, out_rotation);
}

KR_FALLIBLE journal_each(const char *service, journal_visit *visit, void *user)
{
	kr_cleanup(str_freep) char *folder = NULL;
	kr_cleanup(file_list_release) struct file_list files = { 0 };
	struct err *err = journal_folder(service, &folder);

	if (!err)
		err = file_list_dir(folder, &files);
	for (size_t i = 0; !err && i < files.count; i++) {
		kr_cleanup(str_freep) char *path =
			file_join(folder, files.names[i]);
		kr_cleanup(journal_closep) struct journal *journal = NULL;
		char id[ROTATION_LEN];

		if (!path || !id_of(files.names[i], id))
			continue;
		err = peek(path, &journal);
		if (!err && has_begun(journal))
			visit(user, id, journal_undone(journal),
			      journal->lines);
	}
	return err;
}
