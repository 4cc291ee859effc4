/* Which of the rotations of a service is the newest. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "runbook/journal.h"
#include "unit.h"

#define FIRST  "kr-20261123-ffffff"
#define SECOND "kr-20261123-000001"
#define THIRD  "kr-20261122-aaaaaa"

static char folder[] = "/tmp/keyrot-journal-XXXXXX";
static int make_folder(void)
{
	return !mkdtemp(folder) || setenv("XDG_STATE_HOME", folder, 1);
}

static int remove_folder(void)
{
	static const char *const ids[] = { FIRST, SECOND, THIRD };
	char path[128];

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		(void)snprintf(path, sizeof(path), "%s/keyrot/s/%s.jsonl",
			       folder, ids[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/keyrot/s", folder);
	(void)rmdir(path);
	(void)snprintf(path, sizeof(path), "%s/keyrot", folder);
	return rmdir(path) || rmdir(folder) || unsetenv("XDG_STATE_HOME");
}

static void note(const char *id, enum journal_event event, const char *detail)
{
	kr_cleanup(journal_closep) struct journal *journal = NULL;

	if (UNIT_OK(journal_open("s", id, &journal)))
		UNIT_OK(journal_add(journal, &(struct journal_line){
						     .event = event,
						     .detail = detail,
					     }));
}

static void last_is(const char *id)
{
	kr_cleanup(str_freep) char *found = NULL;

	UNIT_OK(journal_find_last("s", &found));
	UNIT_STR(found, id);
}

static void open_is(const char *id)
{
	kr_cleanup(str_freep) char *found = NULL;

	UNIT_OK(journal_find_open("s", &found));
	UNIT_STR(found, id);
}

static void newest_began_last(void)
{
	unit_clock_at(1795428000000);
	last_is(NULL);
	note(FIRST, JOURNAL_BEGUN, NULL);
	last_is(FIRST);
	/* Within the same second, and by its name the earlier one. */
	note(SECOND, JOURNAL_BEGUN, NULL);
	last_is(SECOND);
	open_is(SECOND);
	note(SECOND, JOURNAL_ENDED, "done");
	last_is(SECOND);
	open_is(FIRST);
	/* The clock was set back; and a roll-back is no rotation of its own. */
	unit_clock_at(1795428000000 - 24 * 60 * 60 * 1000);
	note(THIRD, JOURNAL_BEGUN, SECOND);
	last_is(SECOND);
	open_is(THIRD);
	/* Begun again: it is the newest. */
	note(FIRST, JOURNAL_BEGUN, NULL);
	last_is(FIRST);
	open_is(FIRST);
	unit_clock_on();
}

static void append(const char *id, const char *text, size_t len)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/keyrot/s/%s.jsonl", folder, id);
	file = fopen(path, "a");
	CU_ASSERT(file && fwrite(text, 1, len, file) == len);
	CU_ASSERT(file && fclose(file) == 0);
}

/* A power cut in the write of the last line. */
static void torn_end(void)
{
	static const char no_end[] =
		"{\"event\":\"ended\",\"detail\":\"done\"}";
	static const char hole[] = "{\"event\":\0\0\0\0,\"detail\":\"done\"}\n";

	note(SECOND, JOURNAL_ENDED, "done");
	note(THIRD, JOURNAL_ENDED, "done");
	note(FIRST, JOURNAL_BEGUN, NULL);
	open_is(FIRST);
	/* Whether it is looked at or opened: it has not ended. */
	append(FIRST, no_end, sizeof(no_end) - 1);
	open_is(FIRST);
	/* What comes after bytes that the disk never got is read. */
	note(FIRST, JOURNAL_BEGUN, NULL);
	append(FIRST, hole, sizeof(hole) - 1);
	open_is(FIRST);
	note(FIRST, JOURNAL_ENDED, "done");
	open_is(NULL);
}

static void look_is(const char *id, bool known, const char *undone)
{
	kr_cleanup(str_freep) char *found_undone = NULL;
	kr_cleanup(str_freep) char *found_to = NULL;
	bool found = !known;

	UNIT_OK(journal_look("s", id, &found, &found_undone, &found_to));
	CU_ASSERT_EQUAL(found, known);
	UNIT_STR(found_undone, undone);
	UNIT_STR(found_to, NULL);
}

static void undo_is(const char *undone, const char *id)
{
	kr_cleanup(str_freep) char *found = NULL;

	UNIT_OK(journal_find_undo("s", undone, &found));
	UNIT_STR(found, id);
}

/* A roll-back is found by what it undoes, until it has ended. */
static void of_a_rollback(void)
{
	look_is("kr-20261123-123456", false, NULL);
	note(SECOND, JOURNAL_BEGUN, NULL);
	look_is(SECOND, true, NULL);
	undo_is(SECOND, NULL);
	note(THIRD, JOURNAL_BEGUN, SECOND);
	look_is(THIRD, true, SECOND);
	undo_is(SECOND, THIRD);
	undo_is(FIRST, NULL);
	note(THIRD, JOURNAL_ENDED, "rolled-back");
	undo_is(SECOND, NULL);
	note(SECOND, JOURNAL_ENDED, "done");
	open_is(NULL);
}

/* Files of other names are none, whatever stands in them. */
static void other_names(void)
{
	static const char *const names[] = { "kr-20261123-ffffff.jsonl.old",
					     "kr-20261123-fffff.jsonl",
					     "xkr-20261123-ffffff.jsonl",
					     "kr-20261123-fffffg.jsonl" };
	char path[160];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		FILE *file;

		(void)snprintf(path, sizeof(path), "%s/keyrot/s/%s", folder,
			       names[i]);
		file = fopen(path, "w");
		CU_ASSERT(file && fputs("{\"event\":\"begun\"}\n", file) >= 0);
		CU_ASSERT(file && fclose(file) == 0);
		open_is(NULL);
		CU_ASSERT_EQUAL(unlink(path), 0);
	}
}

static void at_work(void)
{
	kr_cleanup(journal_closep) struct journal *journal = NULL;
	bool is = true;

	UNIT_OK(journal_is_at_work("s", FIRST, &is));
	CU_ASSERT_FALSE(is);
	UNIT_OK(journal_open("s", FIRST, &journal));
	UNIT_OK(journal_is_at_work("s", FIRST, &is));
	CU_ASSERT_TRUE(is);
	UNIT_OK(journal_is_at_work("s", "kr-20261123-123456", &is));
	CU_ASSERT_FALSE(is);
}

const struct unit_suite unit_journal = {
	.init = make_folder,
	.clean = remove_folder,
	.tests = { { "newest_began_last", newest_began_last },
		   { "torn_end", torn_end },
		   { "of_a_rollback", of_a_rollback },
		   { "other_names", other_names },
		   { "at_work", at_work },
		   { NULL, NULL } },
};
