/* Finding a journal among those of its service, without opening any. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "runbook/journal_internal.h"
#include "runbook/rotation.h"

/* A file's name is an id and ".jsonl"; false for any other. */
static bool id_of(const char *name, char out[ROTATION_LEN])
{
	(void)snprintf(out, ROTATION_LEN, "%.*s", ROTATION_LEN - 1, name);
	return rotation_is_valid(out) &&
	       strcmp(name + ROTATION_LEN - 1, JOURNAL_SUFFIX) == 0;
}

/*
 * Read without a lock, and without a change: opening for writing would. What
 * another process is writing has begun and not ended: it is open.
 */
static KR_FALLIBLE peek(const char *path, struct journal **out)
{
	kr_cleanup(journal_closep) struct journal *journal =
		calloc(1, sizeof(*journal));
	kr_cleanup(buf_release) struct buf text = BUF_INIT(JOURNAL_MAX_BYTES);
	struct err *err;

	if (!journal)
		return err_no_memory();
	journal->lines = json_array();
	err = file_read(path, &text);
	if (err)
		return err_wrap(err, "journal");
	journal_parse(journal, buf_str(&text), text.len);
	*out = take_ptr(&journal);
	return NULL;
}

/* `journal` has begun; both are borrowed for the call. */
typedef struct err *each_visit(void *user, const char *id,
			       const struct journal *journal);

static KR_FALLIBLE each(const char *folder, each_visit *visit, void *user)
{
	kr_cleanup(file_list_release) struct file_list files = { 0 };
	struct err *err = file_list_dir(folder, &files);

	for (size_t i = 0; !err && i < files.count; i++) {
		kr_cleanup(str_freep) char *path =
			file_join(folder, files.names[i]);
		kr_cleanup(journal_closep) struct journal *journal = NULL;
		char id[ROTATION_LEN];

		if (!path)
			return err_no_memory();
		if (!id_of(files.names[i], id))
			continue;
		err = peek(path, &journal);
		if (!err && journal_number(journal))
			err = visit(user, id, journal);
	}
	return err;
}

static struct err *highest(void *user, const char *id,
			   const struct journal *journal)
{
	long long *number = user;

	(void)id;
	if (journal_number(journal) > *number)
		*number = journal_number(journal);
	return NULL;
}

KR_FALLIBLE journal_next_number(const char *folder, long long *out)
{
	long long number = 0;
	struct err *err = each(folder, highest, &number);

	if (!err)
		*out = number + 1;
	return err;
}

struct newest {
	enum { WANT_OPEN, WANT_LAST, WANT_UNDO } wanted;
	const char *undone; /* WANT_UNDO: by whom it is */
	long long number;
	char *id;
};

static bool is_wanted(const struct newest *newest,
		      const struct journal *journal)
{
	const char *undoes = journal_undone(journal);

	if (newest->wanted == WANT_LAST)
		return !undoes;
	if (journal_outcome(journal))
		return false;
	return newest->wanted == WANT_OPEN ||
	       (undoes && strcmp(undoes, newest->undone) == 0);
}

static struct err *look_at(void *user, const char *id,
			   const struct journal *journal)
{
	struct newest *newest = user;

	if (journal_number(journal) <= newest->number ||
	    !is_wanted(newest, journal))
		return NULL;
	newest->number = journal_number(journal);
	return str_keep(&newest->id, id) ? NULL : err_no_memory();
}

static KR_FALLIBLE find_newest(const char *service, struct newest newest,
			       char **out)
{
	kr_cleanup(str_freep) char *folder = NULL;
	struct err *err = journal_folder(service, &folder);

	if (!err)
		err = each(folder, look_at, &newest);
	if (!err)
		*out = take_ptr(&newest.id);
	free(newest.id);
	return err;
}

KR_FALLIBLE journal_find_open(const char *service, char **out_rotation)
{
	return find_newest(service, (struct newest){ .wanted = WANT_OPEN },
			   out_rotation);
}

KR_FALLIBLE journal_find_last(const char *service, char **out_rotation)
{
	return find_newest(service, (struct newest){ .wanted = WANT_LAST },
			   out_rotation);
}

KR_FALLIBLE journal_find_undo(const char *service, const char *undone,
			      char **out_rotation)
{
	return find_newest(
		service,
		(struct newest){ .wanted = WANT_UNDO, .undone = undone },
		out_rotation);
}

struct each_lines {
	journal_visit *visit;
	void *user;
};

static struct err *give_lines(void *user, const char *id,
			      const struct journal *journal)
{
	const struct each_lines *to = user;

	to->visit(to->user, id, journal_undone(journal), journal->lines);
	return NULL;
}

KR_FALLIBLE journal_each(const char *service, journal_visit *visit, void *user)
{
	kr_cleanup(str_freep) char *folder = NULL;
	struct err *err = journal_folder(service, &folder);

	if (err)
		return err;
	return each(folder, give_lines,
		    &(struct each_lines){ .visit = visit, .user = user });
}

KR_FALLIBLE journal_is_at_work(const char *service, const char *rotation,
			       bool *out)
{
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err =
		journal_beside(service, rotation, JOURNAL_SUFFIX, &path);

	if (!err)
		*out = file_is_locked(path);
	return err;
}

KR_FALLIBLE journal_look(const char *service, const char *rotation,
			 bool *out_known, char **out_undone, char **out_to)
{
	kr_cleanup(journal_closep) struct journal *journal = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err =
		journal_beside(service, rotation, JOURNAL_SUFFIX, &path);

	if (err)
		return err;
	*out_known = false;
	if (!file_exists(path))
		return NULL;
	err = peek(path, &journal);
	if (err)
		return err;
	*out_known = journal_number(journal) > 0;
	if (!str_keep(out_undone, journal_undone(journal)) ||
	    !str_keep(out_to, journal_to(journal)))
		return err_no_memory();
	return NULL;
}
